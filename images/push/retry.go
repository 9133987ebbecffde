package push

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// retry does something until it works, cannot work, or has been tried often enough.
func (p *pusher) retry(ctx context.Context, what string, do func(context.Context) error) error {
	wait := p.o.Wait
	for try := 1; ; try++ {
		h := &hint{}
		err := do(context.WithValue(ctx, hintKey{}, h))
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		err = fmt.Errorf("%s: %w", what, plainly(err))
		if !temporary(err) {
			return err
		}
		if try == p.o.Tries {
			return fmt.Errorf("%w (tried %d times)", err, try)
		}
		pause := max(wait, min(h.wait(), p.o.MaxWait))
		p.log("%v: trying again in %s", err, pause)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
		wait *= 2
	}
}

// temporary says whether the same request may work later.
func temporary(err error) bool {
	var (
		answer    *transport.Error
		dns       *net.DNSError
		verify    *tls.CertificateVerificationError
		authority x509.UnknownAuthorityError
		plain     errPlain
		source    *sourceError
		stalled   errStalled
		request   *requestError
	)
	switch {
	case errors.As(err, &source), errors.As(err, &plain):
		return false
	case errors.As(err, &answer):
		return temporaryAnswer(answer)
	case errors.As(err, &dns):
		return !dns.IsNotFound
	case errors.As(err, &verify), errors.As(err, &authority), errors.Is(err, http.ErrSchemeMismatch):
		return false
	case remoteAlert(err) != nil:
		return false
	}
	return errors.As(err, &stalled) || errors.As(err, &request) || errors.Is(err, io.ErrUnexpectedEOF)
}

// remoteAlert finds what the other side's TLS said, such as that it wants a certificate.
func remoteAlert(err error) error {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" { // crypto/tls has no type for it
		return op
	}
	return nil
}

func temporaryAnswer(e *transport.Error) bool {
	switch e.StatusCode {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests, 499:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	// An upload that was damaged or forgotten on its way is begun anew.
	again := []transport.ErrorCode{transport.BlobUploadUnknownErrorCode, transport.BlobUploadInvalidErrorCode,
		transport.DigestInvalidErrorCode, transport.SizeInvalidErrorCode, transport.TooManyRequestsErrorCode}
	return e.StatusCode >= 500 || slices.ContainsFunc(e.Errors, func(d transport.Diagnostic) bool { return slices.Contains(again, d.Code) })
}

// requestError is a request without an answer. Its URL has no query: signatures and states of
// uploads are nobody's business.
type requestError struct {
	method, url string
	err         error
}

func (e *requestError) Error() string { return fmt.Sprintf("%s %s: %v", e.method, e.url, e.err) }
func (e *requestError) Unwrap() error { return e.err }

// plainly is an error as it can be shown: its first cause where there were two attempts (TLS,
// plain), no queries in URLs, one line, not a whole page of HTML.
func plainly(err error) error {
	var source *sourceError
	if errors.As(err, &source) {
		return source
	}
	var answer *transport.Error
	if errors.As(err, &answer) {
		return answerError{answer}
	}
	var request *url.Error
	if errors.As(err, &request) {
		shown := request.URL
		if u, parseErr := url.Parse(request.URL); parseErr == nil {
			shown = u.Scheme + "://" + u.Host + u.Path
		}
		cause := request.Err
		if alert := remoteAlert(cause); alert != nil {
			cause = alert // without net/http's own words around it
		}
		return &requestError{strings.ToUpper(request.Op), shown, cause}
	}
	return err
}

// answerError is an answer of a registry in one line of a bearable length: what was asked, the
// status, and the registry's own words.
type answerError struct{ answer *transport.Error }

func (e answerError) Error() string {
	var words []string
	for _, d := range e.answer.Errors {
		words = append(words, strings.Trim(string(d.Code)+": "+d.Message, ": "))
	}
	said := strings.Join(words, "; ")
	if said == "" && !strings.Contains(e.answer.Error(), "HEAD responses have no body") {
		_, said, _ = strings.Cut(e.answer.Error(), http.StatusText(e.answer.StatusCode)+": ")
	}
	text := fmt.Sprintf("%d %s", e.answer.StatusCode, http.StatusText(e.answer.StatusCode))
	if r := e.answer.Request; r != nil {
		text = fmt.Sprintf("%s %s://%s%s: %s", r.Method, r.URL.Scheme, r.URL.Host, r.URL.Path, text)
	}
	if said = strings.Join(strings.Fields(said), " "); said == "" {
		return text
	}
	if runes := []rune(said); len(runes) > 200 {
		said = string(runes[:200]) + "…"
	}
	return text + ": " + said
}

func (e answerError) Unwrap() error { return e.answer }
