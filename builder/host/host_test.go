package host_test

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/tonistiigi/fsutil"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/builder/host"
)

// machine is a root folder with these files.
func machine(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// read reads a machine; ROOT in values of the environment stands for its root.
func read(t *testing.T, root string, env map[string]string) (builder.Host, []string) {
	t.Helper()
	here := map[string]string{}
	for name, value := range env {
		here[name] = strings.ReplaceAll(value, "ROOT", root)
	}
	h, warnings, err := host.Read(here, root)
	if err != nil {
		t.Fatal(err)
	}
	return h, warnings
}

func conf(name string) string { return "[global]\ntimeout = " + name + "\n" }

// The files of pip, the ones that win last, and what the environment makes of them.
func TestPipFiles(t *testing.T) {
	files := map[string]string{
		"etc/xdg/pip/pip.conf": conf("xdg"), "etc/pip.conf": conf("etc"), "home/.pip/pip.conf": conf("legacy"), "home/.config/pip/pip.conf": conf("user"),
		"venv/pip.conf": conf("site"), "named.conf": conf("named"), "xdg1/pip/pip.conf": conf("xdg1"), "xdg2/pip/pip.conf": conf("xdg2"), "confighome/pip/pip.conf": conf("confighome"),
	}
	all := map[string]string{"HOME": "ROOT/home", "VIRTUAL_ENV": "ROOT/venv", "PIP_CONFIG_FILE": "ROOT/named.conf", "PIP_TIMEOUT": "variable"}
	for _, c := range []struct {
		name   string
		remove []string // files
		env    map[string]string
		want   string
	}{
		{"a variable wins", nil, all, "variable"},
		{"an empty variable is none", nil, map[string]string{"HOME": "ROOT/home", "PIP_TIMEOUT": ""}, "user"},
		{"the named file wins over the environment's own", nil, map[string]string{"HOME": "ROOT/home", "VIRTUAL_ENV": "ROOT/venv", "PIP_CONFIG_FILE": "ROOT/named.conf"}, "named"},
		{"the virtual environment over the user", nil, map[string]string{"HOME": "ROOT/home", "VIRTUAL_ENV": "ROOT/venv"}, "site"},
		{"the user's over the legacy one", nil, map[string]string{"HOME": "ROOT/home"}, "user"},
		{"the user's elsewhere", nil, map[string]string{"HOME": "ROOT/home", "XDG_CONFIG_HOME": "ROOT/confighome"}, "confighome"},
		{"the legacy one", []string{"home/.config/pip/pip.conf"}, map[string]string{"HOME": "ROOT/home"}, "legacy"},
		{"a named file that exists puts the user's out of count", []string{"etc/pip.conf", "etc/xdg/pip/pip.conf"}, map[string]string{"HOME": "ROOT/home", "PIP_CONFIG_FILE": "ROOT/home"}, ""},
		{"a named file that does not exist leaves the user's", nil, map[string]string{"HOME": "ROOT/home", "PIP_CONFIG_FILE": "ROOT/nowhere"}, "user"},
		{"the null device puts all files out of count", nil, map[string]string{"HOME": "ROOT/home", "PIP_CONFIG_FILE": "/dev/null"}, ""},
		{"the machine's over XDG's", nil, map[string]string{}, "etc"},
		{"XDG's", []string{"etc/pip.conf"}, map[string]string{}, "xdg"},
		{"the first of XDG's wins", []string{"etc/pip.conf"}, map[string]string{"XDG_CONFIG_DIRS": "ROOT/xdg1:ROOT/xdg2"}, "xdg1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := machine(t, files)
			for _, name := range c.remove {
				if err := os.Remove(filepath.Join(root, name)); err != nil {
					t.Fatal(err)
				}
			}
			h, _ := read(t, root, c.env)
			want := conf(c.want)
			if c.want == "" {
				want = ""
			}
			if got := string(h.Secrets["pip.conf"]); got != want {
				t.Errorf("pip.conf is %q, want %q", got, want)
			}
		})
	}
}

// What means the same inside a build is kept; paths of this machine are not.
func TestPipOptions(t *testing.T) {
	root := machine(t, map[string]string{"etc/pip.conf": `[global]
index-url = https://user:50%@index.example/simple
extra_index_url =
    https://one.example
    https://two.example
trusted-host = index.example
cache-dir = /home/me/cache
prefix = /usr/local
log = /var/log/pip
no-binary = :all:
[wheel]
retries = 1
timeout = 5
[install]
retries = 2
user = true
[freeze]
timeout = 99
`})
	h, warnings := read(t, root, map[string]string{"PIP_REQUIRE_HASHES": "1", "PIP_TARGET": "/opt", "PIP_NO_BINARY": "lxml", "PIPX_HOME": "/x"})
	want := `[global]
index-url = https://user:50%@index.example/simple
extra-index-url = https://one.example
    https://two.example
trusted-host = index.example
timeout = 5
retries = 2
no-binary = lxml
require-hashes = 1
`
	if got := string(h.Secrets["pip.conf"]); got != want || len(warnings) > 0 {
		t.Errorf("pip.conf is\n%s\nwant\n%s; warnings %q", got, want, warnings)
	}
	if want := []string{"pip.conf"}; !slices.Equal(slices.Collect(maps.Keys(h.Secrets)), want) {
		t.Errorf("the secrets are %q", slices.Collect(maps.Keys(h.Secrets)))
	}
}

func TestBrokenPipConfiguration(t *testing.T) {
	root := machine(t, map[string]string{"etc/pip.conf": "timeout = 5\n"})
	_, _, err := host.Read(nil, root)
	if want := "reading pip's configuration: " + root + "/etc/pip.conf:1:1: "; err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("the error is %v, want it to begin %s", err, want)
	}
}

func TestFindLinks(t *testing.T) {
	root := machine(t, map[string]string{"wheels/a-1-py3-none-any.whl": "a", "wheels/README": "no", "more/b-1.tar.gz": "b", "file": ""})
	h, warnings := read(t, root, map[string]string{"PIP_FIND_LINKS": "ROOT/wheels https://links.example/x file://ROOT/more ROOT/file ROOT/nowhere"})
	want := "[global]\nfind-links =\n    /tmp/pbrx/find-links/0\n    https://links.example/x\n    /tmp/pbrx/find-links/1\n"
	if got := string(h.Secrets["pip.conf"]); got != want {
		t.Errorf("pip.conf is\n%s\nwant\n%s", got, want)
	}
	if want := []string{"pip's find-links " + root + "/file is no folder: the build does without it",
		"pip's find-links " + root + "/nowhere is no folder: the build does without it"}; !slices.Equal(warnings, want) {
		t.Errorf("warnings %q, want %q", warnings, want)
	}
	got := map[string][]string{}
	for _, f := range h.FindLinks {
		got[f.Name] = files(t, f.FS)
	}
	if want := map[string][]string{"find-links-0": {"a-1-py3-none-any.whl"}, "find-links-1": {"b-1.tar.gz"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("the build sees %q, want %q", got, want)
	}
}

func files(t *testing.T, f fsutil.FS) []string {
	t.Helper()
	var out []string
	err := f.Walk(t.Context(), "", func(path string, _ os.DirEntry, err error) error {
		out = append(out, path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestCertificatesAndPasswords(t *testing.T) {
	root := machine(t, map[string]string{
		"etc/ssl/certs/ca-certificates.crt": "debian", "etc/pki/tls/certs/ca-bundle.crt": "redhat", "own.pem": "own",
		"home/.netrc": "password", "other-netrc": "other", "pip.pem": "pip", "client.pem": "client"})
	for _, c := range []struct {
		name string
		env  map[string]string
		want map[string]string
	}{
		{"the distribution's", nil, map[string]string{"ca.pem": "debian"}},
		{"one's own", map[string]string{"SSL_CERT_FILE": "ROOT/own.pem"}, map[string]string{"ca.pem": "own"}},
		{"netrc", map[string]string{"HOME": "ROOT/home"}, map[string]string{"ca.pem": "debian", "netrc": "password"}},
		{"no netrc", map[string]string{"HOME": "ROOT/etc"}, map[string]string{"ca.pem": "debian"}},
		{"another netrc", map[string]string{"HOME": "ROOT/home", "NETRC": "ROOT/other-netrc"}, map[string]string{"ca.pem": "debian", "netrc": "other"}},
		{"pip's", map[string]string{"PIP_CERT": "ROOT/pip.pem", "PIP_CLIENT_CERT": "ROOT/client.pem"},
			map[string]string{"ca.pem": "debian", "pip-ca.pem": "pip", "client.pem": "client"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, _ := read(t, root, c.env)
			got := map[string]string{}
			for name, data := range h.Secrets {
				got[name] = string(data)
			}
			if !maps.Equal(got, c.want) {
				t.Errorf("%v, want %v", got, c.want)
			}
		})
	}
	if err := os.Remove(filepath.Join(root, "etc/ssl/certs/ca-certificates.crt")); err != nil {
		t.Fatal(err)
	}
	if h, _ := read(t, root, nil); string(h.Secrets["ca.pem"]) != "redhat" {
		t.Errorf("%s", h.Secrets["ca.pem"])
	}
}

// A file that is named and cannot be read is an error: the build would fail later, for a reason harder to see.
func TestUnreadableFiles(t *testing.T) {
	const gone = "open /no/such/file: no such file or directory"
	for variable, want := range map[string]string{
		"SSL_CERT_FILE":   "reading ca.pem for the build: " + gone,
		"NETRC":           "reading netrc for the build: " + gone,
		"PIP_CERT":        "pip's option cert: reading pip-ca.pem for the build: " + gone,
		"PIP_CLIENT_CERT": "pip's option client-cert: reading client.pem for the build: " + gone,
	} {
		_, _, err := host.Read(map[string]string{variable: "/no/such/file"}, t.TempDir())
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", variable, err, want)
		}
	}
}

func TestProxyAndKeyring(t *testing.T) {
	h, warnings := read(t, t.TempDir(), map[string]string{"HTTP_PROXY": "a", "http_proxy": "b", "https_proxy": "c", "no_proxy": "d", "FTP_PROXY": "e", "ALL_PROXY": "f", "PIP_KEYRING_PROVIDER": "import"})
	if want := (llb.ProxyEnv{HTTPProxy: "a", HTTPSProxy: "c", NoProxy: "d", FTPProxy: "e", AllProxy: "f"}); h.Proxy != want {
		t.Errorf("the proxy is %+v, want %+v", h.Proxy, want)
	}
	if want := []string{"pip's keyring-provider is not used: a keyring cannot be asked from inside a build; use netrc or credentials in index-url"}; !slices.Equal(warnings, want) {
		t.Errorf("warnings %q, want %q", warnings, want)
	}
}

func TestMirror(t *testing.T) {
	const debian, alpine = "ID=debian\nVERSION_ID=\"12\"\n", "ID=alpine\nVERSION_ID=3.20.3\n"
	list := "# deb http://commented.example/debian bookworm main\ndeb [signed-by=/k.gpg] https://list.example/debian/ bookworm main\ndeb http://second.example/debian bookworm-updates main\n"
	sources := "Types: deb\nURIs: https://deb822.example/debian/\nSuites: bookworm bookworm-updates\nComponents: main\n"
	const rocky, epel = "ID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.4\"\n", "[epel]\nbaseurl=http://epel.example/epel/$releasever/Everything/$basearch/\n"
	const rockyRepo = "[baseos]\nmirrorlist=https://mirrors.example/list?repo=BaseOS-$releasever\n#baseurl=http://dl.example/$contentdir/$releasever/BaseOS/$basearch/os/\n"
	for _, c := range []struct {
		name, given string
		files       map[string]string
		base        string
		want, err   string
	}{
		{"none", "", nil, "debian-12", "", ""},
		{"as given", "https://mirror.example/debian", map[string]string{"etc/os-release": debian, "etc/apt/sources.list": list}, "alpine-3.20", "https://mirror.example/debian", ""},
		{"no address", "mirror.example", nil, "debian-12", "", "--mirror mirror.example: give the address of a package mirror, as in https://HOST/debian, or auto"},
		{"sources.list", "auto", map[string]string{"etc/os-release": debian, "etc/apt/sources.list": list}, "debian-12", "https://list.example/debian", ""},
		{"deb822", "auto", map[string]string{"etc/os-release": debian, "etc/apt/sources.list.d/debian.sources": sources}, "debian-11", "https://deb822.example/debian", ""},
		{"an empty sources.list", "auto", map[string]string{"etc/os-release": debian, "etc/apt/sources.list": "# see sources.list.d\n", "etc/apt/sources.list.d/debian.sources": sources}, "debian-12", "https://deb822.example/debian", ""},
		{"apk", "auto", map[string]string{"etc/os-release": alpine, "etc/apk/repositories": "#http://commented.example/alpine/v3.20/main\nhttp://apk.example/alpine/v3.20/main\n"}, "alpine-3.20", "http://apk.example/alpine", ""},
		{"apk edge", "auto", map[string]string{"etc/os-release": alpine, "etc/apk/repositories": "https://apk.example/a/b/edge/main\n"}, "alpine-3.20", "https://apk.example/a/b", ""},
		{"rocky", "auto", map[string]string{"etc/os-release": rocky, "etc/yum.repos.d/a.repo": epel, "etc/yum.repos.d/rocky.repo": rockyRepo + "baseurl=https://rpm.example/rocky/$releasever/BaseOS/$basearch/os/\n"}, "rocky-9", "https://rpm.example/rocky", ""},
		{"rocky as it comes", "auto", map[string]string{"etc/os-release": rocky, "etc/yum.repos.d/a.repo": epel, "etc/yum.repos.d/rocky.repo": rockyRepo}, "rocky-9", "", ""},
		{"the distribution's own address", "auto", map[string]string{"etc/os-release": rocky, "etc/yum.repos.d/rocky.repo": strings.ReplaceAll(rockyRepo, "#", "")}, "rocky-9", "", ""},
		{"alma as it comes", "auto", map[string]string{"etc/os-release": "ID=almalinux\nVERSION_ID=9.4\n", "etc/yum.repos.d/almalinux.repo": "[baseos]\n#baseurl=https://rpm.example/almalinux/$releasever/BaseOS/$basearch/os/\n"}, "almalinux-9", "", ""},
		{"stream", "auto", map[string]string{"etc/os-release": "ID=\"centos\"\nVERSION_ID=\"9\"\n", "etc/yum.repos.d/centos.repo": "[baseos]\nbaseurl = http://rpm.example/stream/$stream/BaseOS/$basearch/os\n"}, "centos-9", "http://rpm.example/stream", ""},
		{"fedora", "auto", map[string]string{"etc/os-release": "ID=fedora\nVERSION_ID=41\n", "etc/yum.repos.d/fedora.repo": "[fedora]\nbaseurl=http://rpm.example/fedora/linux/releases/$releasever/Everything/$basearch/os/\n"}, "fedora-41", "http://rpm.example/fedora/linux", ""},
		{"another distribution", "auto", map[string]string{"etc/os-release": debian, "etc/apt/sources.list": list}, "ubuntu-24.04", "", ""},
		{"no distribution", "auto", nil, "debian-12", "", ""},
		{"no sources", "auto", map[string]string{"etc/os-release": debian}, "debian-12", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			base, err := bindep.ParseDistro(c.base)
			if err != nil {
				t.Fatal(err)
			}
			got, err := host.Mirror(c.given, base, machine(t, c.files))
			if got != c.want || (err == nil) != (c.err == "") || (err != nil && err.Error() != c.err) {
				t.Errorf("%q, %v; want %q, %s", got, err, c.want, c.err)
			}
		})
	}
}
