package docker

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/docker/cli/cli/config"
	"github.com/docker/docker/client"
	"github.com/opencontainers/go-digest"
)

// Endpoint is the Docker Engine that would be used. The zero value is none; see [Find].
type Endpoint struct {
	// Host is the address, as in DOCKER_HOST: unix://…, tcp://…, npipe://…, ssh://….
	Host string
	// Source is where that was said: "DOCKER_HOST", "docker context NAME" or "the default".
	Source string

	apiVersion string
	tls        *tls.Config
}

// Find says which Docker Engine would be used, as docker's own client chooses, without asking
// it anything. getenv is os.Getenv or a fake; it is asked for DOCKER_HOST, DOCKER_CONTEXT,
// DOCKER_CONFIG, DOCKER_CERT_PATH, DOCKER_TLS_VERIFY, DOCKER_API_VERSION and HOME. A context,
// certificate or configuration that cannot be read is an error that names it.
func Find(getenv func(string) string) (Endpoint, error) {
	e := Endpoint{Host: client.DefaultDockerHost, Source: "the default", apiVersion: getenv(client.EnvOverrideAPIVersion)}
	if host := getenv(client.EnvOverrideHost); host != "" {
		e.Host, e.Source = host, client.EnvOverrideHost
		if hasTLS(host) {
			var err error
			if e.tls, err = tlsOfEnv(getenv); err != nil {
				return Endpoint{}, err
			}
		}
		return e, nil
	}
	dir := getenv(config.EnvOverrideConfigDir)
	if dir == "" {
		dir = filepath.Join(getenv("HOME"), ".docker")
	}
	name, from := getenv("DOCKER_CONTEXT"), "DOCKER_CONTEXT"
	if name == "" {
		from = filepath.Join(dir, config.ConfigFileName)
		file, err := config.Load(dir)
		if err != nil {
			return Endpoint{}, fmt.Errorf("reading docker's configuration: %w", err)
		}
		name = file.CurrentContext
	}
	if name == "" || name == "default" {
		return e, nil
	}
	if err := e.useContext(filepath.Join(dir, "contexts"), name); err != nil {
		return Endpoint{}, fmt.Errorf("reading the docker context %q, which %s asks for: %w", name, from, err)
	}
	return e, nil
}

// useContext takes the address and the certificates of a docker context. The layout of the
// folder is docker's: contexts/meta/ID/meta.json and contexts/tls/ID/docker/*.pem, where ID is
// the digest of the name. (docker/cli's own reader for it would bring in two more modules.)
func (e *Endpoint) useContext(dir, name string) error {
	id := digest.FromString(name).Encoded()
	path := filepath.Join(dir, "meta", id, "meta.json")
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is none of that name in %s: make it with docker context create, or use another", dir)
	}
	if err != nil {
		return err
	}
	var meta struct {
		Endpoints map[string]struct {
			Host          string
			SkipTLSVerify bool
		}
	}
	if err := json.Unmarshal(raw, &meta); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	endpoint, ok := meta.Endpoints["docker"]
	if !ok {
		return fmt.Errorf("%s: it has no endpoint for docker", path)
	}
	e.Source = "docker context " + name
	if endpoint.Host != "" {
		e.Host = endpoint.Host
	}
	if !hasTLS(e.Host) {
		return nil
	}
	pems, err := readPEMs(filepath.Join(dir, "tls", id, "docker"))
	if err != nil || (pems.none() && !endpoint.SkipTLSVerify) {
		return err
	}
	e.tls, err = pems.config(endpoint.SkipTLSVerify)
	return err
}

// hasTLS says whether certificates matter for an address: not for sockets of this machine and for ssh.
func hasTLS(host string) bool {
	scheme, _, _ := strings.Cut(host, "://")
	return scheme == "tcp" || scheme == "http" || scheme == "https"
}

// tlsOfEnv is the TLS that DOCKER_CERT_PATH and DOCKER_TLS_VERIFY ask for, and nothing when they
// do not. As in docker's Go client, certificates without DOCKER_TLS_VERIFY do not check the server.
func tlsOfEnv(getenv func(string) string) (*tls.Config, error) {
	dir, verify := getenv(client.EnvOverrideCertPath), getenv(client.EnvTLSVerify) != ""
	if dir == "" {
		if !verify {
			return nil, nil
		}
		if dir = getenv(config.EnvOverrideConfigDir); dir == "" {
			dir = filepath.Join(getenv("HOME"), ".docker")
		}
	}
	pems, err := readPEMs(dir)
	if err == nil && pems.none() && getenv(client.EnvOverrideCertPath) != "" {
		err = fmt.Errorf("%s, which %s names, has no ca.pem, cert.pem and key.pem", dir, client.EnvOverrideCertPath)
	}
	var c *tls.Config
	if err == nil {
		c, err = pems.config(!verify)
	}
	if err != nil {
		return nil, fmt.Errorf("reading the certificates for %s: %w", client.EnvOverrideHost, err)
	}
	return c, nil
}

// pems are the files by which docker and an engine prove to each other who they are.
type pems struct {
	dir           string
	ca, cert, key []byte
}

// readPEMs reads those of the files that there are.
func readPEMs(dir string) (pems, error) {
	p := pems{dir: dir}
	for _, f := range []struct {
		name string
		into *[]byte
	}{{"ca.pem", &p.ca}, {"cert.pem", &p.cert}, {"key.pem", &p.key}} {
		data, err := os.ReadFile(filepath.Join(dir, f.name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return pems{}, err
		}
		*f.into = data
	}
	return p, nil
}

func (p pems) none() bool { return p.ca == nil && p.cert == nil && p.key == nil }

func (p pems) config(skipVerify bool) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: skipVerify}
	if p.ca != nil {
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(p.ca) {
			return nil, fmt.Errorf("%s holds no certificate", filepath.Join(p.dir, "ca.pem"))
		}
	}
	if p.cert != nil || p.key != nil {
		pair, err := tls.X509KeyPair(p.cert, p.key)
		if err != nil {
			return nil, fmt.Errorf("%s with its key.pem: %w", filepath.Join(p.dir, "cert.pem"), err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
