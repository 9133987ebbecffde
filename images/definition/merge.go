package definition

import (
	"slices"
	"strings"
)

// merge lays a table over one of an outer level: single values replace, tables merge by key, lists append.
func (s schema) merge(old, over *node, t table) *node {
	out := *over
	out.table, out.keys = map[string]*node{}, nil
	out.named, out.unclear = old.named || over.named, old.unclear || over.unclear
	dropped := droppedKeys(old, over, t)
	for _, key := range old.keys {
		if !slices.Contains(dropped, key) {
			out.put(key, old.table[key])
		}
	}
	for _, key := range over.keys {
		value := over.table[key]
		if before := out.table[key]; before != nil {
			value = s.mergeValue(before, value, s[t][key])
		}
		out.put(key, value)
	}
	return &out
}

func (n *node) put(key string, value *node) {
	if n.table[key] == nil {
		n.keys = append(n.keys, key)
	}
	n.table[key] = value
}

func (s schema) mergeValue(old, over *node, r row) *node {
	switch {
	case old.kind != over.kind || r.replaces:
		return over
	case over.kind == isList && r.typ.isList():
		out := *over
		out.items = joinLists(old.items, over.items, r.same)
		return &out
	case over.kind == isTable && r.typ == namedTables:
		return mergeTables(old, over, func(a, b *node) *node {
			if a.kind != isTable || b.kind != isTable {
				return b
			}
			return s.merge(a, b, r.of)
		})
	case over.kind == isTable && (r.typ == aPlace || r.typ == aSource):
		return s.merge(old, over, r.of)
	case over.kind == isTable:
		return mergeTables(old, over, func(_, b *node) *node { return b })
	}
	return over
}

// mergeTables joins tables whose keys are names.
func mergeTables(old, over *node, both func(a, b *node) *node) *node {
	out := *over
	out.table, out.keys = map[string]*node{}, nil
	for _, key := range old.keys {
		out.put(key, old.table[key])
	}
	for _, key := range over.keys {
		value := over.table[key]
		if before := out.table[key]; before != nil {
			value = both(before, value)
		}
		out.put(key, value)
	}
	return &out
}

// joinLists appends a list. Entries that are the same as earlier ones take the place of the first of those; an entry that says nothing
// else stays what it was, of its file and in its level.
func joinLists(old, over []*node, same func(*node) string) []*node {
	byIdentity := map[string][]*node{}
	for _, item := range over {
		id := item.identity(same)
		byIdentity[id] = append(byIdentity[id], item)
	}
	var out []*node
	placed := map[string]bool{}
	place := func(id string) {
		if !placed[id] {
			out = append(out, byIdentity[id]...)
		}
		placed[id] = true
	}
	for _, item := range old {
		switch id := item.identity(same); {
		case byIdentity[id] == nil:
			out = append(out, item)
		case !placed[id] && len(byIdentity[id]) == 1 && byIdentity[id][0].whole() == item.whole():
			out, placed[id] = append(out, item), true
		default:
			place(id)
		}
	}
	for _, item := range over {
		place(item.identity(same))
	}
	return out
}

// identity is what entries have in common that are the same.
func (n *node) identity(same func(*node) string) string {
	if same != nil {
		if id := same(n); id != "" {
			return id
		}
	}
	if n.relative() {
		return n.doc.dir + "=" + n.whole()
	}
	return "=" + n.whole()
}

// relative says whether what a table means depends on the folder of its file.
func (n *node) relative() bool {
	if n.origin() == "path" {
		return true
	}
	if git := n.get("git"); git != nil && !strings.Contains(git.text, "://") {
		return true
	}
	source := n.get("source")
	return source != nil && (source.kind == isString || source.relative())
}

// droppedKeys are those of a table that has an origin, link or directory which another one takes the place of.
func droppedKeys(old, over *node, t table) []string {
	if !slices.Contains([]table{oneOrigin, oneFile, onePackage, project}, t) {
		return nil
	}
	before, now := old.origin(), over.origin()
	part := now == "path" && slices.Contains([]string{"url", "git", "image", "project"}, before)
	if now == "" || now == before || part {
		return nil
	}
	return []string{"path", "url", "git", "image", "project", "text", "ref", "sha256", "link", "directory", "line"}
}

// origin is the key by which a table says where something comes from, empty if it does not.
func (n *node) origin() string {
	for _, key := range []string{"url", "git", "image", "project", "text", "link", "directory", "line", "path"} {
		if n.get(key) != nil {
			return key
		}
	}
	return ""
}
