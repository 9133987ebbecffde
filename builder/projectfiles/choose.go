package projectfiles

import (
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/moby/patternmatcher"
)

// Options say which project it is.
type Options struct {
	// Dir is the project's folder.
	Dir string
	// Tracked are the files in it that git tracks, with slashes; none where there is no git.
	Tracked []string
	// ListFromGit is whether the backend asks git which files the wheel has.
	ListFromGit bool
}

// Choice is what is sent of a project.
type Choice struct {
	// Files and Bytes are how much that is.
	Files int
	Bytes int64
	// LeftOut are files that git does not track and nothing asks for.
	LeftOut LeftOut

	sent map[string]bool
	// excluded are tracked files that .dockerignore takes away, and the optional configuration.
	excluded map[string]bool
}

// LeftOut is how many files are not sent, how big they are together, and the biggest one's path.
type LeftOut struct {
	Files   int
	Bytes   int64
	Largest string

	largest int64
}

// Sends says whether a file, or a folder with all that leads to it, is sent. Paths have slashes.
func (c *Choice) Sends(path string) bool { return c.sent[path] }

// Excludes says whether .dockerignore, or that it is the optional configuration, takes away a file that git tracks.
func (c *Choice) Excludes(path string) bool { return c.excluded[path] }

// chooser makes a Choice.
type chooser struct {
	Options
	Choice
	// tracked has the files that git tracks, and as false the folders above them.
	tracked  map[string]bool
	declared *declared
	manifest manifest
	ignore   *patternmatcher.PatternMatcher
}

// place is a folder and what follows for the files in it.
type place struct {
	path string
	// untracked: git tracks nothing below; inPackage: it is part of a package; named: all that is in it is wanted.
	untracked, inPackage, named bool
	ignored                     patternmatcher.MatchInfo
	isIgnored                   bool
}

// Choose looks through the project's folder. Errors are of reading it, or all lines of .dockerignore that are wrong.
func Choose(o Options) (*Choice, error) {
	c := &chooser{Options: o, Choice: Choice{sent: map[string]bool{}, excluded: map[string]bool{}}, tracked: map[string]bool{}}
	for _, file := range o.Tracked {
		c.tracked[file] = true
		for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
			if _, known := c.tracked[dir]; known {
				break
			}
			c.tracked[dir] = false
		}
	}
	var err error
	if c.ignore, err = readDockerignore(o.Dir); err != nil {
		return nil, err
	}
	if c.declared, err = readDeclared(o.Dir); err == nil {
		c.manifest, err = readManifest(o.Dir)
	}
	if err == nil {
		err = c.walk(place{})
	}
	if err != nil {
		return nil, fmt.Errorf("reading the project: %w", err)
	}
	return &c.Choice, nil
}

// git says whether git says anything about the project.
func (c *chooser) git() bool { return len(c.Tracked) > 0 }

func (c *chooser) walk(p place) error {
	entries, err := os.ReadDir(filepath.Join(c.Dir, filepath.FromSlash(p.path)))
	if err != nil && c.git() && p.untracked {
		c.LeftOut.Files++ // a folder of another user, say a database's
		return nil
	}
	if err != nil {
		return err
	}
	top, _, _ := strings.Cut(p.path, "/")
	if has(entries, "__init__.py") && !beside(top) || c.declared.roots[p.path] {
		p.inPackage = true
	}
	for _, e := range entries {
		name := path.Join(p.path, e.Name())
		tracked, known := c.tracked[name]
		if e.Name() == ".git" || !tracked && !known && c.made(name) {
			continue
		}
		ignored, info, err := c.ignore.MatchesUsingParentResults(name, p.ignored)
		if err != nil {
			return fmt.Errorf("reading %s: %w", dockerignore, err)
		}
		if e.IsDir() {
			err = c.folder(place{path: name, untracked: !known, inPackage: p.inPackage, named: p.named || c.declared.names[name], ignored: info, isIgnored: ignored})
		} else {
			err = c.file(p, name, e, ignored)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// folder looks into a folder where that may be worth it.
func (c *chooser) folder(p place) error {
	asked := p.named || c.declared.leads(p.path) || c.manifest.leads(p.path)
	if p.untracked && p.isIgnored && !c.ignore.Exclusions() && !c.declared.leads(p.path) {
		return nil
	}
	if c.git() {
		if p.untracked && !asked && foreign(filepath.Join(c.Dir, filepath.FromSlash(p.path))) {
			return nil
		}
	} else if !p.isIgnored {
		c.sent[p.path] = true
	}
	return c.walk(p)
}

// file decides about a file or a link.
func (c *chooser) file(p place, name string, e fs.DirEntry, ignored bool) error {
	if !e.Type().IsRegular() && e.Type() != fs.ModeSymlink {
		return nil
	}
	tracked := c.tracked[name]
	if (ignored || ours(name)) && !c.declared.essential(name) {
		if tracked {
			c.excluded[name] = true
		}
		return nil
	}
	info, err := e.Info()
	if err != nil {
		return err
	}
	size := int64(0)
	if info.Mode().IsRegular() {
		size = info.Size()
	}
	if c.git() && !tracked && !c.wanted(p, name) {
		c.LeftOut.add(name, size)
		return nil
	}
	c.Files++
	c.Bytes += size
	for ; name != "." && !c.sent[name]; name = path.Dir(name) {
		c.sent[name] = true
	}
	return nil
}

// wanted says whether a build may need a file that git does not track.
func (c *chooser) wanted(p place, name string) bool {
	return p.named || isCode(name) || !strings.Contains(name, "/") && configures(name) ||
		p.inPackage && !c.ListFromGit || c.declared.asks(name, p.inPackage) || c.manifest.includes(name)
}

func (l *LeftOut) add(name string, size int64) {
	l.Files++
	l.Bytes += size
	if l.Largest == "" || size > l.largest {
		l.Largest, l.largest = name, size
	}
}

func has(entries []fs.DirEntry, name string) bool {
	_, found := slices.BinarySearchFunc(entries, name, func(e fs.DirEntry, name string) int { return strings.Compare(e.Name(), name) })
	return found
}
