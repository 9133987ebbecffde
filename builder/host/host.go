package host

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/moby/buildkit/client/llb"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
)

// Read returns what steps get of the host, and warnings about what they cannot get.
// env is the environment; root is put before the absolute paths of well-known files, empty
// but in tests. Errors are files that are named and cannot be read.
func Read(env map[string]string, root string) (builder.Host, []string, error) {
	r := &reader{env: env, root: root, host: builder.Host{Secrets: map[string][]byte{}}}
	if err := errors.Join(r.certificates(), r.netrc(), r.pip()); err != nil {
		return builder.Host{}, nil, err
	}
	r.host.Proxy = llb.ProxyEnv{
		HTTPProxy:  r.first("HTTP_PROXY", "http_proxy"),
		HTTPSProxy: r.first("HTTPS_PROXY", "https_proxy"),
		FTPProxy:   r.first("FTP_PROXY", "ftp_proxy"),
		NoProxy:    r.first("NO_PROXY", "no_proxy"),
		AllProxy:   r.first("ALL_PROXY", "all_proxy"),
	}
	r.host.Hidden = hidden(r.host)
	return r.host, r.warnings, nil
}

type reader struct {
	env      map[string]string
	root     string
	host     builder.Host
	warnings []string
}

func (r *reader) first(names ...string) string {
	for _, name := range names {
		if r.env[name] != "" {
			return r.env[name]
		}
	}
	return ""
}

// certificates takes the bundle that programs here are told to use, else the distribution's.
func (r *reader) certificates() error {
	if path := r.env["SSL_CERT_FILE"]; path != "" {
		return r.secret(plan2llb.SecretCA, path)
	}
	for _, path := range []string{
		"/etc/ssl/certs/ca-certificates.crt", // Debian, Alpine, Arch
		"/etc/pki/tls/certs/ca-bundle.crt",   // Red Hat
		"/etc/ssl/ca-bundle.pem",             // SUSE
		"/etc/ssl/cert.pem",                  // macOS, BSD
	} {
		data, err := os.ReadFile(filepath.Join(r.root, path))
		if err == nil {
			r.host.Secrets[plan2llb.SecretCA] = data
			return nil
		}
	}
	return nil
}

func (r *reader) netrc() error {
	if path := r.env["NETRC"]; path != "" {
		return r.secret(plan2llb.SecretNetrc, path)
	}
	if r.env["HOME"] == "" {
		return nil
	}
	for _, name := range []string{".netrc", "_netrc"} { // the first that is there, as pip's requests has it
		data, err := os.ReadFile(filepath.Join(r.env["HOME"], name))
		if err == nil {
			r.host.Secrets[plan2llb.SecretNetrc] = data
			return nil
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("reading the host's netrc: %w", err)
		}
	}
	return nil
}

func (r *reader) secret(name, path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading %s for the build: %w", name, err)
	}
	r.host.Secrets[name] = data
	return nil
}
