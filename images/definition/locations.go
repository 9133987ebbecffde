package definition

import (
	"net/url"
	"regexp"
	"strings"
)

const hintUserInfo = "has user information; leave it out: credentials are found in netrc and git's configuration"

// withoutUser is a text to be shown: what stands before the host of a URL may be a password.
func withoutUser(s string) string {
	return regexp.MustCompile(`://[^/\s]*@`).ReplaceAllString(s, "://…@")
}

// checkURL is for downloads.
func checkURL(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme == "":
		return "is no URL; write https://HOST/PATH, or path for a file beside this one"
	case u.User != nil:
		return hintUserInfo
	case u.Scheme == "file" && u.Path != "" && u.Host == "":
		return ""
	case u.Scheme == "file":
		return "is no file; write file:///PATH"
	case u.Scheme != "https" && u.Scheme != "http":
		return "is reached by " + u.Scheme + "; write an https or file URL"
	case u.Host == "":
		return "has no host; write https://HOST/PATH"
	case isRaw(u):
		return "is a file of a git repository that may change; write git, ref and path"
	}
	return ""
}

// isRaw says whether a URL is that of a file as a host of git repositories shows it.
func isRaw(u *url.URL) bool {
	host := u.Hostname()
	if host == "raw.githubusercontent.com" || host == "raw.github.com" || host == "gist.githubusercontent.com" {
		return true
	}
	known := regexp.MustCompile(`(?:^|\.)(?:github|gitlab|gitea|codeberg|bitbucket|opendev|sr|salsa\.debian|googlesource)\.(?:com|org|ht)$`).MatchString(host) ||
		strings.HasPrefix(host, "git.") || strings.HasPrefix(host, "gitlab.") || strings.HasPrefix(host, "gitea.")
	return known && regexp.MustCompile(`/(?:raw|plain|blob)/`).MatchString(u.Path) || strings.Contains(u.Path, "/-/raw/")
}

// checkGit is for repositories.
func checkGit(s string) string {
	if regexp.MustCompile(`^[A-Za-z0-9+.-]+::`).MatchString(s) || strings.HasPrefix(s, "-") {
		return "is no repository; write an https, ssh or file URL, or a relative path"
	}
	if !strings.Contains(s, "://") {
		if regexp.MustCompile(`^[^/]*@|^[A-Za-z0-9.-]+:`).MatchString(s) {
			return "is written as ssh takes it; write ssh://HOST/PATH"
		}
		if s == "" || strings.HasPrefix(s, "/") {
			return "is no repository; write an https, ssh or file URL, or a relative path"
		}
		return ""
	}
	u, err := url.Parse(s)
	switch {
	case err != nil:
		return "is no URL; write https://HOST/PATH"
	case u.User != nil:
		return hintUserInfo
	case u.Scheme != "https" && u.Scheme != "ssh" && u.Scheme != "file":
		return "is reached by " + u.Scheme + "; write an https, ssh or file URL"
	case u.Host == "" && u.Scheme != "file" || strings.HasPrefix(u.Host, "-"):
		return "has no host; write " + u.Scheme + "://HOST/PATH"
	}
	return ""
}

// checkRef is for commits, tags and branches, by git check-ref-format.
func checkRef(s string) string {
	if s == "" || regexp.MustCompile(`^[-/.]|\.\.|[\x00-\x20\x7f~^:?*\[\\]|@\{|//|[/.]$|\.lock$`).MatchString(s) {
		return "is no commit, tag or branch; write its name, or 40 hexadecimal digits"
	}
	return ""
}

// checkURI is for repositories of distro packages.
func checkURI(s string) string {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Scheme != "https" && u.Scheme != "http" && u.Scheme != "file" || strings.ContainsAny(s, " \t\n\r"):
		return "is no URL of a repository; write https://HOST/PATH"
	case u.User != nil:
		return hintUserInfo
	case u.Scheme != "file" && u.Host == "":
		return "has no host; write https://HOST/PATH"
	}
	return ""
}
