package definition

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"text/scanner"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// The files that a configuration may be in.
const (
	ownFile       = "pbrx-go.toml"
	pyprojectFile = "pyproject.toml"
)

// prefixOf is the table of a file that holds the configuration.
func prefixOf(file string) []string {
	if filepath.Base(file) == pyprojectFile {
		return []string{"tool", "pbrx-go"}
	}
	return nil
}

// Find gives the file that configures a directory: the one of the flag, else pbrx-go.toml, else pyproject.toml if it has a table
// tool.pbrx-go; empty if there is none. Two of them are an error, an ErrorList.
func Find(dir, flag string) (string, error) {
	if flag != "" {
		return flag, nil
	}
	own, other := filepath.Join(dir, ownFile), filepath.Join(dir, pyprojectFile)
	if name, pos := misnamed(other); name != "" {
		return "", setupcfg.ErrorList{{Pos: pos, Msg: fmt.Sprintf("unknown table tool.%s; write tool.pbrx-go", name)}}
	}
	pos, inOther := tableOf(other)
	_, err := os.Lstat(own) // who reads it says where a link leads nowhere
	switch {
	case errors.Is(err, syscall.ENOTDIR):
		return "", nil // who reads the project says so
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", setupcfg.ErrorList{{Pos: scanner.Position{Filename: own}, Msg: reason(err)}}
	case err == nil && inOther:
		return "", setupcfg.ErrorList{{Pos: pos, Msg: fmt.Sprintf("[tool.pbrx-go] and %s:1 both configure the images; keep one", own)}}
	case err == nil:
		return own, nil
	case inOther:
		return other, nil
	}
	return "", nil
}

// tableOf says whether and where a pyproject.toml has a table for us. One that is no TOML at all counts if it seems to: others complain
// of the rest.
func tableOf(file string) (scanner.Position, bool) {
	src, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(src, []byte("pbrx-go")) {
		return scanner.Position{}, false
	}
	tool, err := toolTables(src)
	if err != nil {
		return scanner.Position{Filename: file}, true
	}
	_, ok := tool["pbrx-go"]
	return setupcfg.ScanTOML(file, src).Key(prefixOf(file)...), ok
}

func toolTables(src []byte) (map[string]any, error) {
	var data struct {
		Tool map[string]any `toml:"tool"`
	}
	_, err := toml.Decode(string(src), &data)
	return data.Tool, err
}

// misnamed is the place of a table of pyproject.toml that is meant for us and called otherwise; it would count for nobody.
func misnamed(file string) (name string, pos scanner.Position) {
	src, err := os.ReadFile(file)
	if err != nil || !bytes.Contains(bytes.ToLower(src), []byte("pbrx")) {
		return "", pos
	}
	tool, err := toolTables(src)
	if err != nil {
		return "", pos
	}
	for _, name := range slices.Sorted(maps.Keys(tool)) {
		if name != "pbrx-go" && strings.NewReplacer("-", "", "_", "", ".", "").Replace(strings.ToLower(name)) == "pbrxgo" {
			return name, setupcfg.ScanTOML(file, src).Key("tool", name)
		}
	}
	return "", pos
}

// reason is what an error of the file system says, without the path.
func reason(err error) string {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err.Error()
	}
	return err.Error()
}

// parse reads the text of a file. The document is nil if it is no TOML.
func parse(file string, src []byte, p *problems) *document {
	data := map[string]any{}
	if _, err := toml.Decode(string(src), &data); err != nil {
		p.list = append(p.list, syntaxError(file, src, err))
		return nil
	}
	d := &document{file: file, dir: filepath.Dir(file), scan: setupcfg.ScanTOML(file, src), prefix: prefixOf(file)}
	var value any = data
	for i, key := range d.prefix {
		table, ok := value.(map[string]any)
		if value = table[key]; !ok || table[key] == nil && i == 0 {
			value = map[string]any{}
		}
	}
	if value == nil {
		value = map[string]any{}
	}
	if len(d.prefix) > 0 {
		for _, pos := range d.scan.Newer() {
			p.add(pos, "this is TOML 1.1, which Python does not read yet; write TOML 1.0: what is in { } on one line and without a comma at the end, no \\e and \\x, times with seconds")
		}
	}
	if d.top = d.node(value); d.top.kind != isTable {
		p.add(d.top.at, "tool.pbrx-go must be a table; write [tool.pbrx-go] and its keys below")
		return nil
	}
	return d
}

// syntaxError is what the decoder found. Its lines and columns may be those of different places: the offset counts.
func syntaxError(file string, src []byte, err error) *setupcfg.Error {
	e := &setupcfg.Error{Pos: scanner.Position{Filename: file}, Msg: strings.TrimPrefix(err.Error(), "toml: "), Hint: "correct the TOML"}
	var syntax toml.ParseError
	if errors.As(err, &syntax) {
		before := bytes.TrimPrefix(src, []byte("\ufeff"))
		before = before[:min(max(syntax.Position.Start, 0), len(before))]
		e.Pos.Line = 1 + bytes.Count(before, []byte("\n"))
		e.Pos.Column = 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
		e.Msg = "TOML: " + strings.TrimSuffix(syntax.Message, ".")
	}
	return e
}
