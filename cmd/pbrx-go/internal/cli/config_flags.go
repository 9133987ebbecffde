package cli

import (
	"os"
	"path/filepath"
	"slices"
	"text/scanner"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbrx-go/pbrx-go/builder/host"
	"github.com/pbrx-go/pbrx-go/images/definition"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// bindDefinition binds the flags that say which configuration counts.
func (f *planFlags) bindDefinition(cmd *cobra.Command) {
	f.set = cmd.Flags()
	cmd.Flags().StringVar(&f.config, "config", "", "optional configuration: `FILE` (default: pbrx-go.toml, else [tool.pbrx-go] in pyproject.toml, else none)")
	cmd.Flags().StringArrayVar(&f.releases, "release", nil, "overlay `RELEASE` of the configuration (default: its default-release); can be repeated, later ones win")
}

// releaseTexts are the releases that were asked for, and by what.
func (f *planFlags) releaseTexts(flags *pflag.FlagSet) []definition.Text {
	var out []definition.Text
	for _, r := range f.releases {
		out = append(out, definition.Text{Value: r, At: setBy(flags.Lookup("release"))})
	}
	return out
}

// variableAnnotation marks flags that a variable of the environment has set; its value is the variable.
const variableAnnotation = "pbrx-go-variable"

// setBy is who set a flag, as a place: the flag itself, or the variable of the environment. Nobody is the zero place.
func setBy(f *pflag.Flag) scanner.Position {
	switch {
	case f == nil || !f.Changed:
		return scanner.Position{}
	case len(f.Annotations[variableAnnotation]) > 0:
		return scanner.Position{Filename: f.Annotations[variableAnnotation][0]}
	default:
		return scanner.Position{Filename: "--" + f.Name}
	}
}

// configured are the keys of the configuration that have a flag, with its name. A flag, or its variable, takes the place of the key.
func configured() []struct{ key, flag string } {
	return []struct{ key, flag string }{
		{"base", "base"}, {"prefix", "prefix"}, {"init", "init-path"}, {"constraints", "constraint"},
		{"constraints-exclude", "constraint-exclude"}, {"check", "check"}, {"resolver", "resolver"}, {"platforms", "platform"},
	}
}

// underFlags is the set below the flags: what a flag or its variable says takes the place of what files say, a list as a whole. Base, Init,
// Prefix, Check and ConstraintsExclude are then what counts, with the flag's default where nobody set anything; Constraints are nil where
// the flag gives other ones. A nil set is one that says nothing.
func underFlags(set *definition.Set, flags *pflag.FlagSet) *definition.Set {
	out := definition.Set{}
	if set != nil {
		out = *set
	}
	for key, text := range map[string]*definition.Text{"base": &out.Base, "init": &out.Init, "prefix": &out.Prefix, "check": &out.Check} {
		i := slices.IndexFunc(configured(), func(c struct{ key, flag string }) bool { return c.key == key })
		f := flags.Lookup(configured()[i].flag)
		if f != nil && (f.Changed || !text.IsSet()) {
			*text = definition.Text{Value: f.Value.String(), At: setBy(f)}
		}
	}
	if f := flags.Lookup("constraint"); f != nil && f.Changed {
		out.Constraints = nil
	}
	if f := flags.Lookup("constraint-exclude"); f != nil && f.Changed {
		out.ConstraintsExclude = nil
		for _, name := range flagList(f) {
			out.ConstraintsExclude = append(out.ConstraintsExclude, definition.Text{Value: name, At: setBy(f)})
		}
	}
	return &out
}

// flagList are the values of a flag that can be repeated.
func flagList(f *pflag.Flag) []string {
	if list, ok := f.Value.(pflag.SliceValue); ok {
		return list.GetSlice()
	}
	return nil
}

// effectiveValue is a value that counts; one that nobody set is a default.
type effectiveValue struct{ definition.Value }

func (v effectiveValue) by() string {
	if v.At.Filename == "" {
		return "default"
	}
	return v.At.String()
}

// effective are all values that count: of flags, else of files, else of the project, else built in.
func effective(cmd *cobra.Command, set *definition.Set, name setupcfg.Fact[string], dir string) []effectiveValue {
	var out []effectiveValue
	add := func(key string, value any, at scanner.Position) {
		out = append(out, effectiveValue{definition.Value{Key: key, Value: value, At: at}})
	}
	flagged := map[string]bool{}
	for _, c := range configured() {
		f := cmd.Flags().Lookup(c.flag)
		if f == nil || !f.Changed {
			continue
		}
		flagged[c.key] = true
		if list, ok := f.Value.(pflag.SliceValue); ok {
			values := []any{}
			for _, v := range list.GetSlice() {
				if c.key == "constraints" {
					v = host.ConstraintsName(v)
				}
				values = append(values, v)
			}
			add(c.key, values, setBy(f))
		} else {
			add(c.key, f.Value.String(), setBy(f))
		}
	}
	there := map[string]bool{}
	if set != nil {
		for _, v := range set.Values {
			there[v.Key] = true
			if !flagged[v.Key] {
				out = append(out, effectiveValue{v})
			}
		}
	}
	for _, d := range defaults(cmd, name, dir) {
		if !flagged[d.Key] && !there[d.Key] {
			out = append(out, d)
		}
	}
	return out
}

// defaults are what counts where nobody set anything: the project's facts, and the defaults of flags.
func defaults(cmd *cobra.Command, name setupcfg.Fact[string], dir string) []effectiveValue {
	var out []effectiveValue
	if name.Value != "" {
		out = append(out, effectiveValue{definition.Value{Key: "name", Value: name.Value, At: name.Pos}})
	}
	if file := filepath.Join(dir, "bindep.txt"); exists(file) {
		out = append(out, effectiveValue{definition.Value{Key: "bindep", Value: "bindep.txt", At: scanner.Position{Filename: file}}})
	}
	for _, c := range configured() {
		if f := cmd.Flags().Lookup(c.flag); f != nil && f.DefValue != "" && f.DefValue != "[]" {
			out = append(out, effectiveValue{definition.Value{Key: c.key, Value: f.DefValue}})
		}
	}
	return append(out, effectiveValue{definition.Value{Key: "scripts", Value: []any{"*"}}})
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}
