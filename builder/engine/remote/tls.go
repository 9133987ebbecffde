package remote

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"google.golang.org/grpc/credentials"
)

// loadTLS reads the files of a folder as buildctl --tlsdir does.
func loadTLS(dir string) (credentials.TransportCredentials, error) {
	var paths [3]string
	for i, names := range [][2]string{{"ca.pem", "ca.crt"}, {"cert.pem", "tls.crt"}, {"key.pem", "tls.key"}} {
		path, err := oneOf(dir, names)
		if err != nil {
			return nil, fmt.Errorf("reading the TLS files: %w", err)
		}
		paths[i] = path
	}
	ca, err := os.ReadFile(paths[0])
	if err != nil {
		return nil, fmt.Errorf("reading the TLS files: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, fmt.Errorf("reading the TLS files: %s holds no certificate", paths[0])
	}
	pair, err := tls.LoadX509KeyPair(paths[1], paths[2])
	if err != nil {
		return nil, fmt.Errorf("reading %s and %s: %w", paths[1], paths[2], err)
	}
	return credentials.NewTLS(&tls.Config{RootCAs: pool, Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}), nil
}

// oneOf finds the file that is there.
func oneOf(dir string, names [2]string) (string, error) {
	for _, name := range names {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path, nil
		} else if !errors.Is(err, fs.ErrNotExist) {
			return "", err
		}
	}
	return "", fmt.Errorf("%s has no %s", dir, names[0])
}

// heardCredentials tell a diagnosis what goes wrong with TLS: gRPC itself keeps no more of it than text.
type heardCredentials struct {
	credentials.TransportCredentials
	diagnosis *diagnosis
}

// ClientHandshake does the client's part of TLS.
func (c *heardCredentials) ClientHandshake(ctx context.Context, authority string, raw net.Conn) (net.Conn, credentials.AuthInfo, error) {
	conn, info, err := c.TransportCredentials.ClientHandshake(ctx, authority, raw)
	if err != nil {
		c.diagnosis.hear(err)
		return nil, nil, err
	}
	// With TLS 1.3 a server refuses our certificate after the handshake.
	return &heardConn{Conn: conn, diagnosis: c.diagnosis}, info, nil
}

// Clone makes a copy, as gRPC asks for.
func (c *heardCredentials) Clone() credentials.TransportCredentials {
	return &heardCredentials{TransportCredentials: c.TransportCredentials.Clone(), diagnosis: c.diagnosis}
}
