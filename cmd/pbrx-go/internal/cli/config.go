package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/definition"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// configOptions are those of the commands below config.
type configOptions struct {
	planFlags
	checks string
	format string
	dir    string
	all    bool
}

func newConfig(a *app) *cobra.Command {
	cmd := group("config", "Show and check the optional configuration")
	cmd.Long = `config is about the optional configuration of build-images: pbrx-go.toml in the project's
directory, else the table [tool.pbrx-go] of its pyproject.toml.`
	cmd.AddCommand(newConfigShow(a), newConfigCheck(a), newConfigSchema(a))
	return cmd
}

func newConfigShow(a *app) *cobra.Command {
	o := &configOptions{}
	cmd := &cobra.Command{
		Use:   "show [DIR]",
		Short: "Print every effective value, and who set it",
		Long: `show prints every value that build-images would go by: those of flags and of their
variables, of releases, files and parents, and what the project says where none of them does.
What depends on the base stays in braces.

With --all it prints, for all definitions below the directory, of which git repository they take
more than one commit, tag or branch, and where each is set.`,
		Args: atMost(1, "the project's directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = directory(args)
			return a.configShow(cmd, o)
		},
	}
	o.bindConfigured(cmd)
	bindChecks(cmd, &o.checks)
	cmd.Flags().BoolVar(&o.all, "all", false, "print what differs between all definitions below DIR: refs of one git repository")
	cmd.Flags().StringVar(&o.format, "format", "text", "`FORMAT` on stdout: text or json")
	return cmd
}

func newConfigCheck(a *app) *cobra.Command {
	o := &configOptions{}
	cmd := &cobra.Command{
		Use:   "check [DIR]",
		Short: "Say all that is wrong with the configuration",
		Long: `check reads the configuration with all its releases, and the console scripts of the project
beside it, and says what is wrong, without fetching anything and without an engine.`,
		Args: atMost(1, "the project's directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = directory(args)
			return a.configCheck(cmd, o)
		},
	}
	o.bindDefinition(cmd)
	return cmd
}

func newConfigSchema(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the configuration, for editors",
		Args:  atMost(0, "no argument"),
		RunE: func(*cobra.Command, []string) error {
			schema, err := definition.Schema()
			if err != nil {
				return err
			}
			_, err = a.streams.Out.Write(schema)
			return err
		},
	}
}

// projectName is the name that the files of a directory give the project; empty where they give none, or there is no project.
func projectName(dir string) setupcfg.Fact[string] {
	project, err := setupcfg.Load(os.DirFS(dir))
	if err != nil || project.Name.Status != setupcfg.Known {
		return setupcfg.Fact[string]{}
	}
	name := project.Name
	name.Pos.Filename = filepath.Join(dir, name.Pos.Filename)
	return name
}

// checkFolder says that a directory is not one: nothing that is not there needs no configuration.
func checkFolder(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return usagef("%s does not exist: name the project's directory", dir)
	case err != nil:
		return usageError{err}
	case !info.IsDir():
		return usagef("%s is no directory: name the project's directory, or the file with --config", dir)
	}
	return nil
}

func (a *app) configCheck(cmd *cobra.Command, o *configOptions) error {
	if err := checkFolder(o.dir); err != nil {
		return err
	}
	name := projectName(o.dir).Value
	if name == "" {
		name = "name" // a file that others extend leaves it to them
	}
	set, err := definition.CheckAll(o.dir, o.config, definition.Options{Releases: o.releaseTexts(cmd.Flags()), ProjectName: name})
	if err != nil {
		return err
	}
	if set == nil {
		a.note("ok: there is no configuration in %s, and none is needed", o.dir)
		return nil
	}
	more, err := checkBeside(o.dir, set)
	if err != nil {
		return err
	}
	for _, w := range slices.Concat(set.Warnings, more) {
		a.warn(w.String())
	}
	a.note("ok: %s", set.Files[len(set.Files)-1])
	return nil
}

// checkBeside compares a configuration with the project that is in the directory, as far as its files tell: its scripts and extras, the names
// of images. A project that cannot be read is not the configuration's fault, and said by whoever builds.
func checkBeside(dir string, set *definition.Set) ([]setupcfg.Warning, error) {
	if !holdsProject(dir) {
		return nil, nil
	}
	project, err := setupcfg.Load(os.DirFS(dir))
	if err != nil {
		return nil, nil
	}
	var warnings []setupcfg.Warning
	if scripts, known := knownScripts(dir, project); known {
		if warnings, err = set.CheckScripts(scripts); err != nil {
			return nil, err
		}
	}
	if _, fetched := mainProject(set); fetched {
		return warnings, nil
	}
	if _, err := images.New(images.Input{Project: project, Definition: set, Version: map[string]string{}}, images.Options{}); err != nil {
		return nil, usageError{err}
	}
	return warnings, nil
}

// knownScripts are the console scripts of the project in a directory, if its files name them all.
func knownScripts(dir string, project *setupcfg.Project) (scripts []definition.Text, known bool) {
	if project.Name.Status != setupcfg.Known || project.ConsoleScripts.Status == setupcfg.Unknown || project.ConsoleScripts.MayGrow {
		return nil, false
	}
	for _, s := range project.ConsoleScripts.Value {
		t := definition.Text{Value: s.Name, At: s.Pos}
		t.At.Filename = filepath.Join(dir, t.At.Filename)
		scripts = append(scripts, t)
	}
	return scripts, true
}

func (a *app) configShow(cmd *cobra.Command, o *configOptions) error {
	if o.format != "text" && o.format != "json" {
		return usagef("--format %s: use text or json", o.format)
	}
	if err := checkFolder(o.dir); err != nil {
		return err
	}
	if o.all {
		return a.configDrift(o)
	}
	name := projectName(o.dir)
	set, err := definition.Load(o.dir, o.config, definition.Options{Releases: o.releaseTexts(cmd.Flags()), ProjectName: name.Value})
	if err != nil {
		return err
	}
	values := effective(cmd, set, name, o.dir)
	if o.format == "json" {
		return a.printJSON(configReport(set, values))
	}
	w := tabwriter.NewWriter(a.streams.Out, 0, 0, 2, ' ', 0)
	for _, v := range values {
		fmt.Fprintf(w, "%s\t%s\t%s\n", v.Key, v, v.by())
	}
	return w.Flush()
}

// configReport is the JSON of config show. Lists are never null.
func configReport(set *definition.Set, values []effectiveValue) map[string]any {
	type entry struct {
		Key   string `json:"key"`
		Value any    `json:"value"`
		SetBy string `json:"set_by"`
	}
	list := []entry{}
	for _, v := range values {
		list = append(list, entry{v.Key, v.Value.Value, v.by()})
	}
	files, releases, warnings := []string{}, []string{}, []string{}
	if set != nil {
		files = append(files, set.Files...)
		for _, r := range set.Releases {
			releases = append(releases, r.Value)
		}
		for _, w := range set.Warnings {
			warnings = append(warnings, w.String())
		}
	}
	return map[string]any{"files": files, "releases": releases, "values": list, "warnings": warnings}
}
