package remote

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// diagnosis hears of the first thing that went wrong below gRPC, which by itself says no more
// than that a connection was lost.
type diagnosis struct {
	mu    sync.Mutex
	err   error
	stops bool
	// web says that the answer was one of HTTP/1, which gRPC forgets where the connection ends before it has read it.
	web bool
}

// read hears of the first bytes of an answer.
func (d *diagnosis) read(p []byte) {
	if bytes.HasPrefix(p, []byte("HTTP/1.")) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.web = true
	}
}

func (d *diagnosis) isWeb() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.web
}

func (d *diagnosis) hear(err error) {
	if errors.Is(err, fs.ErrClosed) || errors.Is(err, net.ErrClosed) {
		return // gRPC closed it, which has a reason of its own
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err == nil && !d.stops {
		d.err = err
	}
}

// hears says whether the reason is still to be heard.
func (d *diagnosis) hears() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err == nil && !d.stops
}

// stop ends the hearing, once the engine has answered.
func (d *diagnosis) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.stops, d.err = true, nil
}

func (d *diagnosis) heard() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.err
}

// dialer hears of what goes wrong with dialling, and with reading where it is asked to.
func (d *diagnosis) dialer(dial func(context.Context, string) (net.Conn, error), reading bool) func(context.Context, string) (net.Conn, error) {
	return func(ctx context.Context, addr string) (net.Conn, error) {
		conn, err := dial(ctx, addr)
		if err != nil {
			d.hear(err)
			return nil, err
		}
		if !reading {
			return conn, nil
		}
		return &heardConn{Conn: conn, diagnosis: d}, nil
	}
}

// heardConn is a connection whose end is heard of.
type heardConn struct {
	net.Conn
	diagnosis *diagnosis
	answered  atomic.Bool
}

// Read reads.
func (c *heardConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if n > 0 && !c.answered.Swap(true) {
		c.diagnosis.read(p[:n])
	}
	if err != nil {
		c.diagnosis.hear(err)
	}
	return n, err
}

// Write writes. What the other side said before it hung up can be read only now: gRPC closes
// the connection next.
func (c *heardConn) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	if err != nil && c.diagnosis.hears() {
		_ = c.SetReadDeadline(time.Now().Add(lastWords)) // where there are no deadlines, the end of the program ends it
		_, _ = io.Copy(io.Discard, c)                    // Read hears
	}
	return n, err
}

// lastWords is how long somebody who hangs up may take to say why.
const lastWords = time.Second

// explain makes a reason and a remedy of what asking ended with and of what was heard meanwhile.
func (d *diagnosis) explain(asked error, u *url.URL, s scheme, o Options) (reason error, remedy string) { //nolint:staticcheck // the error is what it found, not how it went
	heard := d.heard()
	if heard == nil {
		heard = asked
	}
	var (
		unknownCA x509.UnknownAuthorityError
		wrongName x509.HostnameError
		invalid   x509.CertificateInvalidError
		said      *net.OpError
		noTLS     tls.RecordHeaderError
	)
	switch {
	case errors.Is(asked, errNoWorker):
		return asked, "start it with a worker (its log says why there is none)"
	case errors.As(heard, &unknownCA):
		return fmt.Errorf("its certificate was issued by %q, which is not in ca.pem", unknownCA.Cert.Issuer.CommonName), "put the CA of the server into ca.pem of the folder of --engine-tls"
	case errors.As(heard, &wrongName), errors.As(heard, &invalid):
		return heard, "use a name that its certificate has, or have the certificate renewed"
	case errors.As(heard, &said) && said.Op == "remote error" && strings.Contains(heard.Error(), "certificate"): // what crypto/tls makes of an alert
		return fmt.Errorf("it refuses our certificate: %w", said.Err), "put a certificate of a CA that it trusts into cert.pem and key.pem of the folder of --engine-tls"
	case errors.As(heard, &noTLS):
		return errors.New("it does not speak TLS"), "leave out --engine-tls, or have buildkitd started with TLS"
	case s.program != "":
		return programError(s, heard), programHint(s, u, heard)
	case errors.Is(heard, syscall.ECONNREFUSED):
		return errors.New("connection refused"), hint(s, u)
	case errors.Is(heard, fs.ErrNotExist):
		return errors.New("there is no such socket"), hint(s, u)
	case errors.Is(heard, fs.ErrPermission):
		return errors.New("permission denied"), "run as a user who may use the socket (buildkitd --group says who)"
	case d.isWeb(), strings.Contains(asked.Error(), "looked like an HTTP/1.1 header"):
		return errors.New("this is a web server, not a buildkitd"), "for Docker Engine use --engine docker, else mend the address"
	case status.Code(asked) == codes.Unimplemented:
		return errors.New("this is a gRPC server, but not a buildkitd"), "mend the address"
	case s.name == "tcp" && o.TLSDir == "" && (errors.Is(heard, io.EOF) || errors.Is(heard, syscall.ECONNRESET)):
		return errors.New("it hangs up"), "it may want TLS: give --engine-tls DIR with ca.pem, cert.pem and key.pem"
	}
	return heard, hint(s, u)
}

// programError says what the program that carries the connection complained about. The text is that of
// docker/cli's commandconn, which has no type for it.
func programError(s scheme, heard error) error {
	if errors.Is(heard, exec.ErrNotFound) {
		return fmt.Errorf("there is no %s on PATH", s.program)
	}
	_, said, found := strings.Cut(heard.Error(), " has exited with ")
	if !found {
		if errors.Is(heard, io.EOF) {
			return fmt.Errorf("%s hung up", s.program)
		}
		return heard
	}
	how, _, _ := strings.Cut(said, ", ")
	_, stderr, _ := strings.Cut(said, "stderr=")
	if line := lastLine(stderr); line != "" {
		return fmt.Errorf("%s: %s (%s)", s.program, line, how)
	}
	return fmt.Errorf("%s: %s", s.program, how)
}

func programHint(s scheme, u *url.URL, heard error) string {
	if errors.Is(heard, exec.ErrNotFound) {
		return "install it"
	}
	return hint(s, u)
}

// hint is what to do when nobody answers.
func hint(s scheme, u *url.URL) string {
	host := u.Hostname()
	if u.User != nil {
		host = u.User.Username() + "@" + host
	}
	if s.name == "ssh" && u.Port() != "" {
		host = "-p " + u.Port() + " " + host
	}
	return strings.ReplaceAll(s.hint, "%s", host)
}

// lastLine is where programs say what went wrong; warnings come before it.
func lastLine(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}

// oneLine is text without its line ends.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
