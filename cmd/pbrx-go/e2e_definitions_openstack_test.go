package main

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
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

// buildDockerfiles builds the images that the Dockerfiles of the services begin with, and those of the services.
func (o openstackServices) buildDockerfiles(t *testing.T, host string) {
	t.Helper()
	for _, d := range []dockerfile{
		{file: "openstack-venv-builder/Dockerfile"},
		{file: "openstack-runtime/Dockerfile", args: map[string]string{"ARCHIVE": o.archive}},
		{file: "nova/Dockerfile", args: map[string]string{"PROJECT": "nova"}},
		{file: "keystone/Dockerfile", args: map[string]string{"PROJECT": "keystone"}},
	} {
		d.context, d.name = o.dir, filepath.Dir(d.file)+":pbrx-go"
		d.build(t, host)
	}
}

func TestDefinitionsOpenstack(t *testing.T) {
	host := dockerfileHost(t)
	unnameAfter(t, host, "openstack-")
	o := newOpenstack(t)
	o.buildDockerfiles(t, host)
	for _, service := range []string{"nova", "keystone"} {
		savedImage(t, host, service+":pbrx-go")
	}
}
