package host

import (
	"fmt"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tonistiigi/fsutil"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// keptOptions are the options of pip that mean the same inside a build. Those that
// name files are treated one by one.
func keptOptions() []string {
	return []string{"index-url", "extra-index-url", "no-index", "trusted-host", "proxy", "timeout", "default-timeout", "retries", "resume-retries",
		"only-binary", "no-binary", "prefer-binary", "require-hashes", "pre", "all-releases", "only-final", "uploaded-prior-to",
		"use-feature", "use-deprecated"}
}

// pip computes pip's effective configuration as pip does (files from the most general to the
// most particular, then PIP_* variables) and writes the part that is kept as one file.
func (r *reader) pip() error {
	options, err := r.pipOptions()
	if err != nil {
		return err
	}
	conf := ""
	for _, name := range keptOptions() {
		if value := options[name]; value != "" {
			conf += name + " = " + strings.ReplaceAll(value, "\n", "\n    ") + "\n"
		}
	}
	links, err := r.findLinks(strings.Fields(options["find-links"]))
	if err != nil {
		return err
	}
	r.linkCredentials(links)
	if len(links) > 0 {
		conf += "find-links =\n    " + strings.Join(links, "\n    ") + "\n"
	}
	if conf != "" {
		r.host.Secrets[plan2llb.SecretPipConf] = []byte("[global]\n" + conf)
	}
	if options["keyring-provider"] != "" {
		r.warnings = append(r.warnings, "pip's keyring-provider is not used: a keyring cannot be asked from inside a build; use netrc or credentials in index-url")
	}
	for option, secret := range map[string]string{"cert": plan2llb.SecretPipCA, "client-cert": plan2llb.SecretClientCert} {
		if options[option] != "" {
			if err := r.secret(secret, options[option]); err != nil {
				return fmt.Errorf("pip's option %s: %w", option, err)
			}
		}
	}
	return nil
}

// pipOptions are the options of pip by their long names.
func (r *reader) pipOptions() (map[string]string, error) {
	// What is said for a command goes before what is said for all of them, whichever file has it.
	sections := []string{"global", "wheel", "install"}
	of := map[string]map[string]string{}
	for _, section := range sections {
		of[section] = map[string]string{}
	}
	for _, path := range r.pipFiles() {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // as pip does: a file that is not there, or not ours to read, does not count
		}
		config, err := setupcfg.ParseConfig(path, data, setupcfg.ReadRaw)
		if err != nil {
			return nil, fmt.Errorf("reading pip's configuration: %w", err)
		}
		for _, section := range sections {
			for _, key := range config.Keys(section) {
				value, _, _ := config.Value(section, key) // a raw reading has no interpolation to fail
				of[section][optionName(key)] = strings.TrimSpace(value)
			}
		}
	}
	options := map[string]string{}
	for _, section := range sections {
		maps.Copy(options, of[section])
	}
	for name, value := range r.env {
		if key, ok := strings.CutPrefix(name, "PIP_"); ok && name != "PIP_CONFIG_FILE" && value != "" {
			options[optionName(key)] = value
		}
	}
	return options, nil
}

func optionName(key string) string {
	return strings.TrimLeft(strings.ReplaceAll(strings.ToLower(key), "_", "-"), "-")
}

// pipFiles are the files pip reads, the ones that win last.
func (r *reader) pipFiles() []string {
	file := r.env["PIP_CONFIG_FILE"]
	if file == os.DevNull {
		return nil
	}
	dirs := r.env["XDG_CONFIG_DIRS"]
	if dirs == "" {
		dirs = filepath.Join(r.root, "/etc/xdg")
	}
	var files []string
	for _, dir := range slices.Backward(filepath.SplitList(dirs)) {
		files = append(files, filepath.Join(dir, "pip", "pip.conf"))
	}
	files = append(files, filepath.Join(r.root, "/etc/pip.conf"))
	if _, err := os.Stat(file); file == "" || err != nil {
		files = append(files, r.userFiles()...)
	}
	if env := r.env["VIRTUAL_ENV"]; env != "" {
		files = append(files, filepath.Join(env, "pip.conf"))
	}
	if file != "" {
		files = append(files, file)
	}
	return files
}

func (r *reader) userFiles() []string {
	home := r.env["HOME"]
	if home == "" {
		return nil
	}
	config := r.env["XDG_CONFIG_HOME"]
	if config == "" {
		config = filepath.Join(home, ".config")
	}
	return []string{filepath.Join(home, ".pip", "pip.conf"), filepath.Join(config, "pip", "pip.conf")}
}

// findLinks keeps addresses, and offers local folders to the build under paths of its own.
func (r *reader) findLinks(links []string) ([]string, error) {
	var kept []string
	for _, link := range links {
		path := link
		if u, err := url.Parse(link); err == nil && u.Scheme != "" {
			if u.Scheme != "file" {
				kept = append(kept, link)
				continue
			}
			path = u.Path
		}
		fi, err := os.Stat(path)
		if err != nil || !fi.IsDir() {
			r.warnings = append(r.warnings, fmt.Sprintf("pip's find-links %s is no folder: the build does without it", link))
			continue
		}
		files, err := fsutil.NewFS(path)
		if err == nil {
			files, err = fsutil.NewFilterFS(files, &fsutil.FilterOpt{IncludePatterns: []string{"*.whl", "*.tar.gz", "*.zip", "*.tar.bz2", "*.tar.xz"}})
		}
		if err != nil {
			return nil, fmt.Errorf("reading pip's find-links %s: %w", link, err)
		}
		n := len(r.host.FindLinks)
		kept = append(kept, plan2llb.FindLinksDir(n))
		r.host.FindLinks = append(r.host.FindLinks, builder.Folder{Name: fmt.Sprintf("find-links-%d", n), FS: files})
	}
	return kept, nil
}
