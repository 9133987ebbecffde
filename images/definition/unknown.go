package definition

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/bindep"
)

// unknown says what is wrong with a key that a table does not have; another says whether it may stand for another key.
func unknown(n *node, key string, t table) (said string, another bool) {
	if said := refused(t)[strings.ToLower(key)]; said != "" {
		return fmt.Sprintf(said, key), false
	}
	here := newSchema()[t]
	for _, r := range rows() {
		if slices.Contains(r.in, t) && (slices.Contains(r.peers, key) || slices.Contains(r.peers, strings.ToLower(key))) {
			return fmt.Sprintf("unknown key %q; write %s = %s", key, r.key, r.typ.sketch()), true
		}
	}
	if n.table[key].kind == isTable && slices.Contains([]table{overlay, project, oneImage, user, repository}, t) && len(n.path) == 2 && !slices.Contains(allKeys(), key) {
		return fmt.Sprintf("unknown key %q; a name with a dot stands in quotes: %s.%q", key, n.path[0], n.path[1]+"."+key), true
	}
	if said := elsewhere(n, key, t); said != "" {
		return said, true
	}
	names := slices.Sorted(maps.Keys(here))
	if near, ok := bindep.Nearest(strings.ToLower(key), names); ok {
		return fmt.Sprintf("unknown key %q; did you mean %q?", key, near), true
	}
	if t == topLevel || t == oneImage || t == overlay {
		return fmt.Sprintf("unknown key %q; remove it, or see what there is with `pbrx-go config schema`", key), false
	}
	return fmt.Sprintf("unknown key %q; %s has %s", key, t, strings.Join(names, ", ")), false
}

// allKeys are all keys there are.
func allKeys() []string {
	var out []string
	for _, r := range rows() {
		out = append(out, r.key)
	}
	return out
}

// sketch is the form of a value, with the content left out.
func (t valueType) sketch() string {
	switch t {
	case someStrings, anArgv, someArgvs, someEntries, tableList:
		return "[…]"
	case aTable, namedTables, aPlace:
		return "{ … }"
	case aBool:
		return "true"
	case aNumber:
		return "…"
	default:
		return `"…"`
	}
}

// elsewhere says where a key belongs that other tables have. Of an image or overlay that is the top level, if that has the key.
func elsewhere(n *node, key string, t table) string {
	var places []string
	why := ""
	holdsContent := slices.Contains(everywhere(), t)
	for _, r := range rows() {
		if r.key != key {
			continue
		}
		if holdsContent && r.asString() != "" && n.table[key].kind == isString {
			return fmt.Sprintf(r.asString(), n.table[key].text)
		}
		if r.why != "" && (holdsContent || t == project || slices.Contains(r.in, topLevel)) {
			why = ": " + r.why
		}
		if holdsContent && slices.Contains(r.in, topLevel) {
			places = []string{string(topLevel)}
			break
		}
		for _, in := range r.in {
			if in != overlay && !slices.Contains(places, string(in)) {
				places = append(places, string(in))
			}
		}
	}
	if len(places) == 0 {
		return ""
	}
	here := n.name()
	if here == "" {
		here = string(topLevel)
	}
	return fmt.Sprintf("%q belongs to %s, not to %s%s", key, strings.Join(places, " or "), here, why)
}

// refused are words that no file has, with what is said of them.
func refused(t table) map[string]string {
	if t != topLevel && t != oneImage && t != overlay {
		return nil
	}
	out := map[string]string{
		"expose":      "unknown key %q; ports are the business of what runs the container, remove it",
		"ports":       "unknown key %q; ports are the business of what runs the container, remove it",
		"healthcheck": "unknown key %q; health checks are the business of what runs the container, remove it",
		"stopsignal":  "unknown key %q; signals are the business of what runs the container, remove it",
		"onbuild":     "unknown key %q; images are not stacked on images, remove it",
		"maintainer":  "unknown key %q; write labels = { \"org.opencontainers.image.authors\" = \"…\" }",
	}
	for flag, belongs := range machineFlags() {
		variable := strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
		said := "%q belongs to " + belongs + ", not to the project; set --" + flag + " or PBRX_GO_" + variable
		out[flag], out[strings.ReplaceAll(flag, "-", "_")] = said, said
	}
	if t == topLevel {
		out["tool"] = "%q belongs to pyproject.toml; write the keys of [tool.pbrx-go] at the top level of this file"
	}
	return out
}

// machineFlags are the flags that have no key, and whose they are.
func machineFlags() map[string]string {
	out := map[string]string{}
	for _, flag := range []string{"engine", "output", "tag", "mirror", "cache-from", "cache-to", "progress"} {
		out[flag] = "the machine"
	}
	for _, flag := range []string{"no-cache", "refresh", "push", "only", "timings", "format", "dry-run", "quiet", "debug", "gui-scripts"} {
		out[flag] = "one build"
	}
	return out
}
