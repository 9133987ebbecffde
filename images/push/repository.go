package push

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// repository is a repository in a registry, and the way there.
type repository struct {
	name.Repository
	// host is the registry as users and docker's configuration write it.
	host string
	// certs is where docker looks for certificates for the host, if anywhere.
	certs string
	// anonymous says that no credentials were found.
	anonymous bool
	// client has the credentials; writer uses it. Neither tries again: retry does.
	client *http.Client
	writer *remote.Pusher
}

// connect asks the registry how it wants to be spoken to. Blobs may be mounted from the
// repositories of sources, for which the right to read is asked as well.
func (r *repository) connect(ctx context.Context, o Options, base http.RoundTripper, sources []name.Repository) error {
	auth, err := authn.Resolve(ctx, o.Keychain, r.Repository)
	if err != nil {
		return &sourceError{fmt.Errorf("reading the credentials for %s from docker's configuration: %w", r.host, err)}
	}
	r.anonymous = auth == authn.Anonymous
	scopes := []string{r.Scope(transport.PushScope)}
	for _, s := range sources {
		scopes = append(scopes, s.Scope(transport.PullScope))
	}
	t, err := transport.NewWithContext(ctx, r.Registry, auth, base, scopes)
	if err != nil {
		return err
	}
	once := remote.WithRetryBackoff(remote.Backoff{Steps: 1})
	never := remote.WithRetryPredicate(func(error) bool { return false })
	r.client = &http.Client{Transport: t}
	r.writer, err = remote.NewPusher(remote.WithTransport(t), once, never)
	return err
}

// has asks for a manifest. A registry that does not want to tell is told all of it.
func (r *repository) has(ctx context.Context, m manifest) (bool, error) {
	u := url.URL{Scheme: r.Scheme(), Host: r.RegistryStr(), Path: fmt.Sprintf("/v2/%s/manifests/%s", r.RepositoryStr(), m.desc.Digest)}
	req, err := http.NewRequestWithContext(ctx, http.MethodHead, u.String(), nil)
	if err != nil {
		return false, err
	}
	req.Header.Set("Accept", m.desc.MediaType)
	resp, err := r.client.Do(req)
	if err != nil {
		return false, err
	}
	defer resp.Body.Close()
	switch resp.StatusCode {
	case http.StatusOK:
		return true, nil
	case http.StatusNotFound, http.StatusForbidden, http.StatusMethodNotAllowed:
		return false, nil
	}
	return false, transport.CheckError(resp, http.StatusOK)
}

// put writes a manifest by its digest or under a tag.
func (r *repository) put(ctx context.Context, m manifest, ref name.Reference) error {
	return r.writer.Put(ctx, ref, m)
}

// upload sends a blob unless it is there. Where another repository has it, it is mounted from there.
func (r *repository) upload(ctx context.Context, b *blob, source *repository) error {
	if source == nil {
		return r.writer.Upload(ctx, r.Repository, b)
	}
	return r.writer.Upload(ctx, r.Repository, &remote.MountableLayer{Layer: b, Reference: source.Digest(b.desc.Digest.String())})
}

// explain adds to what a registry refuses who asked for it, and what to do.
func (r *repository) explain(err error) error {
	var answer *transport.Error
	if !errors.As(err, &answer) {
		return r.explainTLS(err)
	}
	login := "`docker login " + r.host + "`"
	if r.host == "docker.io" {
		login = "`docker login`"
	}
	who := "the credentials from docker's configuration"
	if r.anonymous {
		who = "no credentials, as docker's configuration has none for it"
	}
	switch answer.StatusCode {
	case http.StatusUnauthorized:
		if r.anonymous {
			return fmt.Errorf("%w (%s was asked with %s: use %s)", err, r.host, who, login)
		}
		return fmt.Errorf("%w (%s does not accept %s: use %s anew)", err, r.host, who, login)
	case http.StatusForbidden, http.StatusNotFound:
		if r.anonymous {
			return fmt.Errorf("%w (%s was asked with %s: use %s, and mind that the repository may have to be made first)", err, r.host, who, login)
		}
		return fmt.Errorf("%w (%s was asked with %s: they may not allow this, or the repository must be made first)", err, r.host, who)
	}
	return err
}

// explainTLS says what to do about a connection that TLS does not allow.
func (r *repository) explainTLS(err error) error {
	var authority x509.UnknownAuthorityError
	switch {
	case errors.Is(err, http.ErrSchemeMismatch):
		return fmt.Errorf("%w (plain HTTP is spoken to this machine only: %s needs a certificate)", err, r.host)
	case r.certs == "":
	case errors.As(err, &authority):
		return fmt.Errorf("%w (if it is to be trusted, put its CA into %s)", err, filepath.Join(r.certs, "ca.crt"))
	case remoteAlert(err) != nil:
		return fmt.Errorf("%w (client certificates are NAME.cert and NAME.key in %s)", err, r.certs)
	}
	return err
}
