//go:build linux

package main

import (
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// nowhere is the address of no socket.
const nowhere = "unix:///nowhere/engine.sock"

// ways to say what to do about a Docker Engine that cannot be used.
const (
	startDocker = "start Docker, point DOCKER_HOST or a docker context at one that runs, or use another --engine"
	joinDocker  = "add yourself to the group docker (`sudo usermod -aG docker $USER`, then log in again), or run as root"
)

// dockerAt is an environment in which docker's own client would look for an engine at an address and nowhere
// else, and BUILDKIT_HOST names another, if any.
func dockerAt(t *testing.T, docker, buildkit string) []string {
	t.Helper()
	return []string{"DOCKER_HOST=" + docker, "BUILDKIT_HOST=" + buildkit, "DOCKER_CONFIG=" + filepath.Join(workDir, "no-docker-config"), "DOCKER_CONTEXT", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_API_VERSION"}
}

// fakeEngine answers pings with some headers, and everything else with a status.
func fakeEngine(t *testing.T, header http.Header, status int) string {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(shortDir(t), "fake.sock"))
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, values := range header {
			w.Header()[name] = values
		}
		if r.URL.Path != "/_ping" {
			w.WriteHeader(status)
		}
	})}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { s.Close() })
	return "unix://" + l.Addr().String()
}

// fakePodman is Podman's socket; the headers are those of Podman 4.3.1 in Debian 12.
func fakePodman(t *testing.T) string {
	t.Helper()
	return fakeEngine(t, http.Header{"Server": {"Libpod/4.3.1 (linux)"}, "Libpod-Api-Version": {"4.3.1"}, "Api-Version": {"1.41"}}, http.StatusNotFound)
}

// shortDir is a temporary folder whose name leaves room for that of a socket, and into which everybody may look.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "pbx")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// abandonedSocket is one on which nobody listens any more.
func abandonedSocket(t *testing.T) string {
	t.Helper()
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: filepath.Join(shortDir(t), "old.sock"), Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	return "unix://" + l.Addr().String()
}

// choice is a way to choose an engine and what is said of it. FAKE, DOCKER and BUILDKITD stand for addresses.
type choice struct {
	name             string
	docker, buildkit string
	args, env        []string
	code             int
	stderr           string
}

// check plans, which starts the engine that is chosen, and compares stderr.
func (c choice) check(t *testing.T, mask func(string) string) {
	t.Helper()
	args := append([]string{"build-images", "--dry-run", "testdata/projects/leafcount", "--base", testBase(t), "--progress", "quiet"}, c.args...)
	out := command{args: args, env: append(dockerAt(t, c.docker, c.buildkit), c.env...)}.run(t)
	if out.code != c.code {
		t.Errorf("status %d, want %d", out.code, c.code)
	}
	if planned := strings.HasPrefix(out.stdout, "project "); planned != (c.code == 0) {
		t.Errorf("with status %d stdout is %q", out.code, out.stdout)
	}
	checkString(t, "stderr", mask(out.stderr), c.stderr)
}

// Which engine builds, and the one line that says which and why.
func TestChoiceOfEngine(t *testing.T) {
	docker, buildkitd := dockerHost(t), buildkitdAddress(t)
	podman, old := fakePodman(t), abandonedSocket(t)
	proxy := fakeEngine(t, http.Header{"Api-Version": {"1.41"}}, http.StatusForbidden)
	mask := strings.NewReplacer(docker, "DOCKER", buildkitd, "BUILDKITD", podman, "PODMAN", old, "OLD", proxy, "PROXY", sharedState(), "STATE").Replace
	for _, c := range []choice{
		{name: "BUILDKIT_HOST wins", docker: docker, buildkit: buildkitd, stderr: "engine: BUILDKITD (BUILDKIT_HOST)\n"},
		{name: "Docker answers", docker: docker, stderr: "engine: docker at DOCKER (DOCKER_HOST)\n"},
		{name: "no socket", docker: nowhere, stderr: "engine: embedded (no Docker Engine at " + nowhere + "), state in STATE\n"},
		{name: "nobody listens", docker: old, stderr: "engine: embedded (no Docker Engine at OLD), state in STATE\n"},
		{name: "Podman", docker: podman, stderr: "engine: embedded (Podman 4.3.1 at PODMAN has no BuildKit), state in STATE\n"},
		{name: "a proxy", docker: proxy, stderr: "engine: embedded (what answers at PROXY has no BuildKit), state in STATE\n"},
		{name: "no address", docker: "here", stderr: "engine: embedded (Docker Engine at here cannot be used: unable to parse docker host `here`), state in STATE\n"},
		{name: "quiet", docker: nowhere, args: []string{"--quiet"}},
		{name: "quiet with Docker", docker: docker, args: []string{"-q"}},

		// Who names an engine is told nothing, and gets no other.
		{name: "embedded", docker: docker, buildkit: buildkitd, args: []string{"--engine", "embedded"}},
		{name: "docker", docker: docker, buildkit: buildkitd, args: []string{"--engine", "docker"}},
		{name: "an address", docker: docker, args: []string{"--engine", buildkitd}},
		{name: "the variable", docker: docker, buildkit: nowhere, env: []string{"PBRX_GO_ENGINE=embedded"}},
		{name: "the flag before the variable", docker: nowhere, args: []string{"--engine", "embedded"}, env: []string{"PBRX_GO_ENGINE=docker"}},

		{name: "docker without a socket", docker: nowhere, args: []string{"--engine", "docker"}, code: 3,
			stderr: "error: connecting to Docker Engine at " + nowhere + " (DOCKER_HOST): there is no such socket: " + startDocker + "\n"},
		{name: "docker and nobody listens", docker: old, args: []string{"--engine", "docker"}, code: 3,
			stderr: "error: connecting to Docker Engine at OLD (DOCKER_HOST): nobody listens there: " + startDocker + "\n"},
		{name: "docker is Podman", docker: podman, args: []string{"--engine", "docker"}, code: 3,
			stderr: "error: connecting to Docker Engine at PODMAN (DOCKER_HOST): that is Podman 4.3.1, which has no BuildKit (/grpc: unable to upgrade to h2c, received 404): use another --engine, such as embedded\n"},
		{name: "docker behind a proxy", docker: proxy, env: []string{"PBRX_GO_ENGINE=docker"}, code: 3,
			stderr: "error: connecting to Docker Engine at PROXY (DOCKER_HOST): what answers there has no BuildKit (/grpc: unable to upgrade to h2c, received 403): use another --engine, such as embedded\n"},
		{name: "no buildkitd", docker: docker, args: []string{"--engine", nowhere}, code: 3,
			stderr: "error: connecting to buildkitd at " + nowhere + ": there is no such socket: is buildkitd running there?\n"},
		{name: "no buildkitd at BUILDKIT_HOST", docker: docker, buildkit: nowhere, code: 3,
			stderr: "engine: " + nowhere + " (BUILDKIT_HOST)\nerror: connecting to buildkitd at " + nowhere + ": there is no such socket: is buildkitd running there?\n"},
		{name: "a Docker is no buildkitd", docker: docker, args: []string{"--engine", docker}, code: 3,
			stderr: "error: connecting to buildkitd at DOCKER: this is a web server, not a buildkitd: for Docker Engine use --engine docker, else mend the address\n"},
	} {
		t.Run(c.name, func(t *testing.T) { c.check(t, mask) })
	}
}

// asNobody makes the command one that a user without rights runs, in a folder with all that it needs.
func (c command) asNobody(t *testing.T) outcome {
	t.Helper()
	dir := shortDir(t)
	copyProject(t, "leafcount", filepath.Join(dir, "leafcount"))
	own := filepath.Join(dir, "own")
	if err := os.Mkdir(own, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(own, 0o777); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(binary(t)) // which lies where only we may look
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "pbrx-go")
	if err := os.WriteFile(program, data, 0o755); err != nil {
		t.Fatal(err)
	}
	c.dir = filepath.Join(dir, "leafcount")
	c.state = filepath.Join(own, "state")
	c.env = append(c.env, "HOME="+own, "XDG_DATA_HOME="+own, "DOCKER_CONFIG="+own, "TMPDIR="+own)
	cmd := c.cmd(t)
	cmd.Path = program
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	return run(t, cmd)
}

// A socket that refuses us is no reason to build with something else: somebody wanted Docker there.
func TestDockerThatRefusesUs(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("e2e: only root can become somebody else")
	}
	docker := dockerHost(t)
	// The socket refuses, not the folder that it is in.
	if err := os.Chmod(filepath.Dir(strings.TrimPrefix(docker, "unix://")), 0o711); err != nil {
		t.Fatal(err)
	}
	refused := "connecting to Docker Engine at " + docker + " (DOCKER_HOST): permission denied"
	for _, c := range []struct {
		name             string
		docker, buildkit string
		args             []string
		stderr           string
	}{
		{"auto", docker, "", nil, "error: " + refused + ": " + joinDocker + "\n"},
		{"docker", docker, "", []string{"--engine", "docker"}, "error: " + refused + ": " + joinDocker + "\n"},
		{"a buildkitd's socket", docker, docker, []string{"-q"},
			"error: connecting to buildkitd at " + docker + ": permission denied: run as a user who may use the socket (buildkitd --group says who)\n"},
		{"no Docker", nowhere, "", []string{"-q"}, "error: the embedded engine needs root: run the command as root (sudo)\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := command{args: append([]string{"build-images", "--dry-run"}, c.args...), env: dockerAt(t, c.docker, c.buildkit)}.asNobody(t)
			if out.code != 3 || out.stdout != "" {
				t.Errorf("status %d, stdout %q", out.code, out.stdout)
			}
			checkString(t, "stderr", out.stderr, c.stderr)
		})
	}
	doctor := command{args: []string{"doctor"}, env: dockerAt(t, docker, "")}.asNobody(t)
	if doctor.code != 3 {
		t.Errorf("doctor ended with %d", doctor.code)
	}
	checkString(t, "doctor", maskDoctor(doctor.stdout),
		"docker fail engine "+maskDoctor(refused)+"\n→ "+joinDocker+"\n"+
			"embedded fail root the embedded engine needs root\n→ run the command as root (sudo)\n"+
			"embedded ok runc runc version VERSION (PATH)\nembedded ok disk SIZE free in PATH\n")
}

// maskDoctor puts words in place of what is another on every machine, and one blank for those that align.
func maskDoctor(text string) string {
	for _, m := range [][2]string{
		{`(?m)^ +`, ""}, {` {2,}`, " "}, {`unix:///nowhere/engine\.sock`, "NOWHERE"}, {`unix:///tmp/\S+\.sock`, "SOCKET"},
		{`(in|version|Engine|buildkitd) v?\d[\w.+~-]*`, "$1 VERSION"}, {`\(/\S+\)`, "(PATH)"}, {` in /\S+`, " in PATH"},
		{`[\d.]+[kMGT]B free`, "SIZE free"}, {`linux/\w+`, "linux/ARCH"},
	} {
		text = regexp.MustCompile(m[0]).ReplaceAllString(text, m[1])
	}
	return text
}

// What doctor says of each engine that there is, and of each that is missing.
func TestDoctorOfEngines(t *testing.T) {
	testBase(t) // the embedded engine's needs are there where images are built
	docker, buildkitd, podman := dockerHost(t), buildkitdAddress(t), fakePodman(t)
	const (
		goodDocker = "docker ok engine Docker Engine VERSION at SOCKET (DOCKER_HOST)\n" +
			"docker ok abilities platform linux/ARCH, layers merged no, bases read from this machine no, layer cache exported no\n"
		goodBuildkitd = "buildkitd ok engine buildkitd VERSION at SOCKET\n" +
			"buildkitd ok abilities platform linux/ARCH, layers merged yes, bases read from this machine yes, layer cache exported yes\n"
		noDocker    = "docker none engine connecting to Docker Engine at NOWHERE (DOCKER_HOST): there is no such socket\n→ " + startDocker + "\n"
		noBuildkitd = "buildkitd fail engine connecting to buildkitd at NOWHERE: there is no such socket\n→ is buildkitd running there?\n"
		isPodman    = "docker fail engine connecting to Docker Engine at SOCKET (DOCKER_HOST): that is Podman 4.3.1, which has no BuildKit (/grpc: unable to upgrade to h2c, received 404)\n→ use another --engine, such as embedded\n"
		none        = "error: looking for an engine: none can build here: do for one of them what stands behind its →\n"
	)
	embedded := command{args: []string{"doctor", "--engine", "embedded"}}.succeed(t).stdout
	noRunc := strings.Replace(maskDoctor(embedded), "embedded ok runc runc version VERSION (PATH)\n",
		"embedded fail runc runc is not on PATH\n→ install it (Debian, Ubuntu: apt-get install runc; Alpine: apk add runc; Fedora: dnf install runc)\n", 1)
	for _, c := range []struct {
		name             string
		docker, buildkit string
		args, env        []string
		code             int
		stdout           string
	}{
		{name: "all", docker: docker, buildkit: buildkitd, stdout: goodBuildkitd + goodDocker + embedded},
		{name: "no BUILDKIT_HOST", docker: docker, stdout: goodDocker + embedded},
		{name: "no Docker", docker: nowhere, stdout: noDocker + embedded},
		{name: "no buildkitd", docker: docker, buildkit: nowhere, stdout: noBuildkitd + goodDocker + embedded},
		{name: "Podman", docker: podman, stdout: isPodman + embedded},
		{name: "no runc", docker: docker, env: []string{"PATH=/nowhere"}, stdout: goodDocker + noRunc},
		{name: "none", docker: nowhere, buildkit: nowhere, env: []string{"PATH=/nowhere"}, code: 3, stdout: noBuildkitd + noDocker + noRunc},
		{name: "docker only", docker: docker, buildkit: buildkitd, args: []string{"--engine", "docker"}, stdout: goodDocker},
		{name: "docker is missing", docker: nowhere, args: []string{"--engine", "docker"}, code: 3, stdout: noDocker},
		{name: "docker is Podman", docker: podman, args: []string{"--engine", "docker"}, code: 3, stdout: isPodman},
		{name: "an address", docker: docker, args: []string{"--engine", buildkitd}, stdout: goodBuildkitd},
		{name: "an address of nobody", docker: docker, args: []string{"--engine", nowhere}, code: 3, stdout: noBuildkitd},
	} {
		t.Run(c.name, func(t *testing.T) {
			out := command{args: append([]string{"doctor"}, c.args...), env: append(dockerAt(t, c.docker, c.buildkit), c.env...)}.run(t)
			if out.code != c.code {
				t.Errorf("status %d, want %d", out.code, c.code)
			}
			checkString(t, "stdout", maskDoctor(out.stdout), maskDoctor(c.stdout))
			stderr := ""
			if c.code != 0 {
				stderr = none
			}
			checkString(t, "stderr", out.stderr, stderr)
		})
	}
}
