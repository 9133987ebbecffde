package distrorepo

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"github.com/goreleaser/nfpm/v2/rpm"
)

// RPMKey signs packages for rpm.
type RPMKey struct{ entity *openpgp.Entity }

// NewRPMKey makes a key that nobody trusts yet.
func NewRPMKey() (*RPMKey, error) {
	entity, err := openpgp.NewEntity("Keeper", "made for a test", "keeper@example.org", &packet.Config{Algorithm: packet.PubKeyAlgoRSA, RSABits: 2048, Time: built})
	if err != nil {
		return nil, fmt.Errorf("making a key: %w", err)
	}
	return &RPMKey{entity: entity}, nil
}

// Public is the content of the file in /etc/pki/rpm-gpg that a gpgkey= of a repository names.
func (k *RPMKey) Public() ([]byte, error) {
	var out bytes.Buffer
	w, err := armor.Encode(&out, openpgp.PublicKeyType, nil)
	if err != nil {
		return nil, fmt.Errorf("writing a public key: %w", err)
	}
	if err := k.entity.Serialize(w); err != nil {
		return nil, fmt.Errorf("writing a public key: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("writing a public key: %w", err)
	}
	return out.Bytes(), nil
}

func (k *RPMKey) sign(data io.Reader) ([]byte, error) {
	var out bytes.Buffer
	err := openpgp.DetachSign(&out, k.entity, data, &packet.Config{Time: built})
	return out.Bytes(), err
}

// RPMs writes packages and their index into dir, which becomes what a baseurl= names ("…/BaseOS/x86_64/os"). root
// is a root file system made by [RPMRoot]; its createrepo_c makes the index.
func RPMs(root, dir string, key *RPMKey, packages []Package) error {
	scratch, err := os.MkdirTemp("", "distrorepo-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(scratch)
	inside, err := os.MkdirTemp(root, "repo-*") // createrepo_c sees nothing else
	if err != nil {
		return err
	}
	defer os.RemoveAll(inside)
	for _, p := range packages {
		name := p.Name + "-" + p.Version + "-0.x86_64.rpm"
		if err := p.writeRPM(scratch, filepath.Join(inside, name), key); err != nil {
			return fmt.Errorf("making %s: %w", name, err)
		}
	}
	if err := inRoot(root, "createrepo_c", "--quiet", "--workers=1", "/"+filepath.Base(inside)); err != nil {
		return fmt.Errorf("making an index of packages: %w", err)
	}
	return os.CopyFS(dir, os.DirFS(inside))
}

func (p Package) writeRPM(scratch, path string, key *RPMKey) error {
	info, err := p.info(scratch)
	if err != nil {
		return err
	}
	info.RPM.BuildHost = "builder.example.org"
	info.RPM.Signature.SignFn = key.sign
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := rpm.DefaultRPM.Package(info, f); err != nil {
		return err
	}
	return f.Close()
}
