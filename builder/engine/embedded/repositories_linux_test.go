package embedded_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	"github.com/ProtonMail/go-crypto/openpgp/clearsign"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
)

// debPackage is a package for apt, with one file and a script.
func debPackage(t *testing.T, name, postInstall string) []byte {
	t.Helper()
	if _, err := exec.LookPath("dpkg-deb"); err != nil {
		t.Skip("packages for apt: dpkg-deb is not on PATH")
	}
	dir := t.TempDir()
	put := func(name, text string, mode os.FileMode) {
		t.Helper()
		at := filepath.Join(dir, "tree", name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), mode)); err != nil {
			t.Fatal(err)
		}
	}
	put("DEBIAN/control", "Package: "+name+"\nVersion: 1.0\nArchitecture: all\nMaintainer: Keeper <keeper@example.org>\nDescription: Made for a test\n", 0o644)
	put("usr/share/"+name+"/said", "the package "+name+"\n", 0o644)
	if postInstall != "" {
		put("DEBIAN/postinst", postInstall, 0o755)
	}
	out := filepath.Join(dir, name+".deb")
	if said, err := exec.Command("dpkg-deb", "--root-owner-group", "-Zgzip", "--build", filepath.Join(dir, "tree"), out).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, said)
	}
	data, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// pgpKey is a key that signs, and its public half in both spellings.
type pgpKey struct {
	entity           *openpgp.Entity
	armoured, binary string
}

func newPGPKey(t *testing.T) pgpKey {
	t.Helper()
	entity, err := openpgp.NewEntity("Keeper", "made for a test", "keeper@example.org", &packet.Config{Algorithm: packet.PubKeyAlgoRSA, RSABits: 2048})
	if err != nil {
		t.Fatal(err)
	}
	var plain, text bytes.Buffer
	w, err := armor.Encode(&text, openpgp.PublicKeyType, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := entity.Serialize(&plain); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(plain.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return pgpKey{entity: entity, armoured: text.String(), binary: plain.String()}
}

// aptRepository serves packages as a signed repository with the suite "stable" and the component "main", and returns its address.
func aptRepository(t *testing.T, key pgpKey, packages map[string][]byte) string {
	t.Helper()
	dir := t.TempDir()
	put := func(name string, data []byte) {
		t.Helper()
		at := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var index bytes.Buffer
	for name, data := range packages {
		put("pool/"+name+".deb", data)
		fmt.Fprintf(&index, "Package: %s\nVersion: 1.0\nArchitecture: all\nMaintainer: Keeper <keeper@example.org>\nFilename: pool/%s.deb\nSize: %d\nSHA256: %x\nDescription: Made for a test\n\n",
			name, name, len(data), sha256.Sum256(data))
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(index.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	put("dists/stable/main/binary-amd64/Packages", index.Bytes())
	put("dists/stable/main/binary-amd64/Packages.gz", packed.Bytes())
	release := fmt.Sprintf("Origin: Keeper\nSuite: stable\nCodename: stable\nDate: Mon, 06 May 2024 07:08:09 UTC\nArchitectures: amd64\nComponents: main\nSHA256:\n"+
		" %x %d main/binary-amd64/Packages\n %x %d main/binary-amd64/Packages.gz\n", sha256.Sum256(index.Bytes()), index.Len(), sha256.Sum256(packed.Bytes()), packed.Len())
	var signed bytes.Buffer
	w, err := clearsign.Encode(&signed, key.entity.PrivateKey, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(release)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	put("dists/stable/InRelease", signed.Bytes())
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	return server.URL
}

// indexOf fetches an index and looks for names in it.
func indexOf(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler, base images.Base, all []images.Repository, names ...string) (index plan2llb.PackageIndex, missing []string, err error) {
	var found struct {
		Content string   `json:"content"`
		Missing []string `json:"missing"`
	}
	index, report := compiler.Index(base, all)
	text, err := readOf(ctx, c, report, "index.json")
	if err == nil {
		err = json.Unmarshal([]byte(text), &found)
	}
	if err != nil {
		return index, nil, err
	}
	index.Content = found.Content
	if text, err = readOf(ctx, c, compiler.Wanted(base, index, names), "index.json"); err == nil {
		err = json.Unmarshal([]byte(text), &found)
	}
	return index, found.Missing, err
}

// A package of a repository beside the base's own is installed, with one from a file, and nothing of the repository is in the image
// unless it is to be kept.
func TestRepositoryOfApt(t *testing.T) {
	b := newBench(t, debian(t))
	key, other := newPGPKey(t), newPGPKey(t)
	uri := aptRepository(t, key, map[string][]byte{"beacon": debPackage(t, "beacon", ""), "mast": debPackage(t, "mast", "")})
	armoured, binary, wrong := b.write("key.asc", key.armoured, 0o644), b.write("key.bin", key.binary, 0o600), b.write("other.gpg", other.armoured, 0o644)
	single := b.write("buoy_1.0_all.deb", string(debPackage(t, "buoy", "")), 0o644)
	repository := images.Repository{Name: "sea", URI: uri, Suite: "stable", Components: []string{"main"}, Key: armoured, From: "pbrx-go.toml:3:1"}
	installed := []string{"/usr/share/beacon/said", "/usr/share/buoy/said", "/var/lib/dpkg/info/beacon.list", "/var/lib/dpkg/info/beacon.md5sums",
		"/var/lib/dpkg/info/buoy.list", "/var/lib/dpkg/info/buoy.md5sums", "/var/lib/dpkg/status"}
	for _, m := range []struct {
		name string
		key  images.Content
		keep bool
		left []string
	}{
		{"passing", armoured, false, nil},
		{"kept, with a binary key", binary, true, []string{"/etc/apt/keyrings/sea.gpg", "/etc/apt/sources.list.d/sea.sources"}},
	} {
		t.Run(m.name, func(t *testing.T) {
			b := b.sub(t)
			r := repository
			r.Key, r.Keep = m.key, m.keep
			content := images.DistroContent{Repositories: []images.Repository{r}, Packages: []images.Package{{Name: "beacon", From: "pbrx-go.toml:1:1"}},
				PackageFiles: []images.PackageFile{{Content: single, From: "pbrx-go.toml:2:1"}}}
			b.mustSolve(func(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler) error {
				index, missing, err := indexOf(ctx, c, compiler, b.base, content.Repositories, "beacon", "nosuch", "mast")
				if err != nil {
					return err
				}
				if want := []string{"nosuch"}; !slices.Equal(missing, want) {
					t.Errorf("missing are %q, want %q", missing, want)
				}
				st := compiler.PackagesOn(b.state(), b.base, index, content, "runtime")
				added, err := layer(ctx, c, b.state(), st)
				if err != nil {
					return err
				}
				if got, want := filesOf(added), slices.Sorted(slices.Values(append(slices.Clone(installed), m.left...))); !slices.Equal(got, want) {
					t.Errorf("the layer has %q, want %q", got, want)
				}
				for _, name := range m.left {
					if !strings.HasPrefix(added[name], "-rw-r--r-- 0:0 315532800 ") {
						t.Errorf("%s is %s", name, added[name])
					}
				}
				if !m.keep {
					return nil
				}
				// What was kept is not doubled on the next level, nor written again.
				above := images.DistroContent{Repositories: content.Repositories, Packages: []images.Package{{Name: "mast"}}}
				if added, err = layer(ctx, c, st, compiler.PackagesOn(st, b.base, index, above, "image")); err != nil {
					return err
				}
				want := []string{"/usr/share/mast/said", "/var/lib/dpkg/info/mast.list", "/var/lib/dpkg/info/mast.md5sums", "/var/lib/dpkg/status"}
				if got := filesOf(added); !slices.Equal(got, want) {
					t.Errorf("the next layer has %q, want %q", got, want)
				}
				return nil
			})
		})
	}
	t.Run("wrong key", func(t *testing.T) {
		b := b.sub(t)
		r := repository
		r.Key, r.From = wrong, "pbrx-go.toml:3:12"
		err := b.solve(func(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler) error {
			defer func() {
				if from := compiler.Steps()[plan2llb.IndexStep(b.base, []images.Repository{r})].From; !slices.Equal(from, []string{r.From}) {
					t.Errorf("the step is said to come from %q", from)
				}
			}()
			_, _, err := indexOf(ctx, c, compiler, b.base, []images.Repository{r}, "beacon")
			return err
		})
		want := "The following signatures couldn't be verified because the public key is not available: NO_PUBKEY " + key.entity.PrimaryKey.KeyIdString()
		if got := b.said("E: "); err == nil || !strings.HasSuffix(got, " stable InRelease: "+want) || !strings.HasPrefix(got, uri) {
			t.Errorf("%v; it says %q, want %q", err, got, want)
		}
	})
	t.Run("one name more fetches no index", func(t *testing.T) {
		b := b.sub(t)
		b.mustSolve(func(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler) error {
			_, _, err := indexOf(ctx, c, compiler, b.base, []images.Repository{repository}, "beacon", "lantern")
			return err
		})
		if len(b.log.ran) > 0 {
			t.Errorf("these steps ran: %q", b.log.ran)
		}
	})
}
