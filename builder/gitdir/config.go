package gitdir

import (
	"errors"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// storageConfig keeps of a git configuration what says how the repository and its work tree are stored, none of
// which can hold an address, the name of a program or a secret.
func storageConfig(path string) ([]byte, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	out := "[core]\n\tbare = false\n"
	section := ""
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "[") {
			section = strings.ToLower(strings.Trim(line, "[] "))
			continue
		}
		line, _, _ = strings.Cut(line, ";")
		line, _, _ = strings.Cut(line, "#")
		key, value, _ := strings.Cut(line, "=")
		key, value = strings.ToLower(strings.TrimSpace(key)), strings.ToLower(strings.TrimSpace(value))
		switch {
		case section == "core" && key == "repositoryformatversion" && slices.Contains([]string{"0", "1"}, value):
			out += "\trepositoryformatversion = " + value + "\n"
		case section == "core" && treeKey(key) && slices.Contains([]string{"true", "false", "input", "lf", "crlf", "native"}, value):
			out += "\t" + key + " = " + value + "\n"
		case section == "extensions" && (key == "objectformat" || key == "refstorage") && slices.Contains([]string{"sha1", "sha256", "files", "reftable"}, value):
			out += "[extensions]\n\t" + key + " = " + value + "\n[core]\n"
		}
	}
	return []byte(out), nil
}

// treeKey says whether a key of [core] decides if a file of the work tree counts as changed.
func treeKey(key string) bool {
	return slices.Contains([]string{"filemode", "symlinks", "autocrlf", "eol"}, key)
}
