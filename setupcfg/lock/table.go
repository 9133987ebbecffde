package lock

import (
	"fmt"
	"slices"
	"strings"
	"text/scanner"
)

// table is one table of a TOML file, with its place. Values of a wrong type are problems of the file.
type table struct {
	r     *reader
	place func(path ...string) scanner.Position
	data  map[string]any
	path  []string
}

func (t table) at(keys ...string) []string { return append(slices.Clone(t.path), keys...) }

// pos is where the table or one of its keys stands.
func (t table) pos(keys ...string) scanner.Position { return t.place(t.at(keys...)...) }

func (t table) has(key string) bool {
	_, ok := t.data[key]
	return ok
}

func (t table) wrong(key, want string) {
	t.r.fail(t.pos(key), t.r.renewHint(), "%s must be %s", strings.Join(t.at(key), "."), want)
}

// str is a string, empty where there is none.
func (t table) str(key string) string {
	value, there := t.data[key]
	s, ok := value.(string)
	if there && !ok {
		t.wrong(key, "a string")
	}
	return s
}

// need is a string that must be there.
func (t table) need(key string) string {
	if !t.has(key) {
		t.r.fail(t.pos(), t.r.renewHint(), "this has no %s", key)
	}
	return t.str(key)
}

func (t table) integer(key string) int64 {
	value, there := t.data[key]
	n, ok := value.(int64)
	if there && !ok {
		t.wrong(key, "a number")
	}
	return n
}

// list are the items of an array.
func (t table) list(key string) []any {
	value, there := t.data[key]
	if tables, ok := value.([]map[string]any); ok { // [[key]]
		list := make([]any, len(tables))
		for i := range tables {
			list[i] = tables[i]
		}
		return list
	}
	list, ok := value.([]any)
	if there && !ok {
		t.wrong(key, "an array")
	}
	return list
}

// strs is an array of strings.
func (t table) strs(key string) []string {
	var out []string
	for i, item := range t.list(key) {
		s, ok := item.(string)
		if !ok {
			t.r.fail(t.pos(key, index(i)), t.r.renewHint(), "item %d of %s must be a string", i+1, strings.Join(t.at(key), "."))
			continue
		}
		out = append(out, s)
	}
	return out
}

// tables is an array of tables, written in whichever way.
func (t table) tables(key string) []table {
	var out []table
	for i, item := range t.list(key) {
		data, ok := item.(map[string]any)
		if !ok {
			t.r.fail(t.pos(key, index(i)), t.r.renewHint(), "item %d of %s must be a table", i+1, strings.Join(t.at(key), "."))
			continue
		}
		out = append(out, table{t.r, t.place, data, t.at(key, index(i))})
	}
	return out
}

// sub is a table within the table, an empty one where there is none.
func (t table) sub(key string) table {
	value, there := t.data[key]
	data, ok := value.(map[string]any)
	if there && !ok {
		t.wrong(key, "a table")
	}
	return table{t.r, t.place, data, t.at(key)}
}

// keys in an order that is the same each time.
func (t table) keys() []string {
	var out []string
	for key := range t.data {
		out = append(out, key)
	}
	slices.Sort(out)
	return out
}

func index(i int) string { return fmt.Sprintf("[%d]", i) }
