package host

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/pbrx-go/pbrx-go/bindep"
)

// Mirror is the package mirror for a build: the address as given or, for "auto",
// the one the host itself uses when it runs the distribution of the base, and none otherwise.
func Mirror(given string, base bindep.Distro, root string) (string, error) {
	if given != "auto" {
		if u, err := url.Parse(given); given != "" && (err != nil || u.Scheme == "" || u.Host == "") {
			return "", fmt.Errorf("--mirror %s: give the address of a package mirror, as in https://HOST/debian, or auto", given)
		}
		return given, nil
	}
	here, ok := hostDistro(root)
	if !ok || here.ID != base.ID {
		return "", nil
	}
	if here.ID == "alpine" {
		return first(root, `(?m)^\s*(https?://\S+?)/(?:v\d[\w.]*|edge|latest-stable)/`, "/etc/apk/repositories"), nil
	}
	if here.PackageManager() == "rpm" {
		return rpmMirror(root)
	}
	return first(root, `(?m)^(?:deb\s+(?:\[[^]]*\]\s+)?|URIs:\s*)(https?://\S+?)/?(?:\s|$)`,
		"/etc/apt/sources.list", "/etc/apt/sources.list.d/"+here.ID+".sources"), nil
}

// rpmMirror is the mirror that somebody has set for the base repository of Fedora, Rocky Linux, AlmaLinux or CentOS
// Stream. Where nobody has, the host asks the distribution for one each time, and so can the build.
func rpmMirror(root string) (string, error) {
	files, err := filepath.Glob(filepath.Join(root, "/etc/yum.repos.d/*.repo"))
	if err != nil {
		return "", fmt.Errorf("--mirror auto: looking for the repositories of this machine: %w", err)
	}
	for n, name := range files {
		files[n] = strings.TrimPrefix(name, root)
	}
	return first(root, `(?m)^baseurl\s*=\s*(https?://[^\s$]+?)/(?:(?:\$releasever|\$releasever-stream|\$stream)/BaseOS|releases/\$releasever/Everything)/`, files...), nil
}

// hostDistro is the distribution of the host, if it is one we know.
func hostDistro(root string) (bindep.Distro, bool) {
	release, err := os.ReadFile(filepath.Join(root, "/etc/os-release"))
	if err != nil {
		return bindep.Distro{}, false
	}
	distro, err := bindep.ParseOSRelease("/etc/os-release", release)
	return distro, err == nil
}

func first(root, pattern string, files ...string) string {
	for _, name := range files {
		data, err := os.ReadFile(filepath.Join(root, name))
		if err != nil {
			continue
		}
		if m := regexp.MustCompile(pattern).FindSubmatch(data); m != nil {
			return strings.TrimRight(string(m[1]), "/")
		}
	}
	return ""
}
