package projectfiles

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/BurntSushi/toml"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// declared is what the project's files name of its tree.
type declared struct {
	// names are paths of files and folders, files of files only, roots those of folders with packages.
	names, files, roots map[string]bool
	// patterns match from the top, inPackage from any folder of a package.
	patterns, inPackage *regexp.Regexp
	// licenses are the licence files.
	licenses *regexp.Regexp
	// sdist says that the tree is an unpacked source distribution.
	sdist bool
}

// collector gathers words.
type collector struct {
	words, files, roots, licenses []string
	// data are words for files of packages.
	data []string
}

// readDeclared reads the project's files as far as they can be read: setupcfg has said what is wrong with them.
func readDeclared(dir string) (*declared, error) {
	var c collector
	for name, read := range map[string]func([]byte){"pyproject.toml": c.pyproject, "setup.cfg": c.setupCfg, "setup.py": c.setupPy} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		read(data)
	}
	d := &declared{names: map[string]bool{}, files: map[string]bool{}, roots: map[string]bool{"src": true}}
	var patterns []string
	words := cleanAll(c.words)
	for _, w := range words {
		if strings.ContainsAny(w, "*?[") {
			patterns = append(patterns, w)
		} else {
			d.names[w] = true
		}
	}
	for _, w := range cleanAll(c.files) {
		d.files[w] = true
	}
	for _, w := range cleanAll(append(c.roots, c.files...)) {
		d.roots[w] = true
	}
	// Patterns of everything are meant from a package.
	d.patterns = anyOf("", slices.DeleteFunc(patterns, func(p string) bool { return strings.Trim(p, "*./") == "" }))
	d.inPackage = anyOf("(?:.*/)?", cleanAll(append(c.data, words...)))
	d.licenses = anyOf("", cleanAll(c.licenses))
	_, err := os.Stat(filepath.Join(dir, "PKG-INFO"))
	d.sdist = err == nil
	return d, nil
}

// asks says whether the metadata names a file.
func (d *declared) asks(name string, inPackage bool) bool {
	return d.names[name] || d.files[name] || d.patterns != nil && d.patterns.MatchString(name) || inPackage && d.inPackage != nil && d.inPackage.MatchString(name)
}

// essential says whether the project's metadata is read from a file, which is then always sent.
func (d *declared) essential(name string) bool {
	return d.names[name] || d.files[name] || d.licenses != nil && d.licenses.MatchString(name) ||
		matches(name, "setup.py", "setup.cfg", "pyproject.toml", "MANIFEST.in", "PKG-INFO", "bindep.txt", "requirements.txt", "requirements-py*.txt")
}

// leads says whether something with a name lies in a folder.
func (d *declared) leads(folder string) bool {
	for name := range d.names {
		if under(name, folder) {
			return true
		}
	}
	return false
}

// pyproject takes all strings of the tables that the backend reads: those whose name a requirement of the build begins with.
func (c *collector) pyproject(data []byte) {
	var file struct {
		Project map[string]any `toml:"project"`
		Build   struct {
			Requires []string `toml:"requires"`
			Path     []string `toml:"backend-path"`
		} `toml:"build-system"`
		Tool map[string]any `toml:"tool"`
	}
	if _, err := toml.Decode(string(data), &file); err != nil {
		return
	}
	for _, key := range []string{"readme", "license", "license-files"} {
		c.value(key, file.Project[key])
	}
	c.words = append(c.words, file.Build.Path...)
	requires := append(file.Build.Requires, "setuptools")
	for name, table := range file.Tool {
		if slices.ContainsFunc(requires, func(r string) bool {
			return strings.HasPrefix(setupcfg.Canonical(r), setupcfg.Canonical(name))
		}) {
			c.value("", table)
		}
	}
}

// value takes the strings of a value of TOML, at the place of which key is the nearest name.
func (c *collector) value(key string, value any) {
	switch v := value.(type) {
	case string:
		switch {
		case isRoot(key):
			c.roots = append(c.roots, v)
		case key == packageData:
			c.data = append(c.data, v)
		case strings.HasPrefix(key, "license"):
			c.licenses = append(c.licenses, v)
			c.words = append(c.words, v)
		default:
			c.words = append(c.words, v)
		}
	case []any:
		for _, item := range v {
			c.value(key, item)
		}
	case []map[string]any:
		for _, item := range v {
			c.value(key, item)
		}
	case map[string]any:
		for name, item := range v {
			inner := name
			if isRoot(key) || key == packageData {
				inner = key
			} else if key == "force-include" || key == "shared-data" || key == "data-files" { // whose keys are paths, too
				c.words = append(c.words, name)
			}
			if !noPath(name) {
				c.value(inner, item)
			}
		}
	}
}

// packageData is the table of setuptools with patterns for each package.
const packageData = "package-data"

// isRoot says whether the values of a key are folders of packages.
func isRoot(key string) bool {
	return slices.Contains([]string{"package-dir", "package_dir", "packages", "where", "from", "python-source", "module-root", "packages_root"}, key)
}

// noPath says whether the values of a key are names, prose or what is not wanted.
func noPath(key string) bool {
	return strings.Contains(key, "exclude") || slices.Contains([]string{"name", "description", "keywords", "classifiers", "authors", "maintainers",
		"dependencies", "dev-dependencies", "group", "extras", "scripts", "plugins", "urls", "source", "envs", "py-modules", "module-name"}, key)
}

// setupCfg takes the words of the sections that build tools read.
func (c *collector) setupCfg(data []byte) {
	cfg, err := setupcfg.ParseConfig("setup.cfg", data, setupcfg.ReadRaw)
	if err != nil {
		return
	}
	for _, section := range cfg.Sections() {
		if !slices.Contains([]string{"metadata", "files", "options", "options.data_files", "options.package_data", "options.packages.find", "options.packages.find_namespace",
			"global", "pbr", "sdist", "bdist_wheel", "build_ext"}, section) {
			continue
		}
		for _, key := range cfg.Keys(section) {
			value, ok, err := cfg.Value(section, key)
			if !ok || err != nil {
				continue
			}
			words := wordsOf(value)
			key = strings.ReplaceAll(key, "-", "_")
			switch {
			case section == "options.package_data":
				c.data = append(c.data, words...)
			case strings.HasPrefix(key, "license"):
				c.licenses = append(c.licenses, words...)
				c.words = append(c.words, words...)
			case isRoot(key), strings.HasPrefix(section, "options.packages"), section == "files" && strings.HasSuffix(key, "packages"):
				c.roots = append(c.roots, words...)
			case section == "metadata" && !slices.Contains([]string{"long_description", "description_file", "version", "version_file", "requires_dist"}, key), noPath(key), strings.HasSuffix(key, "requires"):
			default:
				c.words = append(c.words, words...)
			}
		}
	}
}

// wordsOf are the words of a value, without those before an equals sign: they are where files go.
func wordsOf(value string) []string {
	var words []string
	for line := range strings.Lines(strings.ReplaceAll(value, "file:", " ")) {
		if _, from, ok := strings.Cut(line, "="); ok {
			line = from
		}
		words = append(words, strings.FieldsFunc(line, func(r rune) bool { return strings.ContainsRune(" \t\r\n,;\"'", r) })...)
	}
	return words
}

// setupPy takes the strings of a program, which may be paths.
func (c *collector) setupPy(data []byte) {
	for _, m := range regexp.MustCompile(`'([^'\\\n]*)'|"([^"\\\n]*)"`).FindAllSubmatch(data, -1) {
		word := string(m[1]) + string(m[2])
		if strings.ContainsAny(word, "./*") {
			c.words = append(c.words, word)
		} else { // the name of a package more often than of a folder of data
			c.files = append(c.files, word)
		}
	}
}

// cleanAll are the words that may be paths below the project, in one spelling, each once and sorted.
func cleanAll(words []string) []string {
	var out []string
	for _, w := range words {
		if w == "" || len(w) > 300 || strings.ContainsAny(w, "\n\x00") || path.IsAbs(w) {
			continue
		}
		if w = path.Clean(w); w != "." && w != ".." && !strings.HasPrefix(w, "../") {
			out = append(out, w)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}
