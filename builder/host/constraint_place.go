package host

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"
)

// place is where a file of constraints is: on this machine, behind a URL, or in a commit of a git repository.
type place struct {
	// path is that on this machine, or in the repository.
	path string
	url  *url.URL
	repo repository
	// data is what is in it, and name what people call it, where it was fetched before.
	data []byte
	name string
}

// repository is a git repository at one of its commits.
type repository struct {
	// address is what git fetches from: a URL, whose credentials are in user, or a path.
	address string
	user    *url.Userinfo
	ref     string
}

// String is the place for people, without credentials.
func (p place) String() string {
	switch {
	case p.name != "":
		return p.name
	case p.repo.address != "":
		return "git+" + p.repo.address + "@" + p.repo.ref + "#" + p.path
	case p.url != nil:
		return public(p.url)
	}
	return p.path
}

// ConstraintsName is what people call a file of constraints that --constraint names: without what may be a secret.
func ConstraintsName(name string) string {
	at, err := parsePlace(name)
	if err != nil { // whoever uses it is told
		return regexp.MustCompile(`://[^/]*@`).ReplaceAllString(name, "://")
	}
	return at.String()
}

// public is a URL without what may be a secret: user, password and query.
func public(u *url.URL) string {
	bare := *u
	bare.User, bare.RawQuery, bare.Fragment, bare.RawFragment = nil, "", "", ""
	return bare.String()
}

// parsePlace reads FILE, URL or git+URL@REF#PATH.
func parsePlace(name string) (place, error) {
	if rest, ok := strings.CutPrefix(name, "git+"); ok {
		return parseGit(rest)
	}
	if !strings.Contains(name, "://") {
		if name == "" {
			return place{}, errors.New("no file is named: use FILE, URL or git+URL@REF#PATH")
		}
		return place{path: name}, nil
	}
	u, err := url.Parse(name)
	if err != nil {
		return place{}, errors.New("an address is no URL: use FILE, URL or git+URL@REF#PATH") // err would show all of it
	}
	switch u.Scheme {
	case "file":
		if u.Host != "" && u.Host != "localhost" {
			return place{}, fmt.Errorf("%s is on another machine: write file:///PATH", public(u))
		}
		return place{path: filepath.FromSlash(u.Path)}, nil
	case "http", "https":
		if u.Host == "" {
			return place{}, fmt.Errorf("%s names no host", public(u))
		}
		return place{url: u}, nil
	}
	return place{}, fmt.Errorf("%s: constraints are fetched by file, http and https: use FILE, URL or git+URL@REF#PATH", public(u))
}

// parseGit reads URL@REF#PATH. The reference is what follows the last "@" of the URL's path.
func parseGit(text string) (place, error) {
	const form = "use git+URL@REF#PATH, as in git+https://git.example.org/requirements@master#upper-constraints.txt"
	address, file, _ := strings.Cut(text, "#")
	repo := repository{address: address}
	var u *url.URL
	if strings.Contains(address, "://") {
		var err error
		if u, err = url.Parse(address); err != nil {
			return place{}, errors.New("an address of git is no URL: " + form)
		}
		repo.user, repo.address = u.User, u.Path
		if u.RawQuery != "" {
			return place{}, fmt.Errorf("git+%s: an address of git has no query: %s", public(u), form)
		}
	}
	at := strings.LastIndex(repo.address, "@")
	if at <= 0 || at == len(repo.address)-1 {
		return place{}, fmt.Errorf("git+%s names no commit, tag or branch: %s", withoutUser(address), form)
	}
	repo.address, repo.ref = repo.address[:at], repo.address[at+1:]
	if u != nil {
		bare := *u
		bare.User, bare.Path, bare.RawPath = nil, repo.address, ""
		if u.Scheme == "ssh" { // the user is part of the address there, and a password is none of ours
			bare.User = repo.user
			if _, secret := repo.user.Password(); repo.user != nil && secret {
				return place{}, fmt.Errorf("git+%s: ssh takes no password from an address: use an agent", public(u))
			}
			repo.user = nil
		}
		repo.address = bare.String()
	}
	switch {
	case u != nil && !regexp.MustCompile(`^(https?|ssh|git|file)$`).MatchString(u.Scheme):
		return place{}, fmt.Errorf("git+%s: git fetches by https, http, ssh, git, file or from a path: %s", repo.address, form)
	case !regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_./+-]*$`).MatchString(repo.ref) || strings.Contains(repo.ref, ".."):
		return place{}, fmt.Errorf("git+%s: %q is no commit, tag or branch: %s", repo.address, repo.ref, form)
	case file == "":
		return place{}, fmt.Errorf("git+%s@%s names no file: %s", repo.address, repo.ref, form)
	}
	clean, err := inTree(file)
	if err != nil {
		return place{}, fmt.Errorf("git+%s@%s: %w", repo.address, repo.ref, err)
	}
	return place{path: clean, repo: repo}, nil
}

// withoutUser is an address without what stands before its host.
func withoutUser(address string) string {
	return regexp.MustCompile(`^(\w+://)[^/@]*@`).ReplaceAllString(address, "$1")
}

// inTree is a path in a repository; none leads out of it.
func inTree(name string) (string, error) {
	clean := path.Clean(name)
	if clean == "." || clean == ".." || strings.HasPrefix(clean, "../") || strings.HasPrefix(clean, "/") {
		return "", fmt.Errorf("%s is no file in the repository: write its path from the top folder", name)
	}
	return clean, nil
}

// beside is the file that a line of this one names.
func (p place) beside(name string) (place, error) {
	if p.name != "" {
		return place{}, errors.New("it is one file, which was fetched alone: have the definition name the other one, too")
	}
	remote := p.url != nil || p.repo.address != ""
	if strings.Contains(name, "://") {
		at, err := parsePlace(name)
		if err == nil && remote && at.url == nil && at.repo.address == "" {
			err = fmt.Errorf("%s is on this machine, and the file that names it is not", name)
		}
		return at, err
	}
	switch {
	case p.repo.address != "":
		clean, err := inTree(path.Join(path.Dir(p.path), filepath.ToSlash(name)))
		if path.IsAbs(name) {
			_, err = inTree(name)
		}
		return place{path: clean, repo: p.repo}, err
	case p.url != nil:
		u, err := p.url.Parse(name) // which has the user of this one, unless it is on another host
		if err != nil {
			return place{}, errors.New("it is no URL") // err would show all of it
		}
		return place{url: u}, nil
	case filepath.IsAbs(name):
		return place{path: name}, nil
	}
	return place{path: filepath.Join(filepath.Dir(p.path), name)}, nil
}
