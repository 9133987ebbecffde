package embedded_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest/distrorepo"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
)

// seaPackages are a package for a repository and one for a file.
func seaPackages() (beacon, buoy distrorepo.Package) {
	file := func(name string) []distrorepo.File {
		return []distrorepo.File{{Path: "/usr/share/" + name + "/said", Text: name + "\n"}}
	}
	return distrorepo.Package{Name: "beacon", Version: "1.0", Files: file("beacon")}, distrorepo.Package{Name: "buoy", Version: "1.0", Files: file("buoy")}
}

func served(t *testing.T, dir string) string {
	t.Helper()
	server := httptest.NewServer(http.FileServer(http.Dir(dir)))
	t.Cleanup(server.Close)
	return server.URL
}

func contentOf(t *testing.T, b *bench, name, file string) images.Content {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b.write(name, string(data), 0o644)
}

// testRepository installs a package and a package file, with a repository that passes and with one that is kept, and looks for
// what that leaves beside databases of packages.
func testRepository(b *bench, content images.DistroContent, databases string, kept ...string) {
	b.Helper()
	for _, keep := range []bool{false, true} {
		b.mustSolve(func(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler) error {
			content.Repositories[0].Keep = keep
			index, missing, err := indexOf(ctx, c, compiler, b.base, content.Repositories, "beacon", "nosuch")
			if err != nil {
				return err
			}
			if !slices.Equal(missing, []string{"nosuch"}) {
				b.Errorf("missing are %q", missing)
			}
			added, err := layer(ctx, c, b.state(), compiler.PackagesOn(b.state(), b.base, index, content, "runtime"))
			if err != nil {
				return err
			}
			got := slices.DeleteFunc(filesOf(added), func(name string) bool { return strings.HasPrefix(name, databases) || name == "/etc/apk/world" })
			want := []string{"/usr/share/beacon/said", "/usr/share/buoy/said"}
			if keep {
				want = slices.Sorted(slices.Values(append(want, kept...)))
			}
			if !slices.Equal(got, want) {
				b.Errorf("kept %t: the layer has %q, want %q", keep, got, want)
			}
			return nil
		})
	}
}

func TestRepositoryOfApk(t *testing.T) {
	b := newBench(t, alpine(t))
	b.less = []string{"/etc/apk/repositories"}
	dir := t.TempDir()
	root, www := filepath.Join(dir, "root"), filepath.Join(dir, "www")
	if err := os.Mkdir(root, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("tar", "-C", root, "-xf", b.tarball).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var keys []images.Content
	beacon, buoy := seaPackages()
	for _, name := range []string{"sea", "other"} {
		key, err := distrorepo.NewKey("keeper@example.org-" + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := distrorepo.APKs(root, filepath.Join(www, name), key, []distrorepo.Package{beacon, buoy}); err != nil {
			t.Fatal(err)
		}
		public, err := key.Public()
		if err != nil {
			t.Fatal(err)
		}
		keys = append(keys, b.write(key.Name, string(public), 0o644))
	}
	uri := served(t, www)
	content := images.DistroContent{
		Packages:     []images.Package{{Name: "beacon"}},
		PackageFiles: []images.PackageFile{{Content: contentOf(t, b, "buoy.apk", filepath.Join(www, "other", "x86_64", "buoy-1.0-r0.apk"))}},
		Repositories: []images.Repository{{Name: "sea", URI: uri + "/sea", Key: keys[0]}},
	}
	testRepository(b, content, "/lib/apk/db/", "/etc/apk/keys/keeper@example.org-sea.rsa.pub", "/etc/apk/repositories")
	wrong := b.sub(t)
	err := wrong.solve(func(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler) error {
		_, _, err := indexOf(ctx, c, compiler, b.base, []images.Repository{{Name: "sea", URI: uri + "/sea", Key: keys[1]}}, "beacon")
		return err
	})
	if got, want := wrong.said("ERROR: "), "updating and opening "+uri+"/sea: UNTRUSTED signature"; err == nil || !strings.Contains(got, want) {
		t.Errorf("%v: it says %q, want %q", err, got, want)
	}
}

func TestRepositoryOfDnf(t *testing.T) {
	on, dir := debian(t), t.TempDir()
	needEngine(t)
	key, err := distrorepo.NewRPMKey()
	if err != nil {
		t.Fatal(err)
	}
	other, err := distrorepo.NewRPMKey()
	if err != nil {
		t.Fatal(err)
	}
	root, www := filepath.Join(dir, "root"), filepath.Join(dir, "www")
	if err := distrorepo.RPMRoot(on.tarball, root, other); err != nil {
		t.Fatal(err)
	}
	beacon, buoy := seaPackages()
	if err := distrorepo.RPMs(root, www, key, []distrorepo.Package{beacon, buoy}); err != nil {
		t.Fatal(err)
	}
	on.tarball, on.less = filepath.Join(dir, "root.tar"), []string{"/etc/yum.repos.d/*"}
	if out, err := exec.Command("tar", "-C", root, "-cf", on.tarball, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	on.base = images.Base{PackageManager: "dnf", DistroName: "rocky-9.4", Python: images.Python{Executable: "/usr/bin/python3"}}
	b := newBench(t, on)
	public, err := key.Public()
	if err != nil {
		t.Fatal(err)
	}
	distrusted, err := other.Public()
	if err != nil {
		t.Fatal(err)
	}
	content := images.DistroContent{
		Packages:     []images.Package{{Name: "beacon"}},
		PackageFiles: []images.PackageFile{{Content: contentOf(t, b, "buoy.rpm", filepath.Join(www, "buoy-1.0-0.x86_64.rpm"))}},
		Repositories: []images.Repository{{Name: "sea", URI: served(t, www), Key: b.write("key.asc", string(public), 0o644)}},
	}
	testRepository(b, content, "/var/lib/rpm/", "/etc/pki/rpm-gpg/RPM-GPG-KEY-sea", "/etc/yum.repos.d/sea.repo")
	trusted := func(keep bool) (count int) {
		b.mustSolve(func(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler) error {
			content.Repositories[0].Keep = keep
			index, _, err := indexOf(ctx, c, compiler, b.base, content.Repositories, "beacon", "nosuch")
			if err != nil {
				return err
			}
			st := compiler.PackagesOn(b.state(), b.base, index, content, "runtime")
			asked := llb.Scratch().WithOutput(st.Output()).Run(llb.Args([]string{"/bin/sh", "-c", "/usr/bin/rpm -qa gpg-pubkey > /out/keys"}))
			keys, err := readOf(ctx, c, asked.AddMount("/out", llb.Scratch()), "keys")
			count = strings.Count(keys, "gpg-pubkey-")
			if database, err := readOf(ctx, c, st, "/var/lib/rpm/rpmdb.sqlite"); err != nil || strings.Contains(database, "gpg-pubkey") != keep {
				t.Errorf("kept %t: whether the database speaks of keys is wrong, %v", keep, err)
			}
			return err
		})
		return count
	}
	if passing, kept := trusted(false), trusted(true); passing != 0 || kept != 1 {
		t.Errorf("rpm trusts %d keys with a repository that passes, %d with one that is kept", passing, kept)
	}
	content.Repositories[0].Key = b.write("other.asc", string(distrusted), 0o644)
	wrong := b.sub(t)
	err = wrong.solve(func(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler) error {
		index, _, err := indexOf(ctx, c, compiler, b.base, content.Repositories, "beacon")
		if err == nil {
			_, err = ref(ctx, c, compiler.PackagesOn(b.state(), b.base, index, content, "runtime"))
		}
		return err
	})
	if got := wrong.said("ERROR: "); err == nil || !strings.Contains(got, "GPG check FAILED") {
		t.Errorf("%v: it says %q\n%s", err, got, strings.Join(wrong.log.lines, "\n"))
	}
}
