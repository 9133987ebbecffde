package definition

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/scanner"
)

// Value is one effective value, for people: the key with all it is in, and who set it.
type Value struct {
	Key string
	// Value is a string, bool or int64, a []any of them, or a map[string]any.
	Value any
	At    scanner.Position
}

// String is the value as TOML has it.
func (v Value) String() string { return literal(v.Value) }

// listed are the values of a tree, but for what only says how files are read. A list that several files have a part in gives a value
// for each part.
func listed(n *node) []Value {
	var out []Value
	for _, key := range n.keys {
		if key != "extends" && key != "release" && key != "default-release" {
			out = append(out, n.table[key].listed([]string{key})...)
		}
	}
	return out
}

func (n *node) listed(path []string) []Value {
	var out []Value
	switch {
	case n.kind == isTable && len(n.keys) > 0:
		for _, key := range n.keys {
			out = append(out, n.table[key].listed(append(path[:len(path):len(path)], key))...)
		}
	case n.kind == isList && len(n.items) > 0 && slices.ContainsFunc(n.items, func(item *node) bool { return !item.writtenWith(n.items[0]) }):
		for from, to := 0, 0; from < len(n.items); from = to {
			part := []any{}
			for to = from; to < len(n.items) && n.items[to].writtenWith(n.items[from]); to++ {
				part = append(part, n.items[to].value())
			}
			out = append(out, Value{dotted(path), part, n.items[from].at})
		}
	default:
		out = append(out, Value{dotted(path), n.value(), n.at})
	}
	return out
}

// writtenWith says whether two items of a list stand in one list of one file.
func (n *node) writtenWith(other *node) bool {
	return n.doc == other.doc && slices.Equal(n.path[:len(n.path)-1], other.path[:len(other.path)-1])
}

// value is a node as plain data.
func (n *node) value() any {
	switch n.kind {
	case isBool:
		return n.yes
	case isNumber:
		return n.number
	case isList:
		out := []any{}
		for _, item := range n.items {
			out = append(out, item.value())
		}
		return out
	case isTable:
		out := map[string]any{}
		for key, item := range n.table {
			out[key] = item.value()
		}
		return out
	default:
		return n.text
	}
}

// literal is plain data as TOML has it.
func literal(value any) string {
	switch v := value.(type) {
	case []any:
		var parts []string
		for _, item := range v {
			parts = append(parts, literal(item))
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case map[string]any:
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(v)) {
			parts = append(parts, dotted([]string{key})+" = "+literal(v[key]))
		}
		return "{ " + strings.Join(parts, ", ") + " }"
	case string:
		return strconv.Quote(v)
	default:
		return fmt.Sprint(v)
	}
}
