package setupcfg

import (
	"strings"
	"text/scanner"
)

// entryPointsFile is the name of the file in a wheel, and in messages about it.
const entryPointsFile = "entry_points.txt"

// ParseEntryPoints reads a wheel's entry_points.txt, as importlib.metadata does, and returns the
// console and GUI scripts in the order of the file. Other groups may hold anything. The error is an ErrorList.
func ParseEntryPoints(src []byte) (console, gui []Script, err error) {
	console, gui, _, errs := entryPoints(entryPointsFile, src)
	return console, gui, errs.err()
}

// entryPoints reads a file in the form of entry_points.txt. groups are the names of all groups.
func entryPoints(filename string, src []byte) (console, gui []Script, groups []string, errs ErrorList) {
	return entryPointLines(splitLines(filename, string(src)))
}

// entryPointLines reads the lines of such a text, stripped.
func entryPointLines(lines []valueLine) (console, gui []Script, groups []string, errs ErrorList) {
	console, gui = []Script{}, []Script{}
	group := ""
	for _, line := range lines {
		switch {
		case line.text == "" || line.text[0] == '#':
		case line.text[0] == '[' && line.text[len(line.text)-1] == ']':
			group = strings.Trim(line.text, "[]") // blanks are part of the name, as in configparser
			groups = append(groups, group)
		case group == "":
			errs.add(line.pos, "begin the file with a group such as [console_scripts]", "%q stands before the first group", shorten(line.text))
		case !strings.Contains(line.text, "="):
			errs.add(line.pos, "write name = module:function", "%q in %s is no entry point", shorten(line.text), group)
		case group == groupConsole || group == groupGUI:
			s, problem := parseScript(line, group)
			if problem != nil {
				errs = append(errs, problem)
			} else if group == groupConsole {
				console = appendScript(console, s, group, &errs)
			} else {
				gui = appendScript(gui, s, group, &errs)
			}
		}
	}
	return console, gui, groups, errs
}

// filePos is the place of a file as a whole.
func filePos(filename string) scanner.Position { return scanner.Position{Filename: filename} }

// linePos is the first column of a line of a file.
func linePos(filename string, line int) scanner.Position {
	return scanner.Position{Filename: filename, Line: line, Column: 1}
}
