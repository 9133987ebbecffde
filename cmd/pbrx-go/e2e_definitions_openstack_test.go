package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest/distrorepo"
)

// openstackServices are definitions of services that extend one file, as Atmosphere's images share their bases.
type openstackServices struct {
	dir string
	// archive is the address of their repository of distro packages.
	archive string
}

// newOpenstack makes what the definitions ask for: git repositories beside them, and servers of packages. What has no
// fixed address is filled in.
func newOpenstack(t *testing.T) openstackServices {
	t.Helper()
	o := openstackServices{dir: definitionCopy(t, "openstack")}
	o.makeRepositories(t)
	o.archive = aptRepository(t, "bookworm-updates/flamingo", filepath.Join(o.dir, "keys/cloud-archive.asc"), distrorepo.Package{
		Name: "python3-rados", Version: "19.2",
		Files: []distrorepo.File{{Path: "/usr/lib/python3/dist-packages/rados.py", Text: "\"\"\"Stands in for the bindings of librados.\"\"\"\n\n__version__ = \"19.2\"\n"}},
	})
	edit(t, filepath.Join(o.dir, "openstack.toml"), "https://cloud-archive.example.org/debian", o.archive)
	o.makePackageFile(t)
	return o
}

// makeRepositories makes git repositories of the folders in repositories, and of two services as they lie on PyPI.
func (o openstackServices) makeRepositories(t *testing.T) {
	t.Helper()
	at := func(name string) string { return filepath.Join(o.dir, "repositories", name) }
	beginRepository(t, at("requirements"), "master", "")
	addBranch(t, at("requirements"), "stable/2025.2", func() {
		edit(t, filepath.Join(at("requirements"), "upper-constraints.txt"), "iso8601===2.1.0", "iso8601===2.0.0")
	})
	beginRepository(t, at("nova-scheduler-filters"), "master", "1.0.0")
	beginRepository(t, at("novnc"), "master", "v1.4.0")
	beginRepository(t, at("storpool-openstack-integration"), "master", "")
	checkoutOf(t, "keystone", "30.0.0", at("keystone"))
	checkoutOf(t, "nova", "34.0.0", at("nova"))
	addBranch(t, at("nova"), "stable/2025.2", func() {
		write(t, filepath.Join(at("nova"), "nova/console/stable.json"), "{}\n")
	})
}

// makePackageFile serves a module for Apache that is in no distribution, and puts it into the folder of the Dockerfiles.
func (o openstackServices) makePackageFile(t *testing.T) {
	t.Helper()
	file := filepath.Join(o.dir, "packages/libapache2-mod-auth-site_1.0_amd64.deb")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	err := distrorepo.Package{Name: "libapache2-mod-auth-site", Version: "1.0", Depends: []string{"apache2-bin"}, Files: []distrorepo.File{
		{Path: "/etc/apache2/mods-available/auth_site.load", Text: "Define AUTH_SITE\n"},
		{Path: "/etc/apache2/mods-available/auth_site.conf", Text: "<IfDefine AUTH_SITE>\n\tServerTokens Prod\n</IfDefine>\n"},
	}}.WriteDeb(file)
	if err != nil {
		t.Fatal(err)
	}
	server := serveFolder(filepath.Dir(file), &requests{})
	t.Cleanup(server.Close)
	sum := sha256.Sum256([]byte(readFile(t, file)))
	definition := filepath.Join(o.dir, "keystone/pbrx-go.toml")
	edit(t, definition, "https://auth-site.example.org", server.URL)
	edit(t, definition, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", hex.EncodeToString(sum[:]))
}

// service is the definition of a service.
func (o openstackServices) service(name string) example {
	return example{dir: o.dir, name: "openstack/" + name, project: name, args: map[string]string{"PROJECT": name}, images: []exampleImage{{name: name}}}
}

// buildBases builds the images that the Dockerfiles of services begin with.
func (o openstackServices) buildBases(t *testing.T, host string) {
	t.Helper()
	for _, name := range []string{"openstack-venv-builder", "openstack-runtime"} {
		d := dockerfile{context: o.dir, file: name + "/Dockerfile", name: name + ":pbrx-go", args: map[string]string{"ARCHIVE": o.archive}}
		d.build(t, host)
		unnameAfter(t, host, name)
	}
}

func TestDefinitionsOpenstack(t *testing.T) {
	host := dockerfileHost(t)
	o := newOpenstack(t)
	nova, keystone := o.service("nova"), o.service("keystone")
	makeAll(t, host, func(t *testing.T) { o.buildBases(t, host) }, &nova, &keystone)
	if left := "constraint Nova_Scheduler.Filters===0.9.0 of "; !strings.Contains(nova.out.stderr, left) {
		t.Errorf("stderr does not say %q:\n%s", left, tail(nova.out.stderr))
	}
	nova.compare(t, host)
	keystone.compare(t, host)
	nova.checkNova(t, `34\.0\.0`, "2.1.0")
	// Without keys it does not start, and they are no part of an image. The server loads the application and ends.
	const keys = "keystone-manage fernet_setup --keystone-user keystone --keystone-group keystone"
	keystone.run(t, scriptRun{args: []string{"keystone", "--exec-pre-app", keys, "--no-server"}, stdout: `(?s).*Created a new temporary key.*`, stderr: `(?s).*\nWSGI app 0 .* ready in .*`})
	t.Run("what they share", func(t *testing.T) { checkShared(t, nova.layout, keystone.layout) })
	t.Run("another release", func(t *testing.T) {
		other := o.service("nova")
		other.flags, other.tag, other.layout = []string{"--release", "2025.2"}, "2025.2", filepath.Join(t.TempDir(), "layout")
		other.build(t)
		other.checkNova(t, `34\.0\.1\.dev1`, "2.0.0")
	})
}

// checkShared looks for the layers of the parent in two services that extend it: the base, and its packages.
func checkShared(t *testing.T, nova, keystone string) {
	t.Helper()
	one, other := readLayout(t, nova).image(t, "nova:latest"), readLayout(t, keystone).image(t, "keystone:latest")
	shared := 0
	for _, layer := range one.layerDigests() {
		if slices.Contains(other.layerDigests(), layer) {
			shared++
		}
	}
	if shared < 2 {
		t.Errorf("nova and keystone have %d layers in common; want those of the base and of their parent's packages\n%q\n%q", shared, contentsOf(one), contentsOf(other))
	}
}

// checkNova starts the image: nova with its patch, the filter and the driver that are in no release of it, and a module of the
// distribution.
func (e *example) checkNova(t *testing.T, version, iso8601 string) {
	t.Helper()
	const program = `import importlib.metadata, libvirt, rados
import nova.conf
from nova_scheduler_filters import failure_domain
from os_brick.initiator.connectors import storpool
print(rados.__version__, storpool.DRIVER_OF, failure_domain.FailureDomainFilter.__name__)
print(nova.conf.CONF.cert, *map(importlib.metadata.version, ["nova", "iso8601"]))
`
	e.run(t, scriptRun{args: e.inTag("nova", "nova-manage", "--version"), stdout: `34\.0\.\d\n`, stderr: `(?s).*`}) // eventlet warns of itself
	e.run(t, scriptRun{args: e.inTag("nova", "python3", "-c", program), stdout: `19\.2 caracal FailureDomainFilter\n/etc/nova/novnc\.pem ` + version + ` ` + iso8601 + `\n`, stderr: `(?s).*`})
}
