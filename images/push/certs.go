package push

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// tlsConfig is what docker's folders of certificates say for a host
// (docs.docker.com/engine/security/certificates).
func tlsConfig(dirs []string, host string) (*tls.Config, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	for _, dir := range dirs {
		if err := addCerts(config, filepath.Join(dir, host)); err != nil {
			return nil, fmt.Errorf("certificates for %s: %w", host, err)
		}
	}
	return config, nil
}

func addCerts(config *tls.Config, dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch filepath.Ext(path) {
		case ".crt":
			err = addCA(config, path)
		case ".cert":
			err = addClient(config, path)
		default:
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func addCA(config *tls.Config, path string) error {
	pem, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if config.RootCAs == nil {
		if config.RootCAs, err = x509.SystemCertPool(); err != nil {
			return fmt.Errorf("reading the system's certificates: %w", err)
		}
	}
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return fmt.Errorf("%s holds no certificate in PEM form", path)
	}
	return nil
}

func addClient(config *tls.Config, path string) error {
	key := strings.TrimSuffix(path, ".cert") + ".key"
	if _, err := os.Stat(key); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("the client certificate %s has no %s beside it", path, filepath.Base(key))
	}
	cert, err := tls.LoadX509KeyPair(path, key)
	if err != nil {
		return fmt.Errorf("reading %s and its key: %w", path, err)
	}
	config.Certificates = append(config.Certificates, cert)
	return nil
}
