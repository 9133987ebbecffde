package docker

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestOpen(t *testing.T) {
	socket := strings.TrimPrefix(host(t), "unix://")
	certs := writeCerts(t)
	proxy := tlsProxy(t, certs, socket)
	contexts := map[string]string{
		"here":   writeContext(t, "here", `{"Host":"unix://`+socket+`"}`, ""),
		"secure": writeContext(t, "secure", `{"Host":"`+proxy+`"}`, certs.dir),
	}
	for _, c := range []struct {
		name   string
		env    map[string]string
		source string
	}{
		{"DOCKER_HOST", map[string]string{"DOCKER_HOST": "unix://" + socket}, "DOCKER_HOST"},
		{"an older API", map[string]string{"DOCKER_HOST": "unix://" + socket, "DOCKER_API_VERSION": "1.40"}, "DOCKER_HOST"},
		{"context", map[string]string{"DOCKER_CONFIG": contexts["here"], "DOCKER_CONTEXT": "here"}, "docker context here"},
		{"TLS", map[string]string{"DOCKER_HOST": proxy, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": certs.dir}, "DOCKER_HOST"},
		{"TLS of a context", map[string]string{"DOCKER_CONFIG": contexts["secure"], "DOCKER_CONTEXT": "secure"}, "docker context secure"},
		{"ssh", map[string]string{"DOCKER_HOST": "ssh://user@example.org"}, "DOCKER_HOST"},
	} {
		t.Run(c.name, func(t *testing.T) {
			putSSH(t, socket)
			e, err := Find(getenv(c.env))
			if err != nil {
				t.Fatal(err)
			}
			if e.Source != c.source {
				t.Errorf("the source is %q, want %q", e.Source, c.source)
			}
			d, err := Open(t.Context(), e)
			if err != nil {
				t.Fatal(err)
			}
			// Long after Open returned, and its limit went with it.
			if workers, err := d.Client().ListWorkers(t.Context()); err != nil || len(workers) != 1 {
				t.Errorf("its BuildKit has the workers %v: %v", workers, err)
			}
			if !strings.Contains(d.Version(), ".") || d.Containerd() {
				t.Errorf("version %q, containerd %v", d.Version(), d.Containerd())
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

// putSSH puts an ssh before the machine's that leads to a socket.
func putSSH(t *testing.T, socket string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "ssh")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	t.Setenv(dialEnv, socket)
}

func TestUnavailable(t *testing.T) {
	dir := t.TempDir()
	abandoned := filepath.Join(dir, "abandoned.sock")
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: abandoned, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	l.SetUnlinkOnClose(false)
	l.Close()
	podman := fakeServer(t, http.Header{"Server": {"Libpod/4.3.1 (linux)"}, "Libpod-Api-Version": {"4.3.1"}, "Api-Version": {"1.41"}}, 404)
	proxy := fakeServer(t, http.Header{"Api-Version": {"1.41"}}, 403)
	certs, others := writeCerts(t), writeCerts(t)
	tlsHost := tlsProxy(t, certs, abandoned)
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "tcp://" + free.Addr().String()
	free.Close()
	const choose = "start Docker, point DOCKER_HOST or a docker context at one that runs, or use another --engine"
	for _, c := range []struct {
		name   string
		env    map[string]string
		reason Reason
		want   string
	}{
		{"no socket", map[string]string{"DOCKER_HOST": "unix://" + dir + "/none.sock"}, NoSocket,
			"connecting to Docker Engine at unix://" + dir + "/none.sock (DOCKER_HOST): there is no such socket: " + choose},
		{"no socket of a context", map[string]string{"DOCKER_CONTEXT": "x", "DOCKER_CONFIG": writeContext(t, "x", `{"Host":"unix:///nowhere/x"}`, "")}, NoSocket,
			"connecting to Docker Engine at unix:///nowhere/x (docker context x): there is no such socket: " + choose},
		{"nobody listens", map[string]string{"DOCKER_HOST": "unix://" + abandoned}, NoSocket,
			"connecting to Docker Engine at unix://" + abandoned + " (DOCKER_HOST): nobody listens there: " + choose},
		{"nobody listens on a port", map[string]string{"DOCKER_HOST": nobody}, NoSocket,
			"connecting to Docker Engine at " + nobody + " (DOCKER_HOST): nobody listens there: " + choose},
		{"Podman", map[string]string{"DOCKER_HOST": podman}, NoBuildKit,
			"connecting to Docker Engine at " + podman + " (DOCKER_HOST): that is Podman 4.3.1, which has no BuildKit (/grpc: unable to upgrade to h2c, received 404): use another --engine, such as embedded"},
		{"a proxy", map[string]string{"DOCKER_HOST": proxy}, NoBuildKit,
			"connecting to Docker Engine at " + proxy + " (DOCKER_HOST): what answers there has no BuildKit (/grpc: unable to upgrade to h2c, received 403): use another --engine, such as embedded"},
		{"a stranger's certificate", map[string]string{"DOCKER_HOST": tlsHost, "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": others.dir}, Other,
			"connecting to Docker Engine at " + tlsHost + ` (DOCKER_HOST): tls: failed to verify certificate: x509: certificate signed by unknown authority (possibly because of "x509: ECDSA verification failure" while trying to verify candidate authority certificate "test"): mend that or use another --engine`},
		{"no address", map[string]string{"DOCKER_HOST": "docker"}, Other,
			"connecting to Docker Engine at docker (DOCKER_HOST): unable to parse docker host `docker`: mend that or use another --engine"},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := Find(getenv(c.env))
			if err != nil {
				t.Fatal(err)
			}
			_, err = Open(t.Context(), e)
			wantUnavailable(t, err, c.reason, c.want)
		})
	}
}

func wantUnavailable(t *testing.T, err error, reason Reason, want string) {
	t.Helper()
	var u *Unavailable
	if !errors.As(err, &u) {
		t.Fatalf("got %T: %v", err, err)
	}
	if u.Reason != reason {
		t.Errorf("the reason is %d, want %d", u.Reason, reason)
	}
	if err.Error() != want {
		t.Errorf("got\n%s\nwant\n%s", err, want)
	}
}

// fakeServer answers pings as Podman (its headers are those of Podman 4.3.1 in Debian 12) or a
// proxy does, and refuses everything else.
func fakeServer(t *testing.T, header http.Header, status int) string {
	t.Helper()
	socket := filepath.Join(t.TempDir(), "fake.sock")
	l, err := net.Listen("unix", socket)
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
	return "unix://" + socket
}

// Nobody, who is not in the group docker, tries a real engine.
func TestPermissionDenied(t *testing.T) {
	address := host(t)
	cmd := exec.Command("/proc/self/exe") // whose folder nobody may look into
	cmd.Dir = "/"
	cmd.Env = append(os.Environ(), openEnv+"="+address)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	want := "connecting to Docker Engine at " + address + " (DOCKER_HOST): permission denied: add yourself to the group docker (`sudo usermod -aG docker $USER`, then log in again), or run as root"
	if string(out) != want {
		t.Errorf("got\n%s\nwant\n%s", out, want)
	}
}

// silent accepts connections and says nothing.
func silent(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "silent.sock"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return "unix://" + l.Addr().String()
}

func TestOpenGivesUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	port := "tcp://" + l.Addr().String()
	for _, e := range []Endpoint{
		{Host: silent(t), Source: "the default"},
		{Host: port, Source: "the default"},
		{Host: port, Source: "the default", tls: &tls.Config{}},
	} {
		begun := time.Now()
		_, err := e.open(t.Context(), 100*time.Millisecond)
		wantUnavailable(t, err, Other, "connecting to Docker Engine at "+e.Host+" (the default): no answer within 100ms: mend that or use another --engine")
		if took := time.Since(begun); took > 5*time.Second {
			t.Errorf("it took %s", took)
		}
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	interrupted := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	time.AfterFunc(50*time.Millisecond, func() { cancel(interrupted) })
	if _, err := Open(ctx, Endpoint{Host: silent(t)}); !errors.Is(err, interrupted) || errors.As(err, new(*Unavailable)) {
		t.Errorf("got %v", err)
	}
}
