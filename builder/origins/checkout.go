package origins

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/pbrx-go/pbrx-go/images/definition"
)

// Checkout is the work tree of a project.
type Checkout struct {
	// Dir is where the project lies, Tree the top of the work tree that it is in; they differ by the project's subdirectory.
	Dir, Tree string
	// Commit is empty for a project of the kind path.
	Commit string
	// Pin decides what is built: the commit, the digest of its tags and that of the patches; empty for a directory, whose content decides.
	Pin string
	// Resolved is when the branch or tag was asked for; zero for a commit.
	Resolved time.Time
	// Patched says that patches were applied: the tree is not that of the commit, and tools that put that into a version need
	// Described.
	Patched bool
	// Described is the commit, without the patches; zero where there is no repository, or a directory is taken as it is.
	Described Description
}

// Checkout makes the work tree of a project, or finds that of an earlier run. Nothing may be changed in it. Errors are as those of Fetch, and
// *PatchError.
func (f *Fetcher) Checkout(ctx context.Context, p definition.Project) (Checkout, error) {
	patches, err := f.patches(p)
	if err != nil {
		return Checkout{}, err
	}
	var c Checkout
	switch p.Origin.Kind {
	case definition.Git:
		c, err = f.gitCheckout(ctx, p, patches)
	case definition.Path:
		c, err = f.directory(ctx, p, patches)
	default:
		err = problem(p.Origin.At, "give it git and ref, or path", "project %s cannot come from %q", p.Handle, p.Origin.Kind)
	}
	if err != nil {
		return Checkout{}, err
	}
	c.Patched = len(patches) > 0
	c.Dir, err = subdirectory(c.Tree, p)
	return c, err
}

// subdirectory is where the project lies in its tree.
func subdirectory(tree string, p definition.Project) (string, error) {
	if p.Subdirectory.Value == "" {
		return tree, nil
	}
	real, err := within(tree, filepath.Join(tree, filepath.FromSlash(p.Subdirectory.Value)), p.Subdirectory, p.Handle, "correct the path, from the top of the repository")
	if err != nil {
		return "", err
	}
	if info, err := os.Stat(real); err != nil || !info.IsDir() {
		return "", problem(p.Subdirectory.At, "name the directory of the project", "%q of %s is no directory", p.Subdirectory.Value, p.Handle)
	}
	return real, nil
}

// gitCheckout is a work tree with a repository of its own.
func (f *Fetcher) gitCheckout(ctx context.Context, p definition.Project, patches []patch) (Checkout, error) {
	s, unlock, err := f.openStore(ctx, p.Origin, p.Handle)
	if err != nil {
		return Checkout{}, err
	}
	defer unlock()
	r, err := s.resolve(ctx)
	if err != nil {
		return Checkout{}, err
	}
	tags, err := s.tagsOf(ctx, r.Commit)
	if err != nil {
		return Checkout{}, err
	}
	c := Checkout{Commit: r.Commit, Resolved: r.Asked, Pin: r.Commit + "+" + nameOf(tags, patchesPin(patches))}
	folder := folderOf(p.Handle)
	dir, err := f.keep("checkouts", nameOf(s.address, folder, c.Pin), func(dir string) error {
		f.Note(fmt.Sprintf("checking out %s at %s, with its history", p.Handle, short(r.Commit)))
		return s.checkOut(ctx, filepath.Join(dir, folder), r.Commit, tags, patches)
	})
	if err != nil {
		return Checkout{}, err
	}
	c.Tree = filepath.Join(dir, folder)
	if c.Described, err = readDescription(filepath.Join(dir, describedFile)); err != nil {
		return Checkout{}, err
	}
	return c, nil
}

// tagsOf are the lines "OBJECT NAME" of all tags in the history of a commit.
func (s *store) tagsOf(ctx context.Context, commit string) (string, error) {
	return s.run(ctx, "for-each-ref", "--merged="+commit, "--format=%(objectname) %(refname)", "refs/tags")
}

// folderOf is the name of the folder of a project's work tree: its handle, as some tools take a name from the folder.
func folderOf(handle string) string {
	if regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]*$`).MatchString(handle) && handle != describedFile {
		return handle
	}
	return "project"
}

// checkOut makes work tree and repository in a new folder. The repository has what commit and tags lead to, and nothing that tells where it
// was made.
func (s *store) checkOut(ctx context.Context, tree, commit, tags string, patches []patch) error {
	if err := os.Mkdir(tree, 0o755); err != nil {
		return err
	}
	in := gitRun{dir: tree}
	format, err := s.run(ctx, "rev-parse", "--show-object-format")
	if err != nil {
		return err
	}
	if _, err := s.git(ctx, in, "init", "--quiet", "--initial-branch=main", "--object-format="+word(format), "."); err != nil {
		return err
	}
	if err := s.pack(ctx, commit, tags, filepath.Join(tree, ".git")); err != nil {
		return err
	}
	in.stdin = strings.NewReader(updates(commit, tags))
	if _, err := s.git(ctx, in, "update-ref", "--no-deref", "--stdin"); err != nil {
		return err
	}
	for _, argv := range [][]string{{"pack-refs", "--all", "--prune"}, {"reset", "--quiet", "--hard", commit}} {
		if _, err := s.git(ctx, gitRun{dir: tree}, argv...); err != nil {
			return err
		}
	}
	if err := s.describe(ctx, tree, filepath.Join(filepath.Dir(tree), describedFile)); err != nil {
		return err
	}
	return s.apply(ctx, target{tree: tree, index: true, at: short(commit)}, patches)
}

// pack copies objects: all that commit and tags lead to, in one pack. Its bytes follow from that alone, not from the packs that the
// store was sent: differences are looked for anew, by one thread. It compares few objects with each other: 30000 take 4 seconds so, 11
// with git's own window, and the pack is hardly smaller then.
func (s *store) pack(ctx context.Context, commit, tags, repo string) error {
	roots := commit + "\n"
	for line := range strings.Lines(tags) {
		object, _, _ := strings.Cut(line, " ")
		roots += object + "\n"
	}
	to := filepath.Join(repo, "objects", "pack")
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	_, err := s.git(ctx, gitRun{dir: s.repo, stdin: strings.NewReader(roots)}, "-c", "pack.useBitmaps=false", "-c", "pack.window=3", "-c", "pack.depth=50",
		"pack-objects", "--quiet", "--revs", "--threads=1", "--no-reuse-delta", "--no-reuse-object", "--no-use-bitmap-index", "--delta-base-offset", filepath.Join(to, "pack"))
	return err
}

// updates are the commands for git update-ref.
func updates(commit, tags string) string {
	var out strings.Builder
	for line := range strings.Lines(tags) {
		object, name, _ := strings.Cut(strings.TrimSpace(line), " ")
		fmt.Fprintf(&out, "create %s %s\n", name, object)
	}
	fmt.Fprintf(&out, "update HEAD %s\n", commit)
	return out.String()
}

// nameOf is a name in the state for what those words say together.
func nameOf(words ...string) string {
	hash := sha256.New()
	for _, w := range words {
		fmt.Fprintf(hash, "%d %s\n", len(w), w)
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}
