package lock

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// Kind is the format of a lock file.
type Kind string

// The formats, in the order in which one is preferred to the next.
const (
	Pylock       Kind = "pylock"
	UV           Kind = "uv"
	Poetry       Kind = "poetry"
	PDM          Kind = "pdm"
	Pipfile      Kind = "pipfile"
	Requirements Kind = "requirements"
)

// format is how one kind of file is found and read.
type format struct {
	kind  Kind
	file  string
	renew string
	read  func(*reader)
}

func formats() []format {
	return []format{
		{Pylock, "pylock.toml", "", (*reader).pylock},
		{UV, "uv.lock", "uv lock", (*reader).uv},
		{Poetry, "poetry.lock", "poetry lock", (*reader).poetry},
		{PDM, "pdm.lock", "pdm lock", (*reader).pdm},
		{Pipfile, "Pipfile.lock", "pipenv lock", (*reader).pipfile},
		{Requirements, "requirements.txt", "", (*reader).requirements},
	}
}

// Read reads the lock file of a project's folder: the first there is of pylock.toml (or one pylock.NAME.toml), uv.lock, poetry.lock,
// pdm.lock, Pipfile.lock and a requirements.txt with hashes. It is nil where there is none. The error is a
// setupcfg.ErrorList with all problems of the file, or that of a file that cannot be read.
func Read(fsys fs.FS) (*Lock, error) {
	found, err := find(fsys)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	if len(found) > 1 && found[1].kind == Pylock && found[0].file != "pylock.toml" {
		return nil, setupcfg.ErrorList{{Pos: scanner.Position{Filename: found[0].file}, Hint: "name one of them with --lock",
			Msg: fmt.Sprintf("there is %s as well, and nothing says which counts", found[1].file)}}
	}
	return read(fsys, found[0], found[1:])
}

// ReadFile reads one of a project's lock files by its name, which tells its format; any other name than those that Read
// looks for is that of a requirements file.
func ReadFile(fsys fs.FS, name string) (*Lock, error) {
	found, err := find(fsys)
	if err != nil {
		return nil, err
	}
	chosen := formats()[len(formats())-1]
	var others []format
	for _, f := range found {
		if f.file == name {
			chosen = f
		} else {
			others = append(others, f)
		}
	}
	chosen.file = name
	return read(fsys, chosen, others)
}

func read(fsys fs.FS, f format, others []format) (*Lock, error) {
	src, err := fs.ReadFile(fsys, f.file)
	if err != nil {
		return nil, fmt.Errorf("reading the lock file: %w", err)
	}
	r := newReader(fsys, f, src)
	for _, o := range others {
		r.lock.Others = append(r.lock.Others, o.file)
	}
	f.read(r)
	if err := r.finish(); err != nil {
		return nil, err
	}
	return r.lock, nil
}

// find looks for lock files, the preferred one first.
func find(fsys fs.FS) ([]format, error) {
	var found []format
	for _, f := range formats() {
		names := []string{f.file}
		if f.kind == Pylock {
			var err error
			if names, err = pylocks(fsys); err != nil {
				return nil, err
			}
		}
		for _, name := range names {
			there, err := isLock(fsys, f.kind, name)
			if err != nil {
				return nil, err
			}
			if there {
				f.file = name
				found = append(found, f)
			}
		}
	}
	return found, nil
}

// pylocks are the files of PEP 751's names, pylock.toml first.
func pylocks(fsys fs.FS) ([]string, error) {
	names, err := fs.Glob(fsys, "pylock.*toml")
	if err != nil {
		return nil, fmt.Errorf("looking for lock files: %w", err)
	}
	names = slices.DeleteFunc(names, func(n string) bool {
		return !regexp.MustCompile(`^pylock\.([^.]+\.)?toml$`).MatchString(n)
	})
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(len(strings.Split(a, ".")), len(strings.Split(b, "."))), cmp.Compare(a, b))
	})
	return names, nil
}

// isLock says whether a file is there and, of requirements.txt, has a hash.
func isLock(fsys fs.FS, kind Kind, name string) (bool, error) {
	src, err := fs.ReadFile(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("reading the lock file: %w", err)
	case kind != Requirements:
		return true, nil
	}
	return regexp.MustCompile(`(?m)^[^#\n]*--hash[= ]`).Match(src), nil
}

// duplicates are two entries of one name, one version and one condition: the file was merged badly.
func (r *reader) duplicates() {
	first := map[string]Package{}
	for _, p := range r.lock.Packages {
		key := strings.Join([]string{p.Name, p.Version, p.Marker, p.Source.URL, p.Source.Path}, "\x00")
		if other, twice := first[key]; twice {
			r.fail(p.pos, r.renewHint(), "%s stands here a second time, after line %d", p.Name, other.pos.Line)
			continue
		}
		first[key] = p
	}
}
