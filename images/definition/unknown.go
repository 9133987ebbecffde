package definition

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/bindep"
)

// unknown says what is wrong with a key that a table does not have.
func unknown(n *node, key string, t table) string {
	if said := refused(t)[strings.ToLower(key)]; said != "" {
		return fmt.Sprintf(said, key)
	}
	here := newSchema()[t]
	for _, r := range rows() {
		if slices.Contains(r.in, t) && slices.Contains(r.peers, key) {
			return fmt.Sprintf("unknown key %q; write %s = %s", key, r.key, r.typ.sketch())
		}
	}
	if said := elsewhere(n, key, t); said != "" {
		return said
	}
	names := slices.Sorted(maps.Keys(here))
	if near, ok := bindep.Nearest(strings.ToLower(key), names); ok {
		return fmt.Sprintf("unknown key %q; did you mean %q?", key, near)
	}
	if t == topLevel || t == oneImage || t == overlay {
		return fmt.Sprintf("unknown key %q; remove it, or see what there is with `pbrx-go config schema`", key)
	}
	return fmt.Sprintf("unknown key %q; %s has %s", key, t, strings.Join(names, ", "))
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

// elsewhere says where a key belongs that other tables have.
func elsewhere(n *node, key string, t table) string {
	var places []string
	why := ""
	for _, r := range rows() {
		if r.key != key {
			continue
		}
		if r.asString() != "" && n.table[key].kind == isString {
			return fmt.Sprintf(r.asString(), n.table[key].text)
		}
		if r.why != "" && slices.Contains(r.in, topLevel) {
			why = ": " + r.why
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
	for _, flag := range []string{"engine", "output", "tag", "mirror", "cache-from", "cache-to", "no-cache", "progress"} {
		out[flag] = "%q belongs to the machine, not to the project; set --" + flag + " or PBRX_GO_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
	}
	return out
}
