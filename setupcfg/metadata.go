package setupcfg

import (
	"regexp"
	"slices"
	"strings"
	"text/scanner"
)

// metadataFile is the name of the file in a wheel, and in messages about it.
const metadataFile = "METADATA"

// Wheel is what a built wheel says of itself.
type Wheel struct {
	Name, Version  string
	RequiresPython string
	// RequiresDist and ProvidesExtra are as spelled, in the order of METADATA.
	RequiresDist, ProvidesExtra []string
	// ConsoleScripts and GUIScripts are in the order of entry_points.txt.
	ConsoleScripts, GUIScripts []Script
	// DataScripts are the programs that the wheel brings as files; nil until AddDataScripts was called.
	DataScripts []Script

	lines map[string]int // where the single fields stand, by their lower-case names
}

// ParseWheel reads METADATA and entry_points.txt of a wheel; the latter's text is empty where the wheel
// has none. The error is an ErrorList.
func ParseWheel(metadata, entryPointsText []byte) (*Wheel, error) {
	w, errs := parseMetadata(metadata)
	console, gui, _, problems := entryPoints(entryPointsFile, entryPointsText)
	if err := append(errs, problems...).err(); err != nil {
		return nil, err
	}
	w.ConsoleScripts, w.GUIScripts = console, gui
	return w, nil
}

// ParseMetadata reads METADATA, or PKG-INFO, which has the same form. The scripts are in another
// file: see ParseWheel. The error is an ErrorList.
func ParseMetadata(src []byte) (*Wheel, error) {
	w, errs := parseMetadata(src)
	if err := errs.err(); err != nil {
		return nil, err
	}
	return w, nil
}

func parseMetadata(src []byte) (*Wheel, ErrorList) {
	w := &Wheel{lines: map[string]int{}}
	var errs ErrorList
	for _, h := range headers(string(src)) {
		if h.name == "" {
			errs.add(linePos(metadataFile, h.line), "", "%q is no header", shorten(h.value))
			continue
		}
		w.lines[h.name] = h.line
		switch h.name {
		case "metadata-version":
			if major, _, _ := strings.Cut(h.value, "."); major != "1" && major != "2" {
				errs.add(linePos(metadataFile, h.line), "a newer pbrx-go may know it", "Metadata-Version %q is not known", h.value)
			}
		case "name":
			w.Name = h.value
		case "version":
			w.Version = h.value
		case "requires-python":
			w.RequiresPython = h.value
		case "requires-dist":
			w.RequiresDist = append(w.RequiresDist, h.value)
		case "provides-extra":
			w.ProvidesExtra = append(w.ProvidesExtra, h.value)
		}
	}
	if len(errs) == 0 && (w.Name == "" || w.Version == "") {
		errs.add(filePos(metadataFile), "", "the wheel's metadata has no Name or no Version")
	}
	return w, errs
}

type header struct {
	name, value string
	line        int
}

// headers reads lines "Name: value" up to the first empty one. Not net/mail, which decodes words
// and limits sizes: the core metadata has neither.
func headers(src string) []header {
	var out []header
	for i, line := range physicalLines(src) {
		if line == "" {
			break
		}
		if line[0] == ' ' || line[0] == '\t' {
			if len(out) > 0 {
				out[len(out)-1].value += "\n" + strip(line)
			}
			continue
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			name, value = "", line
		}
		out = append(out, header{strings.ToLower(strip(name)), strip(value), i + 1})
	}
	return out
}

// place is where the wheel says a field.
func (w *Wheel) place(field string) scanner.Position {
	if line, ok := w.lines[strings.ToLower(field)]; ok {
		return linePos(metadataFile, line)
	}
	return filePos(metadataFile)
}

// dist is a Requires-Dist with the extras it belongs to, in canonical form. Poetry names all extras that want a
// requirement in one marker.
type dist struct {
	text   string
	extras []string
}

// of says whether the requirement belongs to an extra, or to none where that is empty.
func (d dist) of(extra string) bool {
	return extra == "" && len(d.extras) == 0 || slices.Contains(d.extras, extra)
}

// dists are the wheel's requirements with their extras in canonical form.
func (w *Wheel) dists() []dist {
	var out []dist
	for _, text := range w.RequiresDist {
		d := dist{text: text}
		parts, problem := parseDependency(text)
		if problem != "" { // of a wheel made by an old tool
			parts.wanted = nil
			for _, m := range regexp.MustCompile(`\bextra\s*==\s*['"]([^'"]*)['"]`).FindAllStringSubmatch(text, -1) {
				parts.wanted = append(parts.wanted, m[1])
			}
		}
		for _, name := range parts.wanted {
			d.extras = append(d.extras, Canonical(name))
		}
		out = append(out, d)
	}
	return out
}

// requires says whether the wheel requires a project, for an extra or, if that is empty, always.
func (w *Wheel) requires(name, extra string) bool {
	for _, d := range w.dists() {
		if d.of(extra) && requirementName(d.text) == name {
			return true
		}
	}
	return false
}

// normalVersion is a version as PEP 440 normalises it, as far as the common ways of writing
// one version go; anything else stays as it is.
func normalVersion(version string) string {
	pattern := regexp.MustCompile(`^v?(?:(\d+)!)?(\d+(?:\.\d+)*)(?:[-_.]?(alpha|beta|preview|pre|rc|a|b|c)[-_.]?(\d*))?(?:-(\d+)|[-_.]?(post|rev|r)[-_.]?(\d*))?(?:[-_.]?(dev)[-_.]?(\d*))?(?:\+([a-z0-9]+(?:[-_.][a-z0-9]+)*))?$`)
	m := pattern.FindStringSubmatch(strings.ToLower(strip(version)))
	if m == nil {
		return version
	}
	number := func(s string) string {
		if s = strings.TrimLeft(s, "0"); s == "" {
			return "0"
		}
		return s
	}
	out := ""
	if epoch := number(m[1]); epoch != "0" {
		out = epoch + "!"
	}
	var release []string
	for _, part := range strings.Split(m[2], ".") {
		release = append(release, number(part))
	}
	for len(release) > 1 && release[len(release)-1] == "0" {
		release = release[:len(release)-1] // 1.0 is 1.0.0
	}
	out += strings.Join(release, ".")
	if m[3] != "" {
		short := map[string]string{"alpha": "a", "beta": "b", "preview": "rc", "pre": "rc", "c": "rc"}
		kind := m[3]
		if s, ok := short[kind]; ok {
			kind = s
		}
		out += kind + number(m[4])
	}
	if m[5] != "" || m[6] != "" {
		out += ".post" + number(m[5]+m[7])
	}
	if m[8] != "" {
		out += ".dev" + number(m[9])
	}
	if m[10] != "" {
		local := strings.FieldsFunc(m[10], func(r rune) bool { return strings.ContainsRune("-_.", r) })
		for i, part := range local {
			if strings.Trim(part, "0123456789") == "" {
				local[i] = number(part)
			}
		}
		out += "+" + strings.Join(local, ".")
	}
	return out
}

// normalSpecifiers is a list of version specifiers without blanks, in one order.
func normalSpecifiers(text string) string {
	var parts []string
	for _, part := range strings.Split(text, ",") {
		if part = strings.Join(strings.Fields(part), ""); part != "" {
			parts = append(parts, part)
		}
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}
