package definition

import (
	"fmt"
	"slices"
	"strings"
)

// checker compares a file with the rows, and fills {name} and {release} in.
type checker struct {
	*problems
	schema schema
	values map[string]string
}

// table checks a table and what is in it. What is wrong is marked as bad, and unknown keys are removed, so that it is said once.
func (c *checker) table(n *node, t table) {
	for _, key := range slices.Clone(n.keys) {
		if r, ok := c.schema[t][key]; ok {
			c.value(n.table[key], r)
			continue
		}
		said, another := unknown(n, key, t)
		c.add(n.table[key].key, "%s", said)
		n.unclear = n.unclear || another
		n.keys = slices.DeleteFunc(n.keys, func(k string) bool { return k == key })
		delete(n.table, key)
	}
}

func (c *checker) value(n *node, r row) {
	switch {
	case n.kind == isString && (r.typ == aString || r.typ == aPath || r.typ == aDigest || r.typ == aSource || r.typ == somePaths):
		c.text(n, r)
	case n.kind == isBool && r.typ == aBool:
	case n.kind == isNumber && r.typ == aNumber:
		if n.number < 0 || n.number > 1<<32-2 {
			c.bad(n, "%s: %d is no such number; write one from 0 to %d", n.name(), n.number, int64(1<<32-2))
		}
	case n.kind == isList && slices.Contains([]valueType{someStrings, anArgv, someArgvs, someEntries, somePaths, tableList}, r.typ):
		c.list(n, r)
	case n.kind == isTable && (r.typ == aTable || r.typ == aDigest):
		c.strings(n, r)
	case n.kind == isTable && (r.typ == aPlace || r.typ == aSource):
		c.table(n, r.of)
	case n.kind == isTable && r.typ == namedTables:
		c.named(n, r)
	case n.kind == isString && r.asString() != "":
		n.kind = isBad
		c.add(n.key, r.asString(), n.text)
	default:
		c.wrongType(n, r)
	}
}

// asString is what to say where a string stands for a table.
func (r row) asString() string {
	if r.key == "user" {
		return "user is a table of accounts; to set who the container runs as, write run-as = %q"
	}
	return ""
}

func (c *checker) wrongType(n *node, r row) {
	c.bad(n, "%s must be %s: %s", r.key, r.typ.words(), r.example)
}

func (c *checker) bad(n *node, format string, args ...any) {
	n.kind = isBad
	c.add(n.at, format, args...)
}

// text checks a string, and fills in what is known.
func (c *checker) text(n *node, r row) {
	written := n.text
	if r.braces != nil {
		filled, problem := fill(n.text, r.braces, c.values)
		if problem != "" {
			c.bad(n, "%s: %s", r.key, problem)
			return
		}
		n.named = n.named || filled != n.text && strings.Contains(n.text, "{name}")
		n.text = filled
		if !r.waits() {
			n.text = plain(filled)
		}
	}
	if r.typ == aPath || r.typ == aSource || r.typ == somePaths {
		if problem := n.doc.escapes(n.text); problem != "" {
			c.bad(n, "%s", problem)
		}
	}
	if r.check == nil {
		return
	}
	sample := n.text
	if r.waits() {
		sample = typical(n.text)
	}
	problem := r.check(sample)
	switch {
	case problem == "":
	case c.values["release"] == "" && r.braces != nil && strings.Contains(written, "{release}"):
		c.bad(n, "%s: {release} is empty without a release; choose one with --release or default-release", r.key)
	default:
		c.bad(n, "%s: %q %s", r.key, withoutUser(n.text), problem)
	}
}

func (c *checker) list(n *node, r row) {
	for _, item := range n.items {
		switch {
		case r.typ == someArgvs && item.kind == isList:
			c.list(item, row{key: r.key, typ: anArgv, braces: r.braces, example: r.example})
			if len(item.items) == 0 {
				c.bad(item, "%s: a command has no words; write its program and arguments", r.key)
			}
		case r.typ == someArgvs, r.typ == tableList && item.kind != isTable:
			item.kind = isBad
			c.add(item.at, "%s must be %s: %s", r.key, r.typ.words(), r.example)
		case item.kind == isString:
			c.text(item, r)
		case item.kind == isTable && (r.typ == someEntries || r.typ == tableList):
			c.table(item, r.of)
		default:
			item.kind = isBad
			c.add(item.at, "%s must be %s: %s", r.key, r.typ.words(), r.example)
		}
	}
	if r.of == onePackage {
		c.lines(n)
	}
}

// strings checks a table of strings.
func (c *checker) strings(n *node, r row) {
	for _, key := range n.keys {
		item := n.table[key]
		if item.kind != isString {
			c.bad(item, "%s must be %s: %s", r.key, r.typ.words(), r.example)
			continue
		}
		c.text(item, r)
		ofKey, ofValue := checkEntry(r, key, item.text)
		if ofKey != "" {
			c.add(item.key, "%s: %s", n.name(), ofKey)
		}
		if ofValue != "" && item.kind == isString {
			c.bad(item, "%s: %s", item.name(), ofValue)
		}
	}
}

// named checks a table of tables: their names, and what is in them.
func (c *checker) named(n *node, r row) {
	for _, key := range slices.Clone(n.keys) {
		item := n.table[key]
		if item.kind != isTable {
			item.kind = isBad
			c.add(item.at, "%s must be a table: %s = %s", item.name(), r.key, r.example)
			continue
		}
		if problem := c.handle(n, key, r); problem != "" {
			item.kind = isBad
			c.add(item.key, "%s", problem)
			continue
		}
		c.table(item, r.of)
	}
}

// handle checks the name of a table, and fills in what is known of a destination.
func (c *checker) handle(n *node, key string, r row) string {
	if r.of != oneFile {
		if check := handleCheck(r.of); check != nil {
			if problem := check(key); problem != "" {
				return fmt.Sprintf("%s: %q %s", r.key, key, problem)
			}
		}
		return ""
	}
	filled, problem := fill(key, ofPython(), c.values)
	if problem == "" {
		problem = checkDestination(typical(filled))
		if problem != "" {
			problem = fmt.Sprintf("%q %s", key, problem)
		}
	}
	if problem != "" || filled == key {
		return problem
	}
	if n.table[filled] != nil {
		return fmt.Sprintf("%q is there already; keep one", filled)
	}
	item := n.table[key]
	item.named = strings.Contains(key, "{name}")
	n.table[filled] = item
	delete(n.table, key)
	n.keys[slices.Index(n.keys, key)] = filled
	return ""
}

// handleCheck is the check of the names of a kind of table.
func handleCheck(t table) func(string) string {
	switch t {
	case overlay:
		return checkTag
	case oneImage:
		return checkName
	case user:
		return nil // the name of the account is checked
	case repository:
		return matches(`[a-z0-9][a-z0-9._-]*`, "cannot name a repository; write lower-case letters, digits and . _ -")
	default:
		return checkProject
	}
}
