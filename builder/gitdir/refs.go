package gitdir

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// packedRefs is a packed-refs file with what a version follows from: tags, replacements and
// the branch that is checked out. Other branches and what was fetched of remotes differ between clones of one commit.
func (r *Repository) packedRefs() ([]byte, error) {
	refs, err := r.refs()
	if err != nil {
		return nil, err
	}
	head, err := os.ReadFile(filepath.Join(r.own, "HEAD"))
	if err != nil {
		return nil, err
	}
	branch, _ := strings.CutPrefix(strings.TrimSpace(string(head)), "ref: ")
	out := []byte("# pack-refs with: sorted \n")
	for _, name := range slices.Sorted(maps.Keys(refs)) {
		if name != branch && !strings.HasPrefix(name, "refs/tags/") && !strings.HasPrefix(name, "refs/replace/") {
			continue
		}
		object := refs[name]
		for depth := 0; depth < 5 && strings.HasPrefix(object, "ref: "); depth++ {
			object = refs[object[len("ref: "):]]
		}
		if _, err := hex.DecodeString(object); err == nil && object != "" { // git passes over broken ones, too
			out = fmt.Appendf(out, "%s %s\n", object, name)
		}
	}
	return out, nil
}

// refs are all references by name: the object's name, or "ref: " and another reference.
func (r *Repository) refs() (map[string]string, error) {
	refs := map[string]string{}
	packed, err := os.ReadFile(filepath.Join(r.common, "packed-refs"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for line := range bytes.Lines(packed) {
		object, name, _ := strings.Cut(strings.TrimSpace(string(line)), " ")
		if strings.HasPrefix(name, "refs/") {
			refs[name] = object
		}
	}
	err = filepath.WalkDir(filepath.Join(r.common, "refs"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() || strings.HasSuffix(path, ".lock") {
			return err
		}
		name, err := filepath.Rel(r.common, path)
		if err != nil {
			return err
		}
		object, err := os.ReadFile(path)
		refs[filepath.ToSlash(name)] = strings.TrimSpace(string(object))
		return err
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return refs, nil
}

// shallow is the sorted list of commits where a shallow history ends, empty for a whole one.
func (r *Repository) shallow() ([]byte, error) {
	data, err := os.ReadFile(filepath.Join(r.common, "shallow"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return []byte(strings.Join(slices.Sorted(strings.Lines(string(data))), "")), err
}
