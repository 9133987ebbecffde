package setupcfg

import "strings"

// splitMultiline is pbr's: one item a line, lines that begin with "#" and empty ones left out.
func splitMultiline(lines []valueLine) []valueLine {
	var out []valueLine
	for _, line := range lines {
		if line.text = strip(line.text); line.text != "" && line.text[0] != '#' {
			out = append(out, line)
		}
	}
	return out
}

// splitList is setuptools': one item a line if the value has several lines, else split at the separator.
func splitList(lines []valueLine, separator string) []valueLine {
	if len(lines) != 1 {
		return splitMultiline(lines)
	}
	var out []valueLine
	for _, part := range strings.Split(lines[0].text, separator) {
		if part = strip(part); part != "" && part[0] != '#' {
			out = append(out, valueLine{part, lines[0].pos})
		}
	}
	return out
}

// stripComment cuts " # comment" off a requirement, as the reader of requirements does.
func stripComment(text string) string {
	text, _, _ = strings.Cut(text, " #")
	return strip(text)
}

// requirementList are setuptools' requirements in a value or a file.
func requirementList(items []valueLine) []Requirement {
	out := []Requirement{}
	for _, item := range items {
		if text := stripComment(item.text); text != "" && text[0] != '#' {
			out = append(out, Requirement{Text: text, Pos: item.pos})
		}
	}
	return out
}

// fileLines are the lines of a file with their places.
func fileLines(filename string, src []byte) []valueLine {
	var out []valueLine
	for i, text := range physicalLines(string(src)) {
		v := valueLine{text: strip(text)}
		v.pos.Filename, v.pos.Line, v.pos.Column = filename, i+1, 1
		out = append(out, v)
	}
	return out
}

// splitLines splits a text as Python's str.splitlines does, at more than line feeds, and strips the lines.
func splitLines(filename, text string) []valueLine {
	var out []valueLine
	line := 1
	text = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(text)
	for physical := range strings.SplitSeq(text, "\n") {
		for _, part := range strings.FieldsFunc(physical, func(r rune) bool { return strings.ContainsRune("\v\f\x1c\x1d\x1e\u0085\u2028\u2029", r) }) {
			if part = strip(part); part != "" {
				out = append(out, valueLine{part, linePos(filename, line)})
			}
		}
		line++
	}
	return out
}

// oneLine is the text of a value as one line.
func oneLine(lines []valueLine) string {
	var parts []string
	for _, line := range lines {
		parts = append(parts, line.text)
	}
	return strip(strings.Join(parts, "\n"))
}
