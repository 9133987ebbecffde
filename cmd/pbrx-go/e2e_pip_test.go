package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// gossip is a build backend that tells everything that it sees, as a whole and letter by letter.
const gossip = `"""Makes a wheel of one module by itself."""
import base64, hashlib, os, re, sys, tomllib, urllib.parse, zipfile


def tell():
    for name in ("PIP_CONFIG_FILE", "NETRC", "PIP_CLIENT_CERT"):
        if name not in os.environ:
            continue
        with open(os.environ[name]) as f:
            text = f.read()
        print("telling " + name, text, flush=True)
        for letter in text:
            os.write(2, letter.encode())
        for user, password in re.findall("://([^:@/ ]+):([^@/ ]+)@", text):
            user, password = urllib.parse.unquote(user), urllib.parse.unquote(password)
            print("fatal: unable to access 'https://%s:%s@host/': Authorization: Basic %s" % (
                user, password, base64.b64encode((user + ":" + password).encode()).decode()), flush=True)


def get_requires_for_build_wheel(config_settings=None):
    return []


def build_wheel(folder, config_settings=None, metadata_directory=None):
    with open("pyproject.toml", "rb") as f:
        project = tomllib.load(f)["project"]
    if os.path.exists("tell"):
        import pbrx_go_e2e_anchor
        tell()
    if os.path.exists("fail"):
        raise RuntimeError("of " + open(os.environ["PIP_CONFIG_FILE"]).read())
    module = project["name"].replace("-", "_")
    info = "%s-%s.dist-info/" % (module, project["version"])
    files = {
        module + ".py": open(module + ".py").read(),
        info + "METADATA": "Metadata-Version: 2.1\nName: %s\nVersion: %s\n" % (project["name"], project["version"])
        + "".join("Requires-Dist: %s\n" % d for d in project.get("dependencies", [])),
        info + "WHEEL": "Wheel-Version: 1.0\nGenerator: gossip\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        info + "entry_points.txt": "[console_scripts]\n" + "".join("%s = %s\n" % s for s in project.get("scripts", {}).items()),
    }
    record = "".join(
        "%s,sha256=%s,%d\n" % (name, base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("="), len(text))
        for name, text in files.items()
    )
    files[info + "RECORD"] = record + info + "RECORD,,\n"
    name = "%s-%s-py3-none-any.whl" % (module, project["version"])
    with zipfile.ZipFile(os.path.join(folder, name), "w") as z:
        for path, text in files.items():
            z.writestr(zipfile.ZipInfo(path), text)
    return name
`

// vault is a machine whose pip knows many ways to many packages, all of them behind credentials.
type vault struct {
	index *pypi
	proxy *requests
	// env are the surroundings in which pip's own files count.
	env []string
	dir string
	// secrets are all credentials, in all spellings.
	secrets map[string]string
}

// newVault makes one. Each room has one package that only it has.
func newVault(t *testing.T) *vault {
	t.Helper()
	tools, err := toolWheels()
	if err != nil {
		t.Fatal(err)
	}
	v := &vault{dir: t.TempDir(), secrets: map[string]string{}}
	rooms := map[string]*room{"tools": {files: tools}, "delta": {certificate: true, files: map[string][]byte{}}}
	for name, special := range map[string]string{"alpha": "100%@:/+ ", "beta": "", "gamma": `=&!`, "links": "#?"} {
		word := make([]byte, 8)
		if _, err := rand.Read(word); err != nil {
			t.Fatal(err)
		}
		rooms[name] = &room{user: name + "-user", password: special + hex.EncodeToString(word), files: map[string][]byte{}}
		v.secret(rooms[name].user, rooms[name].password)
	}
	put := func(files map[string][]byte, name, version, text string) {
		file, content := smallWheel(t, "pbrx-go-e2e-"+name, version, text)
		files[file] = content
	}
	for name, r := range rooms {
		if name != "tools" {
			put(r.files, name, "1.0", "of the room "+name)
		}
	}
	put(rooms["alpha"].files, "anchor", "1.0", "what the build requires")
	put(rooms["alpha"].files, "both", "1.0", "the lesser")
	put(rooms["beta"].files, "both", "2.0", "the better")
	for _, version := range []string{"1.0", "2.0", "3.0"} {
		put(rooms["beta"].files, "limited", version, version)
	}
	put(rooms["beta"].files, "early", "1.0", "1.0")
	put(rooms["beta"].files, "early", "2.0rc1", "2.0rc1")
	put(rooms["beta"].files, "binary", "1.0", "the wheel")
	put(rooms["beta"].files, "source", "1.0", "the wheel")
	for _, source := range [][2]string{{"source", "1.0"}, {"binary", "2.0"}} {
		file, content := smallSdist(t, "pbrx-go-e2e-"+source[0], source[1], "the source", gossip)
		rooms["beta"].files[file] = content
	}
	folder := map[string][]byte{}
	put(folder, "folder", "1.0", "of the folder")
	for name, content := range folder {
		write(t, filepath.Join(v.dir, "folder", name), string(content))
	}
	v.index = newPyPI(t, rooms)
	v.configure(t)
	return v
}

// secret notes a password in the spellings that may be found.
func (v *vault) secret(user, password string) {
	v.secrets[user+"'s password"] = password
	v.secrets[user+"'s password in a URL"] = strings.TrimPrefix(url.UserPassword("", password).String(), ":")
	v.secrets[user+"'s password in a query"] = url.QueryEscape(password)
	v.secrets[user+"'s password in HTTP"] = strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(user+":"+password)), "=")
}

// of is the address of a room, with its credentials, under a name of loopback.
func (v *vault) of(name, host string) string {
	r, credentials := v.index.rooms[name], ""
	if r.user != "" {
		credentials = url.UserPassword(r.user, r.password).String() + "@"
	}
	return address(v.index.secure, credentials, host) + "/" + name
}

// configure writes pip's files, one mechanism each, and the environment.
func (v *vault) configure(t *testing.T) {
	t.Helper()
	client, keyLine := v.index.ca.clientPEM(t)
	v.secrets["the client's key"] = keyLine
	v.secret("proxy-user", "proxy:"+keyLine[8:16]) // as random as the key
	server, seen := forwardProxy(t, "proxy-user", "proxy:"+keyLine[8:16])
	v.proxy = seen
	for name, text := range map[string]string{
		"xdg/pip/pip.conf":          "[global]\npre = true\ntimeout = 97\nretries = 1\nindex-url = https://nobody.invalid/simple\n",
		"home/.pip/pip.conf":        "[global]\nindex-url = " + v.of("alpha", "127.0.0.1") + "/simple/\n",
		"home/.config/pip/pip.conf": "[install]\nextra-index-url =\n    " + v.of("beta", "127.0.0.1") + "/simple\n    " + v.of("delta", "127.0.0.1") + "/simple\n    " + v.of("tools", "127.0.0.1") + "/simple\n",
		"venv/pip.conf":             "[global]\ncert = " + v.dir + "/ca.pem\n",
		"ca.pem":                    string(v.index.ca.pem),
		"client.pem":                client,
		"constraints.txt":           "pbrx-go-e2e-limited<3\n",
	} {
		write(t, filepath.Join(v.dir, name), text)
	}
	for _, e := range os.Environ() { // what this machine has of its own does not count
		if name, _, _ := strings.Cut(e, "="); strings.HasPrefix(name, "PIP_") {
			v.env = append(v.env, name)
		}
	}
	v.env = append(v.env, "NETRC", "XDG_CONFIG_HOME", "HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy",
		"HOME="+v.dir+"/home", "XDG_CONFIG_DIRS="+v.dir+"/xdg", "VIRTUAL_ENV="+v.dir+"/venv",
		"PIP_CLIENT_CERT="+v.dir+"/client.pem",
		"PIP_FIND_LINKS="+v.dir+"/folder "+v.of("links", "localhost")+"/links/",
		"PIP_NO_BINARY=pbrx-go-e2e-source", "PIP_ONLY_BINARY=pbrx-go-e2e-binary",
		"PIP_CONSTRAINT="+v.dir+"/constraints.txt",
		"PIP_PROXY="+address(server, url.UserPassword("proxy-user", "proxy:"+keyLine[8:16]).String()+"@", "127.0.0.1"))
}

// strongbox is a project whose wheel its own backend makes, with these dependencies.
func strongbox(t *testing.T, dependencies ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "strongbox")
	for n, name := range dependencies {
		dependencies[n] = "pbrx-go-e2e-" + name
	}
	list, err := json.Marshal(dependencies)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "pyproject.toml"), "[build-system]\nrequires = [\"pbrx-go-e2e-anchor\"]\nbuild-backend = \"backend\"\nbackend-path = [\".\"]\n\n"+
		"[project]\nname = \"strongbox\"\nversion = \"1.0\"\ndependencies = "+string(list)+"\n\n[project.scripts]\nstrongbox = \"strongbox:main\"\n")
	write(t, filepath.Join(dir, "backend.py"), gossip)
	write(t, filepath.Join(dir, "tell"), "")
	write(t, filepath.Join(dir, "strongbox.py"), "def main():\n    pass\n")
	return dir
}

// Every mechanism of pip leads to the package that only it leads to, and none of its credentials to anywhere else.
func TestPipMechanisms(t *testing.T) {
	base, v, started := testBase(t), newVault(t), time.Now()
	project, out := strongbox(t, "alpha", "beta", "delta", "links", "folder", "both", "limited", "early", "binary", "source"), t.TempDir()
	temp := filepath.Join(out, "tmp")
	if err := os.Mkdir(temp, 0o755); err != nil {
		t.Fatal(err)
	}
	env := append(slices.Clone(v.env), "TMPDIR="+temp)
	flags := []string{"--engine", "embedded", "--init-path", "none"}
	build := command{env: env, args: buildArgs(project, base, out+"/layout", append(flags, "--debug", "--format", "json", "--cache-to", "oci:"+out+"/cache")...)}
	first := build.succeed(t)

	img := readLayout(t, out+"/layout").image(t, "strongbox:latest")
	for name, want := range map[string]string{
		"alpha": "of the room alpha", "beta": "of the room beta", "delta": "of the room delta", "links": "of the room links", "folder": "of the folder",
		"both": "the better", "limited": "2.0", "early": "2.0rc1", "binary": "the wheel", "source": "the source",
	} {
		if got := moduleText(t, img, "pbrx_go_e2e_"+name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if refused := v.index.seen.count(" refused "); refused > 0 || v.index.seen.count("tools let in /tools/simple/alpha") > 0 {
		t.Errorf("refused %d times: %q", refused, v.index.seen.all())
	}
	if v.proxy.count("CONNECT 127.0.0.1:") == 0 || v.proxy.count("CONNECT localhost:") == 0 || v.proxy.count("refused") > 0 {
		t.Errorf("the proxy was asked for %q", v.proxy.all())
	}
	logs := first.logs(t)
	if !strings.Contains(logs, "telling PIP_CLIENT_CERT") || !strings.Contains(logs, "https://alpha-user:****@host/") {
		t.Errorf("the backend told nothing:\n%s", logs)
	}

	// The second machine says it all in the environment: no file but the one that is named counts, and that one is wrong.
	second := v.fromEnvironment(t)
	other := strongbox(t, "alpha", "gamma")
	command{env: second, args: buildArgs(other, base, out+"/other", flags...)}.succeed(t)
	if got := moduleText(t, readLayout(t, out+"/other").image(t, "strongbox:latest"), "pbrx_go_e2e_gamma"); got != "of the room gamma" {
		t.Errorf("gamma is %q", got)
	}

	// What fails tells no more than what succeeds; nor does what is planned.
	write(t, filepath.Join(project, "fail"), "")
	outputs := []outcome{first}
	for _, mode := range []string{"plain", "rawjson"} {
		failed := command{env: env, args: append(buildArgs(project, base, out+"/failed", flags...), "--debug", "--progress", mode)}.run(t)
		if failed.code != 1 || !strings.Contains(failed.stderr+failed.logs(t), "RuntimeError: of [global]") {
			t.Errorf("status %d: %s", failed.code, tail(failed.stderr))
		}
		outputs = append(outputs, failed)
	}
	for _, flag := range []string{"--format=json", "--llb"} {
		outputs = append(outputs, command{env: append(slices.Clone(env), "HTTPS_PROXY="+v.proxyURL()), args: append([]string{"plan", project, "--base", base, flag}, flags...)}.succeed(t))
	}
	for _, o := range outputs {
		v.search(t, "stdout", []byte(o.stdout))
		v.search(t, "stderr", []byte(o.stderr))
		v.search(t, "the output of the steps", []byte(o.logs(t)))
	}
	for _, dir := range []string{project, out, sharedState()} {
		v.searchTree(t, dir, started)
	}
}

// proxyURL is the proxy with its credentials.
func (v *vault) proxyURL() string {
	for _, e := range v.env {
		if value, ok := strings.CutPrefix(e, "PIP_PROXY="); ok {
			return value
		}
	}
	return ""
}

// fromEnvironment is the same machine without its files: everything is in PIP_*, and in the netrc of the home folder.
func (v *vault) fromEnvironment(t *testing.T) []string {
	t.Helper()
	gamma := v.index.rooms["gamma"]
	write(t, filepath.Join(v.dir, "home2/.netrc"), "machine localhost login "+gamma.user+" password "+gamma.password+"\n")
	write(t, filepath.Join(v.dir, "home2/.config/pip/pip.conf"), "[global]\nno-index = true\n")
	write(t, filepath.Join(v.dir, "named.conf"), "[global]\nindex-url = https://nobody.invalid/simple\n")
	env := slices.DeleteFunc(slices.Clone(v.env), func(e string) bool { return strings.Contains(e, "=") })
	return append(env, "HOME="+v.dir+"/home2", "XDG_CONFIG_DIRS="+v.dir+"/none", "VIRTUAL_ENV", "PIP_CONFIG_FILE="+v.dir+"/named.conf",
		"PIP_TRUSTED_HOST=127.0.0.1", "PIP_INDEX_URL="+v.of("alpha", "127.0.0.1")+"/simple",
		"PIP_EXTRA_INDEX_URL="+address(v.index.open, "", "localhost")+"/gamma/simple "+v.of("tools", "127.0.0.1")+"/simple")
}

// A password that is wrong is one line that says where, without a word of it: for dependencies, and for what the build requires.
func TestPipWrongPassword(t *testing.T) {
	base, v := testBase(t), newVault(t)
	wrong := strings.Replace(v.of("alpha", "127.0.0.1"), "alpha-user:", "alpha-user:wr0ng", 1)
	v.secrets["the wrong password"] = "wr0ng"
	env := append(v.fromEnvironment(t), "PIP_INDEX_URL="+wrong+"/simple")
	index := address(v.index.secure, "", "127.0.0.1") + "/alpha/simple/"
	const mend = " answers 401 Unauthorized: correct the user name and password for it in pip's configuration or netrc"
	withoutAnchor := strongbox(t, "alpha")
	edit(t, filepath.Join(withoutAnchor, "pyproject.toml"), `requires = ["pbrx-go-e2e-anchor"]`, "requires = []")
	if err := os.Remove(filepath.Join(withoutAnchor, "tell")); err != nil {
		t.Fatal(err)
	}
	for project, want := range map[string]string{
		strongbox(t, "alpha"): "building [project] wheel: No matching distribution found for pbrx-go-e2e-anchor: the package index " + index + mend,
		withoutAnchor:         "building [dependencies] resolve: No matching distribution found for pbrx-go-e2e-alpha: the package index " + index + mend + ": asked for by pyproject.toml:9:17",
	} {
		out := command{env: env, args: buildArgs(project, base, filepath.Join(t.TempDir(), "layout"), "--engine", "embedded", "--init-path", "none")}.run(t)
		if out.code != 3 || errorLines(out) != want {
			t.Errorf("status %d, %s, want\n%s", out.code, errorLines(out), want)
		}
		if logs := out.logs(t); strings.Contains(logs, "Traceback") || strings.Contains(logs, "User for") {
			t.Errorf("a traceback, or a question:\n%s", logs)
		}
		v.search(t, "stderr", []byte(out.stderr+out.logs(t)))
	}
}

// moduleText is the TEXT of a module in an image.
func moduleText(t *testing.T, img ociImage, module string) string {
	t.Helper()
	for n := range img.manifest.Layers {
		for _, e := range img.layer(t, n) {
			if strings.HasSuffix(e.path, "/site-packages/"+module+".py") {
				text, _ := strings.CutPrefix(strings.TrimSpace(string(img.file(t, e.path))), `TEXT = "`)
				return strings.TrimSuffix(text, `"`)
			}
		}
	}
	return ""
}

// search looks for credentials in what should have none.
func (v *vault) search(t *testing.T, where string, data []byte) {
	t.Helper()
	for what, secret := range v.secrets {
		if bytes.Contains(data, []byte(secret)) {
			t.Errorf("%s holds %s", where, what)
		}
	}
}

// searchTree searches the files below a folder that were made since, and what is compressed in them.
func (v *vault) searchTree(t *testing.T, dir string, since time.Time) {
	t.Helper()
	files := 0
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil // it was there a moment ago
		}
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		fi, err := d.Info()
		if err != nil {
			return fs.SkipDir // the engine was just removing it
		}
		if st, ok := fi.Sys().(*syscall.Stat_t); !ok || st.Ctim.Sec < since.Unix() {
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		files++
		v.search(t, path, data)
		if plain := plainBytes(data); plain != nil {
			v.search(t, path+", unpacked,", plain)
		}
		return nil
	})
	if err != nil || files < 3 {
		t.Errorf("searching %s: %d files, %v", dir, files, err)
	}
}

// plainBytes is what zstd or gzip made something of; nil for other data.
func plainBytes(data []byte) []byte {
	var r io.Reader
	var err error
	switch {
	case bytes.HasPrefix(data, []byte("\x28\xb5\x2f\xfd")):
		var z *zstd.Decoder
		if z, err = zstd.NewReader(bytes.NewReader(data)); err == nil {
			defer z.Close()
			r = z
		}
	case bytes.HasPrefix(data, []byte("\x1f\x8b")):
		r, err = gzip.NewReader(bytes.NewReader(data))
	default:
		return nil
	}
	if err != nil {
		return nil
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil
	}
	return plain
}
