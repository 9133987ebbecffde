package host

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"golang.org/x/net/http/httpproxy"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
)

const (
	// fetchTries is how often an answer is asked for, fetchWait how long after the first, and twice that after the next.
	fetchTries = 3
	fetchWait  = 300 * time.Millisecond
	// fetchLimit is the longest file of constraints; the longest known one has 20 kB.
	fetchLimit = 16 << 20
)

// FetchError says that a file could not be fetched: the surroundings failed.
type FetchError struct {
	// What is the file, without credentials.
	What string
	Err  error
	// Hint says what to do.
	Hint string
}

// Error is one line.
func (e *FetchError) Error() string {
	return "fetching " + e.What + ": " + e.Err.Error() + ": " + e.Hint
}

// Unwrap is the cause.
func (e *FetchError) Unwrap() error { return e.Err }

// fetcher reads files wherever they are.
type fetcher struct {
	env  map[string]string
	root string
	// host and client are made when the first file is to be fetched.
	host   *builder.Host
	client *http.Client
	clones map[repository]string
}

// read returns the bytes of a file.
func (f *fetcher) read(ctx context.Context, at place) ([]byte, error) {
	switch {
	case at.name != "":
		return at.data, nil
	case at.repo.address != "":
		return f.gitFile(ctx, at)
	case at.url != nil:
		return f.get(ctx, at)
	}
	return os.ReadFile(at.path)
}

// prepare reads what the host says of reaching others.
func (f *fetcher) prepare() error {
	if f.host != nil {
		return nil
	}
	h, _, err := Read(f.env, f.root)
	if err != nil {
		return err
	}
	f.host = &h
	return nil
}

// open makes the client that speaks as programs here do: with the host's authorities, proxy and client certificate.
func (f *fetcher) open() error {
	if f.client != nil {
		return nil
	}
	if err := f.prepare(); err != nil {
		return err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	for _, name := range []string{plan2llb.SecretCA, plan2llb.SecretPipCA} {
		if pem := f.host.Secrets[name]; len(pem) > 0 {
			if config.RootCAs == nil {
				config.RootCAs = x509.NewCertPool()
			}
			config.RootCAs.AppendCertsFromPEM(pem)
		}
	}
	if pem := f.host.Secrets[plan2llb.SecretClientCert]; len(pem) > 0 {
		certificate, err := tls.X509KeyPair(pem, pem)
		if err != nil {
			return fmt.Errorf("reading the certificate of pip's option client-cert: %w", err)
		}
		config.Certificates = []tls.Certificate{certificate}
	}
	p := f.host.Proxy
	proxies := httpproxy.Config{HTTPProxy: cmp.Or(p.HTTPProxy, p.AllProxy), HTTPSProxy: cmp.Or(p.HTTPSProxy, p.AllProxy), NoProxy: p.NoProxy}
	choose := proxies.ProxyFunc()
	f.client = &http.Client{
		Timeout: time.Minute,
		Transport: &http.Transport{
			Proxy:                 func(req *http.Request) (*url.URL, error) { return choose(req.URL) },
			DialContext:           (&net.Dialer{Timeout: 15 * time.Second}).DialContext,
			TLSClientConfig:       config,
			TLSHandshakeTimeout:   15 * time.Second,
			ResponseHeaderTimeout: 30 * time.Second,
			DisableKeepAlives:     true,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			if len(via) >= 10 {
				return errors.New("it leads from one address to the next, more than ten times")
			}
			if req.URL.Scheme != "https" && via[len(via)-1].URL.Scheme == "https" {
				return errors.New("it leads from https to " + req.URL.Scheme)
			}
			return nil
		},
	}
	return nil
}

// get fetches a file of constraints by HTTP.
func (f *fetcher) get(ctx context.Context, at place) ([]byte, error) {
	var data []byte
	err := f.ask(ctx, at, func(resp *http.Response, fail failure) (err error) {
		data, err = readConstraints(resp, fail)
		return err
	})
	return data, err
}

// readConstraints reads the answer of a server that was asked for a file of constraints.
func readConstraints(resp *http.Response, fail failure) ([]byte, error) {
	if strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		return nil, fail("name the address of the plain file; a page for people, or one to log in, is none", errors.New("it answered with a web page"))
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, fetchLimit+1))
	if err != nil {
		return nil, fail("mend the network, or run again", &passingError{err})
	}
	if len(data) > fetchLimit {
		return nil, fail("name a file of constraints", fmt.Errorf("it has more than %d MB", fetchLimit>>20))
	}
	return data, nil
}

// failure is the error of what was to be fetched.
type failure func(hint string, err error) error

// ask has take read what is behind a URL, once more and again where trying again may help.
func (f *fetcher) ask(ctx context.Context, at place, take func(*http.Response, failure) error) error {
	if err := f.open(); err != nil {
		return err
	}
	wait := fetchWait
	for try := 1; ; try++ {
		err := f.once(ctx, at, take)
		var passing *passingError
		if !errors.As(err, &passing) || try == fetchTries {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(wait):
		}
		wait *= 2
	}
}

// passingError is a failure that may be over when it is tried again.
type passingError struct{ error }

func (e *passingError) Unwrap() error { return e.error }

// once asks for a file. The errors hold no part of the address that may be a secret.
func (f *fetcher) once(ctx context.Context, at place, take func(*http.Response, failure) error) error {
	fail := func(hint string, err error) error { return &FetchError{What: at.String(), Err: err, Hint: hint} }
	bare := *at.url
	bare.User = nil
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, bare.String(), nil)
	if err != nil {
		return fail("correct the address", errors.New("it is no URL"))
	}
	if login, password, ok := f.login(at.url.Hostname(), at.url.User); ok {
		req.SetBasicAuth(login, password)
	}
	resp, err := f.client.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		var outer *url.Error
		if errors.As(err, &outer) { // which shows the whole address
			err = outer.Err
		}
		var untrusted *tls.CertificateVerificationError
		if errors.As(err, &untrusted) {
			return fail("have this machine trust its authority, or name one with SSL_CERT_FILE", err)
		}
		return fail("mend the network or the address, or run again", &passingError{err})
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		err := errors.New("it answered " + resp.Status)
		switch code := resp.StatusCode; {
		case code == http.StatusUnauthorized || code == http.StatusForbidden:
			return fail("put credentials for "+at.url.Hostname()+" into netrc, or correct them", err)
		case code == http.StatusTooManyRequests || code >= 500:
			return fail("run again later", &passingError{err})
		}
		return fail("correct the address", err)
	}
	return take(resp, fail)
}

// login are the credentials for a host: those of the address, else those of netrc.
func (f *fetcher) login(host string, user *url.Userinfo) (login, password string, ok bool) {
	if user != nil {
		password, _ = user.Password()
		return user.Username(), password, true
	}
	return netrcLogin(string(f.host.Secrets[plan2llb.SecretNetrc]), host)
}

// netrcLogin looks a host up in the text of a netrc file, as Python's netrc does.
func netrcLogin(text, host string) (login, password string, ok bool) {
	var words []string
	for line := range strings.Lines(text) {
		if trimmed := strings.TrimSpace(line); !strings.HasPrefix(trimmed, "#") {
			words = append(words, strings.Fields(line)...)
		}
	}
	inside, exact := false, false
	for i := 0; i < len(words); i++ {
		value := ""
		if i+1 < len(words) {
			value = strings.Trim(words[i+1], `"`)
		}
		switch words[i] {
		case "machine":
			if exact {
				return login, password, true
			}
			inside, exact = value == host, value == host
			if inside {
				login, password, ok = "", "", true
			}
			i++
		case "default":
			if exact {
				return login, password, true
			}
			if inside = !ok; inside {
				ok = true
			}
		case "login", "user":
			if inside {
				login = value
			}
			i++
		case "password":
			if inside {
				password = value
			}
			i++
		case "account":
			i++
		}
	}
	return login, password, ok
}
