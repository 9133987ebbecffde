package definition

import (
	"fmt"
	"strconv"
	"strings"
	"text/scanner"
)

// Value is one effective value, for people: the key with all it is in, the value as TOML has it, and who set it.
type Value struct {
	Key, Value string
	At         scanner.Position
}

// listed are the values of a tree, but for what only says how files are read.
func listed(n *node) []Value {
	var out []Value
	for _, key := range n.keys {
		if key != "extends" && key != "release" && key != "default-release" {
			out = append(out, n.table[key].listed([]string{key})...)
		}
	}
	return out
}

// listed goes down tables to what files set; the entries of a list may be of several files.
func (n *node) listed(path []string) []Value {
	var out []Value
	switch {
	case n.kind == isTable && len(n.keys) > 0:
		for _, key := range n.keys {
			out = append(out, n.table[key].listed(append(path[:len(path):len(path)], key))...)
		}
	case n.kind == isList && len(n.items) > 0 && !n.oneFile():
		for _, item := range n.items {
			out = append(out, Value{dotted(path), "[" + item.toml() + "]", item.at})
		}
	default:
		out = append(out, Value{dotted(path), n.toml(), n.at})
	}
	return out
}

// oneFile says whether a list is that of one file.
func (n *node) oneFile() bool {
	for _, item := range n.items {
		if item.doc != n.doc {
			return false
		}
	}
	return true
}

// toml is a value as TOML has it.
func (n *node) toml() string {
	switch n.kind {
	case isString:
		return strconv.Quote(n.text)
	case isBool:
		return fmt.Sprint(n.yes)
	case isNumber:
		return fmt.Sprint(n.number)
	case isList:
		var parts []string
		for _, item := range n.items {
			parts = append(parts, item.toml())
		}
		return "[" + strings.Join(parts, ", ") + "]"
	}
	var parts []string
	for _, key := range n.keys {
		parts = append(parts, dotted([]string{key})+" = "+n.table[key].toml())
	}
	return "{ " + strings.Join(parts, ", ") + " }"
}
