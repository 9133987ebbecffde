package distrorepo

import (
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/goreleaser/nfpm/v2"
	"github.com/goreleaser/nfpm/v2/files"
)

// Package is one package of a repository.
type Package struct {
	Name string
	// Version is that of upstream; each package is the release 0 of its version.
	Version string
	// Depends, Provides and Conflicts are in the words of the package manager ("so:libc.musl-x86_64.so.1",
	// "libffi=3.5.0-r0"; "!other" among an apk's Depends is a conflict).
	Depends, Provides, Conflicts []string
	Files                        []File
	// PostInstall is the text of a shell script that is run once the files are there.
	PostInstall string
}

// File is one file of a package, or a folder with all that is in it.
type File struct {
	// Path is where it is installed.
	Path string
	// Source is the file or folder on this machine that is packed, Text the content where there is none.
	Source, Text string
	// Link makes it a symbolic link to this.
	Link string
	// Mode is the file's; 0 is 0644, or that of the source.
	Mode fs.FileMode
}

// built is the time that all files have.
func built() time.Time { return time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC) }

// info is the package as nfpm has it. What it is made of and has no file on this machine is written below scratch.
func (p Package) info(scratch string) (*nfpm.Info, error) {
	info := &nfpm.Info{
		Name: p.Name, Arch: "amd64", Platform: "linux", Version: p.Version, VersionSchema: "none", Release: "0",
		Maintainer: "Keeper <keeper@example.org>", Description: "Made for a test", License: "Apache-2.0", MTime: built(),
		Overridables: nfpm.Overridables{Depends: p.Depends, Provides: p.Provides, Conflicts: p.Conflicts},
	}
	if p.PostInstall != "" {
		info.Scripts.PostInstall = filepath.Join(scratch, p.Name+".post-install")
		if err := os.WriteFile(info.Scripts.PostInstall, []byte(p.PostInstall), 0o755); err != nil {
			return nil, err
		}
		if err := os.Chtimes(info.Scripts.PostInstall, built(), built()); err != nil {
			return nil, err
		}
	}
	all, err := expand(p.Files)
	if err != nil {
		return nil, err
	}
	for n, f := range all {
		c, err := f.content(filepath.Join(scratch, p.Name+"."+strconv.Itoa(n)))
		if err != nil {
			return nil, err
		}
		info.Contents = append(info.Contents, c)
	}
	return nfpm.WithDefaults(info), nil
}

// content is the file as nfpm has it; a text is written to spare first.
func (f File) content(spare string) (*files.Content, error) {
	c := &files.Content{Source: f.Source, Destination: f.Path, FileInfo: &files.ContentFileInfo{Mode: f.Mode, MTime: built(), Owner: "root", Group: "root"}}
	if f.Link != "" {
		c.Source, c.Type = f.Link, files.TypeSymlink
		return c, nil
	}
	if f.Source == "" {
		c.Source = spare
		if f.Mode == 0 {
			c.FileInfo.Mode = 0o644
		}
		return c, os.WriteFile(spare, []byte(f.Text), 0o644)
	}
	if f.Mode == 0 {
		info, err := os.Stat(f.Source)
		if err != nil {
			return nil, err
		}
		c.FileInfo.Mode = info.Mode().Perm()
	}
	return c, nil
}

// expand puts the files that lie in folders in the folders' place. (nfpm has trees, too, with folders that apk cannot read.)
func expand(files []File) ([]File, error) {
	var all []File
	for _, f := range files {
		if info, err := os.Stat(f.Source); f.Source == "" || f.Link != "" || err == nil && !info.IsDir() {
			all = append(all, f)
			continue
		}
		err := filepath.WalkDir(f.Source, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			below, err := filepath.Rel(f.Source, path)
			all = append(all, File{Path: filepath.Join(f.Path, below), Source: path})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}
