package images_test

import (
	"testing"

	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// Where Python distributions go, by the interpreter and what was asked for, and what cannot be.
func TestEnvironments(t *testing.T) {
	debian := images.Python{Executable: "/usr/bin/python3", Prefix: "/usr", ExternallyManaged: true, Ensurepip: true}
	docker := images.Python{Executable: "/usr/local/bin/python3", Prefix: "/usr/local", Ensurepip: true}
	linked := images.Python{Executable: "/usr/local/bin/python3", Prefix: "/usr", Ensurepip: true}
	for name, c := range map[string]struct {
		python images.Python
		asked  images.Environment
		place  string
		err    string
	}{
		"managed":          {python: debian, place: "/opt/foo"},
		"managed, a place": {python: debian, asked: images.Environment{Place: "/var/lib/openstack"}, place: "/var/lib/openstack"},
		"not managed":      {python: docker},
		"a place":          {python: docker, asked: images.Environment{Place: "/srv/x"}, place: "/srv/x"},
		"relative": {python: docker, asked: images.Environment{Place: "srv", PlaceAt: "pbrx-go.toml:2:8"},
			err: `pbrx-go.toml:2:8: venv: "srv" is no place for a virtual environment: write an absolute path without "." and "..", as in "/opt/app"`},
		"root": {python: docker, asked: images.Environment{Place: "/", PlaceAt: "PBRX_GO_VENV"},
			err: `PBRX_GO_VENV: "/" is no place for a virtual environment: write an absolute path without "." and "..", as in "/opt/app"`},
		"system":                  {python: debian, asked: images.Environment{SystemSitePackages: true}, place: "/opt/foo"},
		"system, by another name": {python: linked, asked: images.Environment{Place: "/srv/x", SystemSitePackages: true}, place: "/srv/x"},
		"system, without one": {python: linked, asked: images.Environment{SystemSitePackages: true, SystemAt: "pbrx-go.toml:3:1"},
			err: `pbrx-go.toml:3:1: system-site-packages: it is a property of a virtual environment, and /usr/local/bin/python3 needs none: write venv = "/opt/foo"`},
		"system, not the distribution's": {python: docker, asked: images.Environment{Place: "/srv/x", SystemSitePackages: true, SystemAt: "pbrx-go.toml:3:1"},
			err: `pbrx-go.toml:3:1: system-site-packages: /usr/local/bin/python3 is not the distribution's: apt's python3-* would never be seen; set python = "/usr/bin/python3"`},
		"system, no base": {asked: images.Environment{Place: "/srv/x", SystemSitePackages: true}, place: "/srv/x"},
	} {
		t.Run(name, func(t *testing.T) {
			in := declared(t, scripts)
			in.Base.Python = c.python
			p, err := images.New(in, images.Options{Environment: c.asked})
			switch {
			case c.err != "":
				if err == nil || err.Error() != c.err {
					t.Errorf("the error is %v, want %s", err, c.err)
				}
			case err != nil:
				t.Error(err)
			case p.Environment != c.place || p.SystemSitePackages != c.asked.SystemSitePackages:
				t.Errorf("the environment is %q, with system site packages: %t", p.Environment, p.SystemSitePackages)
			}
		})
	}
}

// An architecture has no variant where a definition speaks of it; machines are called as uname -m does.
func TestArchitectures(t *testing.T) {
	for platform, want := range map[string]string{"linux/amd64": "amd64 x86_64", "linux/arm64": "arm64 aarch64", "linux/arm/v7": "arm armv7l", "linux/386": "386 i686", "linux/s390x": "s390x s390x", "": "amd64 x86_64"} {
		f := images.FactsOf(images.Input{Project: &setupcfg.Project{}, Base: images.Base{Platform: platform}}, images.Options{})
		if got := f.Arch + " " + f.Machine; got != want {
			t.Errorf("%s: %s, want %s", platform, got, want)
		}
	}
}
