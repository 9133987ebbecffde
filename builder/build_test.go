package builder

import (
	"testing"

	"github.com/pbrx-go/pbrx-go/images/naming"
)

func TestCanInstall(t *testing.T) {
	base := naming.Location{Transport: naming.RootFS, Name: "b.tar"}
	const out = ": name another with --base or PBRX_GO_BASE (docker://NAME, oci:DIR[:REF], rootfs:FILE|DIR), or see `pbrx-go doctor`"
	for manager, want := range map[string]string{
		"apt": "",
		"apk": "",
		"dnf": "",
		"":    "reading the base image rootfs:b.tar: it has none of apt, apk, dnf and microdnf to install gcc, tini with" + out,
	} {
		got := ""
		if err := canInstall(base, manager, []string{"gcc", "tini"}); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", manager, got, want)
		}
	}
}
