package definition

import (
	"fmt"
	"slices"
	"strings"
	"text/scanner"
)

// Options are what decides beside the files.
type Options struct {
	// Releases are the overlays asked for, in order; without any, default-release counts. Their At has the flag or the variable in
	// Filename.
	Releases []Text
	// ProjectName is the name of the project in the directory, for {name} where no file sets name. Empty if it is not known.
	ProjectName string
}

// Load reads the configuration of a directory: that of the flag, else pbrx-go.toml, else the table tool.pbrx-go of pyproject.toml. It is nil
// where there is none, and one that sets nothing where the file is empty. The error is a setupcfg.ErrorList of all problems, at most 20 and
// in the order of the files. What depends on the base is still in braces: see Set.On.
func Load(dir, flag string, opts Options) (*Set, error) {
	file, err := Find(dir, flag)
	if err != nil {
		return nil, err
	}
	p := &problems{}
	if file == "" {
		for _, r := range opts.Releases {
			p.add(scanner.Position{}, "%s: no such release; there is no %s in %s that could define it", r.asked(), ownFile, dir)
		}
		return nil, p.err(nil)
	}
	docs := readChain(file, p)
	if docs == nil {
		return nil, p.err(nil)
	}
	files := fileNames(docs)
	l := &loader{problems: p, schema: newSchema(), docs: docs, opts: opts}
	set := l.load()
	if err := p.err(files); err != nil {
		return nil, err
	}
	return set, nil
}

// loader makes a set of the files of a chain.
type loader struct {
	*problems
	schema schema
	docs   []*document
	opts   Options
}

func (l *loader) load() *Set {
	defined, chosen, name := l.releases()
	values := map[string]string{"release": name}
	ofName := len(l.docs) - 1
	if name := l.last("name"); name != nil {
		values["name"], ofName = name.text, name.doc.level
	} else if l.opts.ProjectName != "" {
		values["name"] = l.opts.ProjectName
	}
	for _, d := range l.docs {
		(&checker{l.problems, l.schema, values}).table(d.top, topLevel)
	}
	merged := l.merged(chosen)
	d := &decoder{problems: l.problems, ofName: ofName, name: values["name"]}
	set := d.set(merged)
	last := l.docs[len(l.docs)-1]
	set.Files, set.Dir, set.Root = fileNames(l.docs), last.dir, commonRoot(l.docs)
	set.Defined, set.Releases = defined, chosen
	set.Values, set.Warnings = listed(merged), set.warnings()
	return set
}

// last is a string of the innermost file that sets it.
func (l *loader) last(key string) *node {
	for _, d := range slices.Backward(l.docs) {
		if n := d.top.get(key); n != nil && n.kind == isString {
			return n
		}
	}
	return nil
}

// merged is what the files and overlays come to.
func (l *loader) merged(chosen []Text) *node {
	out := &node{kind: isTable, table: map[string]*node{}}
	for _, d := range l.docs {
		out = l.schema.merge(out, d.top, topLevel)
	}
	for _, r := range chosen {
		for _, d := range l.docs {
			if over := d.top.get("release").get(r.Value); over != nil && over.kind == isTable {
				out = l.schema.merge(out, over, overlay)
			}
		}
	}
	return out
}

// releases are the overlays that are defined, those that are chosen, and what {release} stands for: the names that were asked for, so that
// one which nobody defines has no further consequences.
func (l *loader) releases() (defined, chosen []Text, name string) {
	for _, d := range l.docs {
		if all := d.top.get("release"); all != nil {
			for _, name := range all.keys {
				defined = append(defined, Text{name, all.table[name].key})
			}
		}
	}
	asked := l.opts.Releases
	if n := l.last("default-release"); n != nil && len(asked) == 0 {
		asked = []Text{{n.text, n.at}}
	}
	var names []string
	for _, r := range asked {
		if !slices.Contains(names, r.Value) {
			names = append(names, r.Value)
		}
		switch {
		case slices.Contains(texts(chosen), r.Value):
		case slices.Contains(texts(defined), r.Value):
			chosen = append(chosen, r)
		case r.At.IsValid():
			l.add(r.At, "default-release: no such release as %q; %s", r.Value, l.definedIn(defined))
		default:
			l.add(scanner.Position{}, "%s: no such release; %s", r.asked(), l.definedIn(defined))
		}
	}
	return defined, chosen, strings.Join(names, "-")
}

// asked is a value as it stood on the command line or in the environment.
func (t Text) asked() string {
	if strings.HasPrefix(t.At.Filename, "--") {
		return t.At.Filename + " " + t.Value
	}
	return t.At.Filename + "=" + t.Value
}

// definedIn lists overlays with their lines.
func (l *loader) definedIn(defined []Text) string {
	if len(defined) == 0 {
		return l.docs[len(l.docs)-1].file + " defines none"
	}
	var names, places []string
	file := ""
	for _, r := range defined {
		if !slices.Contains(names, r.Value) {
			names = append(names, r.Value)
		}
		place := fmt.Sprint(r.At.Line)
		if r.At.Filename != file {
			file = r.At.Filename
			place = fmt.Sprintf("%s:%d", file, r.At.Line)
		}
		places = append(places, place)
	}
	list, verb := names[0], " is"
	if n := len(names); n > 1 {
		list, verb = strings.Join(names[:n-1], ", ")+" and "+names[n-1], " are"
	}
	return list + verb + " defined in " + strings.Join(places, ", ")
}

func texts(list []Text) []string {
	var out []string
	for _, t := range list {
		out = append(out, t.Value)
	}
	return out
}
