"""Hosts of one failure domain."""

from nova.scheduler import filters


class FailureDomainFilter(filters.BaseHostFilter):
    """Passes hosts whose name begins with the domain that is asked for."""

    def host_passes(self, host_state, spec_obj):
        domain = spec_obj.get_scheduler_hint("failure_domain")
        return domain is None or host_state.host.startswith(domain + "-")
