package origins

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/builder/host"
	"github.com/pbrx-go/pbrx-go/images/definition"
)

// patch is a file with changes, read once.
type patch struct {
	// name is how the definition calls it.
	name string
	data []byte
}

// PatchError is a patch that does not apply: the definition's, or its project's, to mend.
type PatchError struct {
	// File is the patch, as the definition names it; Msg says what does not fit.
	File, Msg string
}

// Error is one line.
func (e *PatchError) Error() string { return e.File + ": " + e.Msg }

// patches reads the patches of a project, in the order of the list; those of a directory are in byte order.
func (f *Fetcher) patches(p definition.Project) ([]patch, error) {
	var all []patch
	for _, named := range p.Patches {
		real, err := f.inTree(p.Origin.Dir, named)
		if err != nil {
			return nil, err
		}
		info, err := os.Stat(real)
		if err != nil {
			return nil, err
		}
		files := []string{named.Value}
		if info.IsDir() {
			if files, err = patchFiles(real, named); err != nil {
				return nil, err
			}
		}
		for _, name := range files {
			file, err := f.inTree(p.Origin.Dir, definition.Text{Value: name, At: named.At})
			if err != nil {
				return nil, err
			}
			data, err := os.ReadFile(file)
			if err != nil {
				return nil, positioned(named.At, err)
			}
			all = append(all, patch{name: name, data: data})
		}
	}
	return all, nil
}

// patchFiles are the *.patch of a directory.
func patchFiles(dir string, named definition.Text) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var files []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), ".patch") && !e.IsDir() {
			files = append(files, strings.TrimSuffix(named.Value, "/")+"/"+e.Name())
		}
	}
	if len(files) == 0 {
		return nil, problem(named.At, "correct the path, or leave it out", "%q has no *.patch", named.Value)
	}
	slices.Sort(files)
	return files, nil
}

// patchesPin is what decides what patches do: their bytes, in order.
func patchesPin(all []patch) string {
	hash := sha256.New()
	for _, p := range all {
		sum := sha256.Sum256(p.data)
		hash.Write(sum[:])
	}
	return hex.EncodeToString(hash.Sum(nil))
}

// target is a work tree that patches are applied to.
type target struct {
	// tree is its top, below where in it the paths of patches begin.
	tree, below string
	// index says that there is a repository.
	index bool
	// at is what people call the state that the tree has.
	at string
}

// git is a run of git apply on a patch. Without a repository, one above is not taken for that of the tree.
func (t target) git(p patch) gitRun {
	run := gitRun{dir: t.tree, stdin: bytes.NewReader(p.data)}
	if !t.index {
		run.env = []string{"GIT_CEILING_DIRECTORIES=" + filepath.Dir(t.tree)}
	}
	return run
}

// argv is the command.
func (t target) argv(more ...string) []string {
	argv := append([]string{"apply", "--whitespace=nowarn"}, more...)
	if t.index {
		argv = append(argv, "--index")
	}
	if t.below != "" {
		argv = append(argv, "--directory="+t.below)
	}
	return append(argv, "-")
}

// apply puts patches into a work tree and its index, so that files they add are among those that git lists, and commits
// nothing, so that the version stays that of the commit.
func (f *Fetcher) apply(ctx context.Context, t target, all []patch) error {
	for _, p := range all {
		var said bytes.Buffer
		err := f.gitInto(ctx, t.git(p), &said, t.argv()...)
		if err != nil && ctx.Err() != nil {
			return err
		}
		if err != nil {
			return f.unfit(ctx, t, p, host.GitSays(said.String(), err), said.String())
		}
	}
	return nil
}

// unfit says why a patch does not apply.
func (f *Fetcher) unfit(ctx context.Context, t target, p patch, reason error, said string) error {
	where := ""
	if t.at != "" {
		where = " at " + t.at
	}
	msg := reason.Error()
	if m := regexp.MustCompile(`(?m)^error: patch failed: (.+):(\d+)$`).FindStringSubmatch(said); m != nil {
		msg = fmt.Sprintf("hunk %d does not apply to %s%s", hunk(p.data, strings.TrimPrefix(m[1], t.below+"/"), m[2]), m[1], where)
	} else if m := regexp.MustCompile(`(?m)^error: (.+): (already exists in (?:index|working directory)|No such file or directory|does not exist in index)$`).FindStringSubmatch(said); m != nil {
		what := "is not there"
		if strings.HasPrefix(m[2], "already") {
			what = "is there already"
		}
		msg = fmt.Sprintf("it does not apply: %s %s%s", m[1], what, where)
	}
	reverse := f.gitInto(ctx, t.git(p), new(bytes.Buffer), t.argv("--reverse", "--check")...)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case reverse == nil:
		msg += "; it applies in reverse, so it is merged already: remove it"
	default:
		msg += "; make it anew for that source"
	}
	return &PatchError{File: p.name, Msg: msg}
}

// hunk is the number, within a file's changes, of the hunk that begins at a line of the old file.
func hunk(data []byte, file, line string) int {
	n, inside := 0, false
	for text := range strings.Lines(string(data)) {
		text = strings.TrimRight(text, "\r\n")
		if name, ok := strings.CutPrefix(text, "--- "); ok {
			inside, n = strings.HasSuffix(strings.Split(name, "\t")[0], file), 0
		}
		if name, ok := strings.CutPrefix(text, "+++ "); ok && !inside {
			inside = strings.HasSuffix(strings.Split(name, "\t")[0], file)
		}
		if inside && strings.HasPrefix(text, "@@ -") {
			n++
			if strings.HasPrefix(text, "@@ -"+line+",") || strings.HasPrefix(text, "@@ -"+line+" ") {
				return n
			}
		}
	}
	return max(n, 1)
}
