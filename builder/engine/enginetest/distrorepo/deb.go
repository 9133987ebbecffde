package distrorepo

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/goreleaser/nfpm/v2/deb"
)

// Debs writes packages and their signed index for apt into dir, which becomes what the address of a source names; suite and
// component are the rest of its line.
func Debs(dir, suite, component string, key *RPMKey, packages []Package) error {
	pool := filepath.Join("pool", component)
	if err := os.MkdirAll(filepath.Join(dir, pool), 0o755); err != nil {
		return err
	}
	var index bytes.Buffer
	for _, p := range packages {
		path := filepath.Join(pool, p.Name+"_"+p.Version+"-0_amd64.deb")
		if err := p.WriteDeb(filepath.Join(dir, path)); err != nil {
			return fmt.Errorf("making %s: %w", path, err)
		}
		data, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil {
			return err
		}
		fmt.Fprintf(&index, "Package: %s\nVersion: %s-0\nArchitecture: amd64\nMaintainer: Keeper <keeper@example.org>\nDescription: Made for a test\n", p.Name, p.Version)
		if len(p.Depends) > 0 {
			fmt.Fprintf(&index, "Depends: %s\n", strings.Join(p.Depends, ", "))
		}
		fmt.Fprintf(&index, "Filename: %s\nSize: %d\nSHA256: %x\n\n", path, len(data), sha256.Sum256(data))
	}
	return writeSuite(filepath.Join(dir, "dists", suite), suite, component, key, index.Bytes())
}

// WriteDeb writes the package, for amd64, to a file. The same package has the same bytes.
func (p Package) WriteDeb(path string) error {
	scratch, err := os.MkdirTemp("", "distrorepo-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	info, err := p.info(scratch)
	if err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(deb.Default.Package(info, f), f.Close())
}

// writeSuite writes the index of the only component of a suite, and signs it.
func writeSuite(dir, suite, component string, key *RPMKey, index []byte) error {
	name := component + "/binary-amd64/Packages"
	if err := os.MkdirAll(filepath.Join(dir, filepath.Dir(name)), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, name), index, 0o644); err != nil {
		return err
	}
	var release bytes.Buffer
	w, err := clearsign.Encode(&release, key.entity.PrivateKey, &packet.Config{Time: built})
	if err != nil {
		return fmt.Errorf("signing the suite %s: %w", suite, err)
	}
	fmt.Fprintf(w, "Origin: Keeper\nSuite: %s\nCodename: %s\nDate: %s\nArchitectures: amd64\nComponents: %s\nSHA256:\n %x %d %s\n",
		suite, suite, built().Format(time.RFC1123), component, sha256.Sum256(index), len(index), name)
	if err := w.Close(); err != nil {
		return fmt.Errorf("signing the suite %s: %w", suite, err)
	}
	return os.WriteFile(filepath.Join(dir, "InRelease"), release.Bytes(), 0o644)
}
