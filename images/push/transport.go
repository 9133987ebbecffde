package push

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// errStalled is a request on which nothing moved.
type errStalled struct{ limit time.Duration }

func (e errStalled) Error() string { return fmt.Sprintf("nothing moved for %s", e.limit) }

// errPlain is plain HTTP to another machine.
type errPlain struct{ host string }

func (e errPlain) Error() string {
	return fmt.Sprintf("%s is to be reached by plain HTTP, which is spoken to this machine only", e.host)
}

// newTransport is how a registry, and what it sends us on to, is reached.
func newTransport(host string, certs *tls.Config, stall time.Duration) *schemes {
	base := &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:       certs,
		ForceAttemptHTTP2:     true,
		MaxIdleConnsPerHost:   jobs,
		IdleConnTimeout:       90 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
	return &schemes{base: base, inner: &watched{inner: base, stall: stall}, registry: host}
}

// schemes decides between HTTP and HTTPS, whatever those above it guess: TLS to other machines
// always; a registry on loopback is asked for TLS first.
type schemes struct {
	base     *http.Transport
	inner    http.RoundTripper
	registry string

	mu     sync.Mutex
	scheme string // of the registry on loopback, once it is known
}

func (s *schemes) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Host != s.registry {
		if req.URL.Scheme == "http" && !isLoopback(req.URL.Hostname()) {
			return nil, errPlain{req.URL.Host}
		}
		return s.inner.RoundTrip(req)
	}
	if !isLoopback(req.URL.Hostname()) {
		return s.inner.RoundTrip(withScheme(req, "https"))
	}
	s.mu.Lock()
	scheme := s.scheme
	s.mu.Unlock()
	if scheme != "" {
		return s.inner.RoundTrip(withScheme(req, scheme))
	}
	// The first request is a bare GET /v2/: it can be sent twice.
	scheme = "https"
	resp, err := s.inner.RoundTrip(withScheme(req, scheme))
	var noTLS tls.RecordHeaderError
	if errors.Is(err, http.ErrSchemeMismatch) || errors.As(err, &noTLS) {
		scheme = "http"
		resp, err = s.inner.RoundTrip(withScheme(req, scheme))
	}
	if err == nil {
		s.mu.Lock()
		s.scheme = scheme
		s.mu.Unlock()
	}
	return resp, err
}

func withScheme(req *http.Request, scheme string) *http.Request {
	if req.URL.Scheme == scheme {
		return req
	}
	req = req.Clone(req.Context())
	req.URL.Scheme = scheme
	return req
}

// isLoopback says whether a host is this machine by its name alone: nothing is looked up.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// watched gives up requests on which nothing moves, and takes note of Retry-After.
type watched struct {
	inner http.RoundTripper
	stall time.Duration
}

func (w *watched) RoundTrip(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(req.Context())
	dog := &watchdog{limit: w.stall, why: func() error { return context.Cause(ctx) }}
	dog.timer = time.AfterFunc(w.stall, func() { cancel(errStalled{w.stall}) })
	dog.stop = func() {
		dog.timer.Stop()
		cancel(nil)
	}
	req = req.WithContext(ctx)
	if req.Body != nil && req.Body != http.NoBody {
		req.Body = &moving{ReadCloser: req.Body, dog: dog}
		if again := req.GetBody; again != nil {
			req.GetBody = func() (io.ReadCloser, error) {
				body, err := again()
				return &moving{ReadCloser: body, dog: dog}, err
			}
		}
	}
	resp, err := w.inner.RoundTrip(req)
	if err != nil {
		err = dog.cause(err)
		dog.stop()
		return nil, err
	}
	dog.moved()
	noteRetryAfter(req.Context(), resp)
	resp.Body = &answer{moving{ReadCloser: resp.Body, dog: dog}}
	return resp, nil
}

// watchdog ends a request after a time without movement.
type watchdog struct {
	limit time.Duration
	why   func() error
	timer *time.Timer
	stop  func()
}

func (d *watchdog) moved() { d.timer.Reset(d.limit) }

// cause replaces the error of a request that the watchdog ended by the reason.
func (d *watchdog) cause(err error) error {
	var stalled errStalled
	if err != nil && errors.As(d.why(), &stalled) {
		return stalled
	}
	return err
}

// moving is a body, of which every byte read is movement.
type moving struct {
	io.ReadCloser
	dog *watchdog
}

func (m *moving) Read(p []byte) (int, error) {
	n, err := m.ReadCloser.Read(p)
	if n > 0 {
		m.dog.moved()
	}
	return n, err
}

// answer is the body of an answer, with which the watch ends.
type answer struct{ moving }

func (a *answer) Read(p []byte) (int, error) {
	n, err := a.moving.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = a.dog.cause(err)
	}
	return n, err
}

func (a *answer) Close() error {
	defer a.dog.stop()
	return a.moving.Close()
}

// hint carries what a registry asked for from the transport to who tries again.
type hint struct {
	mu    sync.Mutex
	after time.Duration
}

type hintKey struct{}

func noteRetryAfter(ctx context.Context, resp *http.Response) {
	h, ok := ctx.Value(hintKey{}).(*hint)
	value := resp.Header.Get("Retry-After")
	if !ok || value == "" || resp.StatusCode < 400 {
		return
	}
	after := time.Duration(0)
	if seconds, err := strconv.Atoi(value); err == nil {
		after = time.Duration(min(seconds, 1<<20)) * time.Second
	} else if at, err := http.ParseTime(value); err == nil {
		after = time.Until(at)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.after = max(h.after, after)
}

func (h *hint) wait() time.Duration {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.after
}
