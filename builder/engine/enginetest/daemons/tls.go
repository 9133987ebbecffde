package daemons

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The files of a folder that CA.Server and CA.Client make. The names are those that buildctl --tlsdir looks for.
const (
	caFile   = "ca.pem"
	certFile = "cert.pem"
	keyFile  = "key.pem"
)

// CA is a certificate authority that lives for a test.
type CA struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
	serial      int64
}

// NewCA makes a certificate authority of its own, which nobody trusts yet.
func NewCA(t testing.TB) *CA {
	t.Helper()
	key := newKey(t)
	ca := &CA{key: key, certificate: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test CA"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}, serial: 1}
	der, err := x509.CreateCertificate(rand.Reader, ca.certificate, ca.certificate, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	if ca.certificate, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return ca
}

// Server makes a folder with ca.pem, cert.pem and key.pem for a server that is reached by these host names
// and IP addresses. It is removed with the test.
func (ca *CA) Server(t testing.TB, hosts ...string) string {
	t.Helper()
	c := &x509.Certificate{Subject: pkix.Name{CommonName: "test server"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	for _, host := range hosts {
		if ip := net.ParseIP(host); ip != nil {
			c.IPAddresses = append(c.IPAddresses, ip)
		} else {
			c.DNSNames = append(c.DNSNames, host)
		}
	}
	return ca.issue(t, c)
}

// Client makes a folder with ca.pem, cert.pem and key.pem for a client. It is removed with the test.
func (ca *CA) Client(t testing.TB) string {
	t.Helper()
	return ca.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "test client"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
}

func (ca *CA) issue(t testing.TB, c *x509.Certificate) string {
	t.Helper()
	ca.serial++
	c.SerialNumber = big.NewInt(ca.serial)
	c.NotBefore, c.NotAfter, c.KeyUsage = ca.certificate.NotBefore, ca.certificate.NotAfter, x509.KeyUsageDigitalSignature
	key := newKey(t)
	der, err := x509.CreateCertificate(rand.Reader, c, ca.certificate, key.Public(), ca.key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for _, f := range []struct {
		name, kind string
		der        []byte
	}{
		{caFile, "CERTIFICATE", ca.certificate.Raw},
		{certFile, "CERTIFICATE", der},
		{keyFile, "PRIVATE KEY", keyDER},
	} {
		if err := os.WriteFile(filepath.Join(dir, f.name), pem.EncodeToMemory(&pem.Block{Type: f.kind, Bytes: f.der}), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// Mixed makes a folder of a client that trusts servers of one CA, and shows a certificate of another.
func Mixed(t testing.TB, trusts, shows *CA) string {
	t.Helper()
	dir := shows.Client(t)
	if err := os.WriteFile(filepath.Join(dir, caFile), trusts.pem(), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (ca *CA) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.certificate.Raw})
}
