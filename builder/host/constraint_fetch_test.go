package host_test

import (
	"encoding/pem"
	"fmt"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/host"
)

// A URL is fetched as pip would: by the host's authorities and netrc or the address's own credentials, once more where that may help.
func TestConstraintURLs(t *testing.T) {
	var flaky atomic.Int32
	mux := http.NewServeMux()
	answer := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/plain")
			if login, password, ok := r.BasicAuth(); strings.HasPrefix(r.URL.Path, "/locked") && (!ok || login != "keeper" || password != "s3cr:t") {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			fmt.Fprint(w, text)
		}
	}
	mux.HandleFunc("/upper.txt", answer("a==1\n-c sub/lower.txt\n-c /root.txt\n"))
	mux.HandleFunc("/sub/lower.txt", answer("b==2\n"))
	mux.HandleFunc("/root.txt", answer("c==3\n"))
	mux.HandleFunc("/locked.txt", answer("d==4\n-c locked-too.txt\n"))
	mux.HandleFunc("/locked-too.txt", answer("e==5\n"))
	mux.HandleFunc("/local.txt", answer("-c file:///etc/passwd\n"))
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<!DOCTYPE html><html>") })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.1:1/x?token=hunter2", http.StatusFound)
	})
	mux.HandleFunc("/broken", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
	mux.HandleFunc("/flaky", func(w http.ResponseWriter, r *http.Request) {
		if flaky.Add(1) < 3 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		answer("f==6\n")(w, r)
	})
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		_, _ = w.Write(make([]byte, 16<<20+1))
	})
	server := httptest.NewTLSServer(mux)
	defer server.Close()
	other := httptest.NewTLSServer(mux) // by the same authority, which the host does not trust there
	defer other.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	root := machine(t, map[string]string{"ca.pem": string(ca), ".netrc": "# mine\nmachine elsewhere login x password y\nmachine 127.0.0.1\n  login keeper password \"s3cr:t\"\ndefault login z password z\n", "own.txt": "o==1\n-c " + server.URL + "/root.txt\n"})
	env := map[string]string{"SSL_CERT_FILE": "ROOT/ca.pem"}
	withUser := strings.Replace(server.URL, "https://", "https://keeper:s3cr%3At@", 1)
	address := server.Listener.Addr().(*net.TCPAddr)
	for _, c := range []struct {
		name, url, remove string
		want, err         string
	}{
		{"with files beside it", server.URL + "/upper.txt?token=hunter2", "", "a==1\nb==2\nc==3\n", ""},
		{"netrc", server.URL + "/locked.txt", "", "d==4\ne==5\n", ""},
		{"its own user", withUser + "/locked.txt", ".netrc", "d==4\ne==5\n", ""},
		{"after two failures", server.URL + "/flaky", "", "f==6\n", ""},
		{"named by a file here", "own.txt", "", "o==1\nc==3\n", ""},
		{"no credentials", server.URL + "/locked.txt?sig=hunter2", ".netrc", "", "fetching SERVER/locked.txt: it answered 401 Unauthorized: put credentials for 127.0.0.1 into netrc, or correct them"},
		{"wrong credentials", strings.Replace(withUser, "s3cr", "hunter2", 1) + "/locked.txt", ".netrc", "", "fetching SERVER/locked.txt: it answered 401 Unauthorized: put credentials for 127.0.0.1 into netrc, or correct them"},
		{"not there", withUser + "/nowhere", "", "", "fetching SERVER/nowhere: it answered 404 Not Found: correct the address"},
		{"broken", server.URL + "/broken", "", "", "fetching SERVER/broken: it answered 502 Bad Gateway: run again later"},
		{"a page", server.URL + "/page", "", "", "fetching SERVER/page: it answered with a web page: name the address of the plain file; a page for people, or one to log in, is none"},
		{"away from https", withUser + "/away", "", "", "fetching SERVER/away: it leads from https to http: mend the network or the address, or run again"},
		{"too long", server.URL + "/long", "", "", "fetching SERVER/long: it has more than 16 MB: name a file of constraints"},
		{"a file of this machine", server.URL + "/local.txt", "", "", "SERVER/local.txt:1:1: file:///etc/passwd is on this machine, and the file that names it is not, correct the path, which is relative to this file"},
		{"nobody there", "http://me:hunter2@127.0.0.1:1/x?hunter2", "", "", "fetching http://127.0.0.1:1/x: dial tcp 127.0.0.1:1: connect: connection refused: mend the network or the address, or run again"},
		{"not trusted", strings.Replace(other.URL, "127.0.0.1", "localhost", 1) + "/upper.txt", "", "",
			fmt.Sprintf("fetching https://localhost:%d/upper.txt: tls: failed to verify certificate: x509: certificate is valid for example.com, *.example.com, not localhost: have this machine trust its authority, or name one with SSL_CERT_FILE", other.Listener.Addr().(*net.TCPAddr).Port)},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.remove != "" {
				old := filepath.Join(root, c.remove)
				if err := os.Rename(old, old+"-"); err != nil {
					t.Fatal(err)
				}
				defer func() { _ = os.Rename(old+"-", old) }()
			}
			got, err := constraints(t, root, env, host.ConstraintOptions{Files: []string{c.url}})
			if c.err != "" {
				want := strings.ReplaceAll(c.err, "SERVER", "https://"+address.String())
				if strings.HasPrefix(want, "fetching ") {
					want = "--constraint: " + want
				}
				if err == nil || err.Error() != want {
					t.Errorf("%v\nwant\n%s", err, want)
				}
				return
			}
			if err != nil || string(got.Requested) != c.want {
				t.Fatalf("%v, %v, want %s", got, err, c.want)
			}
			for _, f := range got.Report.Files {
				if strings.ContainsAny(f.From, "@?") {
					t.Errorf("the report shows %s", f.From)
				}
			}
		})
	}
}

// The host's proxy is asked, and gets its own password.
func TestConstraintProxy(t *testing.T) {
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.String()+" "+r.Header.Get("Proxy-Authorization"))
		w.Header().Set("Content-Type", "text/plain")
		fmt.Fprint(w, "a==1\n")
	}))
	defer proxy.Close()
	env := map[string]string{"http_proxy": strings.Replace(proxy.URL, "//", "//me:pw@", 1), "no_proxy": "near.example"}
	got, err := constraints(t, t.TempDir(), env, host.ConstraintOptions{Files: []string{"http://far.example/x.txt"}})
	if want := []string{"http://far.example/x.txt Basic bWU6cHc="}; err != nil || string(got.Requested) != "a==1\n" || !slices.Equal(asked, want) {
		t.Errorf("%v, %v: the proxy was asked for %q, want %q", got, err, asked, want)
	}
}

// gitRepository has three commits of its list, one of them tagged, and a branch.
func gitRepository(t *testing.T) (dir string, git func(...string) string) {
	t.Helper()
	dir = filepath.Join(t.TempDir(), "requirements")
	if err := os.MkdirAll(filepath.Join(dir, "sub"), 0o755); err != nil {
		t.Fatal(err)
	}
	git = func(args ...string) string {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull,
			"GIT_AUTHOR_NAME=Keeper", "GIT_AUTHOR_EMAIL=keeper@example.org", "GIT_COMMITTER_NAME=Keeper", "GIT_COMMITTER_EMAIL=keeper@example.org")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("git %q: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	git("init", "--quiet", "--initial-branch=main")
	for n, version := range []string{"1", "2", "3"} {
		for name, text := range map[string]string{"upper.txt": "a==" + version + "\n-c sub/lower.txt\n", "sub/lower.txt": "b==" + version + "\n", "out.txt": "-c ../../etc/passwd\n-c /etc/passwd\n"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		git("add", "-A")
		git("commit", "--quiet", "--message", version)
		if n == 0 {
			git("tag", "--annotate", "--message", "one", "v1.0")
			git("branch", "stable/2024.1")
		}
	}
	return dir, git
}

func TestConstraintsOfGit(t *testing.T) {
	dir, git := gitRepository(t)
	second := git("rev-parse", "main~1")
	// Hooks that a template brings would run.
	templates := machine(t, map[string]string{"hooks/reference-transaction": "#!/bin/sh\ntouch \"$(dirname \"$0\")/../ran\"\n"})
	if err := os.Chmod(filepath.Join(templates, "hooks/reference-transaction"), 0o755); err != nil {
		t.Fatal(err)
	}
	root := machine(t, map[string]string{".gitconfig": "[init]\ntemplateDir = " + templates + "\n[core]\nhooksPath = " + templates + "/hooks\n"})
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	env := map[string]string{"GIT_DIR": "/nowhere", "GIT_INDEX_FILE": "/nowhere"}
	relative, err := filepath.Rel(root, dir)
	if err != nil {
		t.Fatal(err)
	}
	const form = ": use git+URL@REF#PATH, as in git+https://git.example.org/requirements@master#upper-constraints.txt"
	for _, c := range []struct{ name, want, err string }{
		{"git+file://" + dir + "@main#upper.txt", "a==3\nb==3\n", ""},
		{"git+" + dir + "@stable/2024.1#upper.txt", "a==1\nb==1\n", ""},
		{"git+" + relative + "@v1.0#./upper.txt", "a==1\nb==1\n", ""},
		{"git+file://" + dir + "@refs/tags/v1.0#sub/lower.txt", "b==1\n", ""},
		{"git+file://" + dir + "@" + second + "#upper.txt", "a==2\nb==2\n", ""},
		{"git+file://" + dir + "@" + second[:8] + "#upper.txt", "a==2\nb==2\n", ""},
		{"git+" + dir + "@nope#upper.txt", "", "fetching git+" + dir + "@nope#upper.txt: git says: couldn't find remote ref nope: correct the commit, tag or branch behind the @"},
		{"git+" + dir + "@0123456789#upper.txt", "", "fetching git+" + dir + "@0123456789#upper.txt: git says: couldn't find remote ref 0123456789: correct the commit, tag or branch behind the @"},
		{"git+" + dir + "@main#nope.txt", "", "fetching git+" + dir + "@main#nope.txt: git says: path 'nope.txt' does not exist in 'FETCH_HEAD': correct the path, from the top folder of the repository"},
		{"git+/nowhere@main#x", "", "fetching git+/nowhere@main#x: git says: '/nowhere' does not appear to be a git repository: correct the address of the repository"},
		{"git+https://me:hunter2@127.0.0.1:1/x@main#x", "", "fetching git+https://127.0.0.1:1/x@main#x: git says: unable to access 'https://127.0.0.1:1/x/': TLS"},
		{"git+https://me:hunter2@host.example/x", "", "git+https://host.example/x names no commit, tag or branch" + form},
		{"git+https://me:hunter2@host.example/x@main", "", "git+https://host.example/x@main names no file" + form},
		{"git+ssh://me:hunter2@host.example/x@main#y", "", "git+ssh://host.example/x@main: ssh takes no password from an address: use an agent"},
		{"git+ext://host.example/x@main#y", "", "git+ext://host.example/x: git fetches by https, http, ssh, git, file or from a path" + form},
		{"git+" + dir + "@--upload-pack=x#y", "", "git+" + dir + `: "--upload-pack=x" is no commit, tag or branch` + form},
		{"git+" + dir + "@a..b#y", "", "git+" + dir + `: "a..b" is no commit, tag or branch` + form},
		{"git+" + dir + "@main#../x", "", "git+" + dir + "@main: ../x is no file in the repository: write its path from the top folder"},
		{"git+https://host.example/x?y@main#x", "", "git+https://host.example/x: an address of git has no query" + form},
	} {
		got, err := constraints(t, root, env, host.ConstraintOptions{Files: []string{c.name}})
		switch {
		case c.err == "" && (err != nil || string(got.Requested) != c.want):
			t.Errorf("%s: %v, %v, want %s", c.name, got, err, c.want)
		case c.err != "" && (err == nil || !strings.HasPrefix(err.Error(), "--constraint: "+strings.TrimSuffix(c.err, "TLS"))) || err != nil && strings.Contains(err.Error(), "hunter2"):
			t.Errorf("%s: %v\nwant\n%s", c.name, err, c.err)
		}
		leftBehind(t, temporary)
	}
	at := "git+" + dir + "@main#out.txt"
	_, err = constraints(t, root, env, host.ConstraintOptions{Files: []string{at}})
	if want := at + ":1:1: ../../etc/passwd is no file in the repository: write its path from the top folder, correct the path, which is relative to this file\n" +
		at + ":2:1: /etc/passwd is no file in the repository: write its path from the top folder, correct the path, which is relative to this file"; err == nil || err.Error() != want {
		t.Errorf("%v\nwant\n%s", err, want)
	}
	if _, err := os.Stat(filepath.Join(templates, "ran")); err == nil {
		t.Error("a hook ran")
	}
	t.Setenv("PATH", root)
	_, err = constraints(t, root, nil, host.ConstraintOptions{Files: []string{"git+" + dir + "@main#x"}})
	if want := "--constraint: fetching git+" + dir + `@main#x: running git: exec: "git": executable file not found in $PATH: install git, or name a file or an http(s) URL`; err == nil || err.Error() != want {
		t.Errorf("%v\nwant\n%s", err, want)
	}
	leftBehind(t, temporary)
}

// git gets credentials for a server, which nobody sees among its arguments.
func TestConstraintsOfGitServer(t *testing.T) {
	dir, git := gitRepository(t)
	logins := make(chan string, 100)
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		login, password, _ := r.BasicAuth()
		logins <- login + ":" + password
		if password != "hunter 2%" {
			w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		backend := &cgi.Handler{Path: git("--exec-path") + "/git-http-backend", Env: []string{"GIT_PROJECT_ROOT=" + filepath.Dir(dir), "GIT_HTTP_EXPORT_ALL=1"}}
		backend.ServeHTTP(w, r)
	}))
	defer server.Close()
	real, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	root := machine(t, map[string]string{
		"ca.pem": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})),
		"netrc":  "machine 127.0.0.1 login keeper password wrong\n",
	})
	watch := machine(t, map[string]string{"git": "#!/bin/sh\nprintf '%s\\n' \"$@\" >>" + root + "/argv\nexec " + real + " \"$@\"\n"})
	if err := os.Chmod(filepath.Join(watch, "git"), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", watch+":"+os.Getenv("PATH"))
	t.Setenv("TMPDIR", t.TempDir())
	env := map[string]string{"SSL_CERT_FILE": "ROOT/ca.pem", "NETRC": "ROOT/netrc", "GIT_CONFIG_SYSTEM": os.DevNull, "no_proxy": "127.0.0.1"}
	withUser := strings.Replace(server.URL, "https://", "https://keeper:hunter%202%25@", 1) + "/requirements@v1.0#upper.txt"
	got, err := constraints(t, root, env, host.ConstraintOptions{Files: []string{"git+" + withUser}})
	if err != nil || string(got.Requested) != "a==1\nb==1\n" {
		t.Errorf("%v, %v", got, err)
	}
	argv, err := os.ReadFile(filepath.Join(root, "argv"))
	if err != nil || !strings.Contains(string(argv), "--depth=1\n") || strings.Contains(string(argv), "hunter") {
		t.Errorf("%v: git was called with\n%s", err, argv)
	}
	address := server.URL + "/requirements"
	_, err = constraints(t, root, env, host.ConstraintOptions{Files: []string{"git+" + address + "@v1.0#upper.txt"}})
	if want := "--constraint: fetching git+" + address + "@v1.0#upper.txt: git says: Authentication failed for '" + address + "/': put credentials where git or netrc has them"; err == nil || err.Error() != want {
		t.Errorf("%v\nwant\n%s", err, want)
	}
	close(logins)
	seen := map[string]bool{}
	for login := range logins {
		seen[login] = true
	}
	if !seen["keeper:hunter 2%"] || !seen["keeper:wrong"] {
		t.Errorf("the server saw %v", seen)
	}
}

// A server that sends git on to another one does not make us give that one its credentials.
func TestConstraintsOfRedirectedGitServer(t *testing.T) {
	logins := make(chan string, 100)
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		logins <- r.Header.Get("Authorization")
		w.Header().Set("WWW-Authenticate", `Basic realm="git"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer other.Close()
	first := httptest.NewServer(http.RedirectHandler(strings.Replace(other.URL, "127.0.0.1", "localhost", 1)+"/requirements/info/refs?service=git-upload-pack", http.StatusFound))
	defer first.Close()
	t.Setenv("TMPDIR", t.TempDir())
	env := map[string]string{"GIT_CONFIG_SYSTEM": os.DevNull, "no_proxy": "127.0.0.1,localhost"}
	root := machine(t, map[string]string{"netrc": "machine 127.0.0.1 login keeper password hunter2\n"})
	env["NETRC"] = "ROOT/netrc"
	if _, err := constraints(t, root, env, host.ConstraintOptions{Files: []string{"git+" + first.URL + "/requirements@v1.0#upper.txt"}}); err == nil {
		t.Error("it was fetched")
	}
	close(logins)
	asked := 0
	for login := range logins {
		if asked++; login != "" {
			t.Errorf("the other server was given %q", login)
		}
	}
	if asked == 0 {
		t.Error("nobody asked the other server")
	}
}
