package distrorepo

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1" // #nosec G505 -- what apk-tools 2 verifies
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2/apk"
)

// Key signs packages and indexes for apk.
type Key struct {
	// Name is the name of the file in /etc/apk/keys that a system trusts it by.
	Name    string
	private *rsa.PrivateKey
}

// NewKey makes a key that nobody trusts yet.
func NewKey(name string) (*Key, error) {
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	return &Key{Name: name + ".rsa.pub", private: private}, nil
}

// Public is the content of the file that goes into /etc/apk/keys.
func (k *Key) Public() ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(k.private.Public())
	if err != nil {
		return nil, fmt.Errorf("writing a public key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// sign signs a SHA-1, the one digest that apk-tools 2 installs by.
func (k *Key) sign(digest []byte) ([]byte, error) {
	return rsa.SignPKCS1v15(rand.Reader, k.private, crypto.SHA1, digest)
}

// APKs writes packages and their signed index into dir, which becomes what a line of /etc/apk/repositories names
// ("…/v3.20/main"). root is an Alpine root file system; its apk makes the index.
func APKs(root, dir string, key *Key, packages []Package) error {
	scratch, err := os.MkdirTemp("", "distrorepo-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	dir = filepath.Join(dir, "x86_64")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var names []string
	for _, p := range packages {
		name := p.Name + "-" + p.Version + "-r0.apk"
		if err := p.writeAPK(scratch, filepath.Join(dir, name), key); err != nil {
			return fmt.Errorf("making %s: %w", name, err)
		}
		names = append(names, name)
	}
	return index(root, dir, scratch, key, names)
}

func (p Package) writeAPK(scratch, path string, key *Key) error {
	info, err := p.info(scratch)
	if err != nil {
		return err
	}
	info.APK.Signature.KeyName = key.Name
	info.APK.Signature.SignFn = func(digest io.Reader) ([]byte, error) {
		sum, err := io.ReadAll(digest)
		if err != nil {
			return nil, err
		}
		return key.sign(sum)
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := apk.Default.Package(info, f); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}

// index has apk write the index of the packages in dir, and signs it. apk verifies the packages' signatures meanwhile.
func index(root, dir, scratch string, key *Key, names []string) error {
	public, err := key.Public()
	if err != nil {
		return err
	}
	keys, unsigned := filepath.Join(scratch, "keys"), filepath.Join(scratch, "APKINDEX.tar.gz")
	if err := os.Mkdir(keys, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(keys, key.Name), public, 0o644); err != nil {
		return err
	}
	cmd := command(root, append([]string{"index", "--keys-dir", keys, "--output", unsigned}, names...)...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("apk index: %w: %s", err, bytes.TrimSpace(out))
	}
	return key.signIndex(unsigned, filepath.Join(dir, "APKINDEX.tar.gz"))
}

// command runs the apk of a root file system without entering it: by its own loader, with its own libraries.
func command(root string, args ...string) *exec.Cmd {
	loader := filepath.Join(root, "lib/ld-musl-x86_64.so.1")
	libraries := filepath.Join(root, "lib") + ":" + filepath.Join(root, "usr/lib")
	return exec.Command(loader, append([]string{"--library-path", libraries, filepath.Join(root, "sbin/apk"), "--root", root}, args...)...)
}

// signIndex puts the signature before an index: a gzip stream of its own, of a tar archive without an end.
func (k *Key) signIndex(unsigned, signed string) error {
	index, err := os.ReadFile(unsigned)
	if err != nil {
		return err
	}
	sum := sha1.Sum(index) // #nosec G401 -- what apk-tools 2 verifies
	signature, err := k.sign(sum[:])
	if err != nil {
		return err
	}
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	t := tar.NewWriter(z)
	if err := t.WriteHeader(&tar.Header{Name: ".SIGN.RSA." + k.Name, Mode: 0o644, Size: int64(len(signature)), Format: tar.FormatUSTAR}); err != nil {
		return err
	}
	if _, err := t.Write(signature); err != nil {
		return err
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if err := z.Close(); err != nil {
		return err
	}
	return os.WriteFile(signed, append(out.Bytes(), index...), 0o644)
}
