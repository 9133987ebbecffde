package definition

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// kind is what a node is.
type kind int

const (
	isBad kind = iota // of a type that no key takes, or found wrong: it is there, and has no value
	isString
	isBool
	isNumber
	isList
	isTable
)

// node is a value of a file with its places.
type node struct {
	kind   kind
	text   string
	yes    bool
	number int64
	items  []*node
	// keys are those of a table in the order of the file.
	keys  []string
	table map[string]*node
	// key is the place of the key, at that of the value.
	key, at scanner.Position
	doc     *document
	// path is where it stands in the file.
	path []string
	// named says that {name} was filled in.
	named bool
	// unclear says that a table had keys that mean others: what it lacks may be what they mean.
	unclear bool
}

// document is one file that was read.
type document struct {
	// file is its name in messages, dir its folder, level its place in the chain, roots where paths may lead.
	file, dir string
	level     int
	roots     []string
	scan      *setupcfg.TOML
	// prefix is where in the file the configuration is.
	prefix []string
	top    *node
}

// node makes a node of a decoded value.
func (d *document) node(value any, path ...string) *node {
	full := slices.Concat(d.prefix, path)
	n := &node{doc: d, path: path, key: d.scan.Key(full...), at: d.scan.Value(full...)}
	switch v := value.(type) {
	case string:
		n.kind, n.text = isString, v
	case bool:
		n.kind, n.yes = isBool, v
	case int64:
		n.kind, n.number = isNumber, v
	case []any:
		n.kind = isList
		for i, item := range v {
			n.items = append(n.items, d.node(item, slices.Concat(path, []string{"[" + strconv.Itoa(i) + "]"})...))
		}
	case []map[string]any:
		n.kind = isList
		for i, item := range v {
			n.items = append(n.items, d.node(item, slices.Concat(path, []string{"[" + strconv.Itoa(i) + "]"})...))
		}
	case map[string]any:
		n.kind, n.table = isTable, map[string]*node{}
		for _, key := range d.keys(v, full) {
			n.keys = append(n.keys, key)
			n.table[key] = d.node(v[key], slices.Concat(path, []string{key})...)
		}
	}
	return n
}

// keys are the keys of a table as written; any that the scanner missed follow, sorted.
func (d *document) keys(table map[string]any, path []string) []string {
	var keys, rest []string
	for _, key := range d.scan.Below(path...) {
		if _, ok := table[key]; ok {
			keys = append(keys, key)
		}
	}
	for key := range table {
		if !slices.Contains(keys, key) {
			rest = append(rest, key)
		}
	}
	slices.Sort(rest)
	return append(keys, rest...)
}

// get is a member of a table, nil where there is none.
func (n *node) get(key string) *node {
	if n == nil || n.kind != isTable {
		return nil
	}
	return n.table[key]
}

// within is the place of a byte of a string.
func (n *node) within(offset int) scanner.Position {
	return n.doc.scan.Within(offset, slices.Concat(n.doc.prefix, n.path)...)
}

// name is the path as people write it, without items of arrays.
func (n *node) name() string { return dotted(n.path) }

// dotted is a path as people write it.
func dotted(path []string) string {
	var parts []string
	for _, key := range path {
		switch {
		case isItem(key):
		case isBare(key):
			parts = append(parts, key)
		default:
			parts = append(parts, strconv.Quote(key))
		}
	}
	return strings.Join(parts, ".")
}

// isItem says whether a part of a path is an item of a list.
func isItem(key string) bool {
	return strings.HasPrefix(key, "[") && strings.HasSuffix(key, "]") && strings.Trim(key[1:], "0123456789") == "]"
}

// isBare says whether a key needs no quotes.
func isBare(key string) bool {
	return key != "" && strings.IndexFunc(key, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_' && r != '-'
	}) < 0
}

// level is that of the innermost file which has a part in it; one that {name} is filled in belongs to the file that says it.
func (n *node) level(ofName int) int {
	level := 0
	if n.doc != nil {
		level = n.doc.level
	}
	if n.named {
		level = max(level, ofName)
	}
	for _, item := range n.items {
		level = max(level, item.level(ofName))
	}
	for _, item := range n.table {
		level = max(level, item.level(ofName))
	}
	return level
}

// whole is a text that two nodes have in common if they have the same value.
func (n *node) whole() string {
	switch n.kind {
	case isString:
		return strconv.Quote(n.text)
	case isList:
		var b strings.Builder
		for _, item := range n.items {
			b.WriteString(item.whole() + ",")
		}
		return "[" + b.String() + "]"
	case isTable:
		var b strings.Builder
		for _, key := range slices.Sorted(slices.Values(n.keys)) {
			b.WriteString(strconv.Quote(key) + "=" + n.table[key].whole() + ",")
		}
		return "{" + b.String() + "}"
	default:
		return fmt.Sprint(n.kind, n.yes, n.number)
	}
}
