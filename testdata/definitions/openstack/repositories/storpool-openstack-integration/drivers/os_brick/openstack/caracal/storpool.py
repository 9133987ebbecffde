"""A connector that os-brick has, too, but not this one."""

from os_brick.initiator.connectors import base

DRIVER_OF = "caracal"


class StorPoolConnector(base.BaseLinuxConnector):
    """Connects nothing."""

    def connect_volume(self, connection_properties):
        return {"type": "block", "path": "/dev/null"}
