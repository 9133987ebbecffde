package origins

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pbrx-go/pbrx-go/builder/gitdir"
	"github.com/pbrx-go/pbrx-go/images/definition"
)

// directory is a project of the kind path: the directory itself, or with patches a copy that goes with the Fetcher.
func (f *Fetcher) directory(ctx context.Context, p definition.Project, patches []patch) (Checkout, error) {
	real, err := f.inTree(p.Origin.Dir, p.Origin.Where)
	if err != nil {
		return Checkout{}, err
	}
	if info, err := os.Stat(real); err != nil || !info.IsDir() {
		return Checkout{}, problem(p.Origin.Where.At, "name the directory of the project", "%q is no directory", p.Origin.Where.Value)
	}
	if len(patches) == 0 {
		return Checkout{Tree: real}, nil
	}
	dir, err := f.tempDir()
	if err != nil {
		return Checkout{}, err
	}
	repository, err := gitdir.Find(real)
	var none *gitdir.NoRepositoryError
	if errors.As(err, &none) {
		tree := filepath.Join(dir, folderOf(p.Handle))
		if err := copyTree(ctx, real, tree); err != nil {
			return Checkout{}, err
		}
		return Checkout{Tree: tree}, f.apply(ctx, target{tree: tree}, patches)
	}
	if err != nil {
		return Checkout{}, positioned(p.Origin.At, err)
	}
	return f.copyRepository(ctx, repository, filepath.Join(dir, folderOf(p.Handle)), patches)
}

// copyRepository copies the part of a work tree that a project is, with a repository that borrows the objects of the one it is
// in. The index is that of the original with the content of the work tree, so that patches fit what people see.
func (f *Fetcher) copyRepository(ctx context.Context, r *gitdir.Repository, tree string, patches []patch) (Checkout, error) {
	// The repository may be somebody else's, and the git that clone starts in it takes no option from the one that it starts from.
	trusting := filepath.Join(filepath.Dir(tree), ".gitconfig")
	if err := os.WriteFile(trusting, []byte("[safe]\n\tdirectory = *\n"), 0o600); err != nil {
		return Checkout{}, err
	}
	if _, err := f.git(ctx, gitRun{dir: filepath.Dir(tree), env: []string{"GIT_CONFIG_GLOBAL=" + trusting}}, "clone", "--quiet", "--shared", "--no-checkout", "--", r.Root, tree); err != nil {
		return Checkout{}, err
	}
	project := filepath.Join(tree, filepath.FromSlash(r.Below))
	if err := copyTree(ctx, filepath.Join(r.Root, filepath.FromSlash(r.Below)), project); err != nil {
		return Checkout{}, err
	}
	index, err := r.Index()
	if err != nil {
		return Checkout{}, err
	}
	var tracked strings.Builder
	for _, e := range index.Below(r.Below) {
		if !e.Submodule() {
			tracked.WriteString(strings.TrimPrefix(r.Below+"/"+e.Path, "/") + "\x00")
		}
	}
	in := gitRun{dir: tree}
	if _, err := f.git(ctx, in, "reset", "--quiet", "--mixed"); err != nil {
		return Checkout{}, err
	}
	in.stdin = strings.NewReader(tracked.String())
	if _, err := f.git(ctx, in, "update-index", "--add", "--remove", "-z", "--stdin"); err != nil {
		return Checkout{}, err
	}
	d, err := f.description(ctx, tree)
	if err != nil {
		return Checkout{}, err
	}
	return Checkout{Tree: project, Described: d}, f.apply(ctx, target{tree: tree, below: r.Below, index: true, at: "its work tree"}, patches)
}

// copyTree copies folders, files and links; repositories are left out.
func copyTree(ctx context.Context, from, to string) error {
	root, err := os.OpenRoot(from)
	if err != nil {
		return err
	}
	defer root.Close()
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, context.Cause(ctx))
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		name := filepath.Join(to, rel)
		switch {
		case e.Name() == ".git" && e.IsDir():
			return filepath.SkipDir
		case e.Name() == ".git":
			return nil
		case e.IsDir():
			return os.MkdirAll(name, 0o755)
		case e.Type()&fs.ModeSymlink != 0:
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(target, name)
		case e.Type().IsRegular():
			return copyFile(root, rel, name)
		}
		return nil // a socket or pipe
	})
}

// copyFile copies one file with its permissions.
func copyFile(root *os.Root, from, to string) error {
	in, err := root.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	beside, err := os.OpenRoot(filepath.Dir(to))
	if err != nil {
		return err
	}
	defer beside.Close()
	return writeFile(beside, filepath.Base(to), in, info.Mode().Perm()|0o600)
}
