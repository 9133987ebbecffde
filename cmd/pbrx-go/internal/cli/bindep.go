package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbrx-go/pbrx-go/bindep"
)

func newBindep(a *app) *cobra.Command {
	cmd := group("bindep", "Read bindep.txt by itself, without an engine")
	cmd.AddCommand(newBindepList(a), newBindepExplain(a), newBindepPlatform(a), newBindepLint(a))
	return cmd
}

// distroFlags choose the distribution that bindep.txt is read for.
type distroFlags struct {
	distro    string
	osRelease string
	base      string
}

func (f *distroFlags) bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.distro, "distro", "", "read for this `ID[-VERSION]`, such as debian-12 or alpine-3.20 (default: the host's)")
	cmd.Flags().StringVar(&f.osRelease, "os-release", "", "read for the distribution that `FILE` names")
	cmd.Flags().StringVar(&f.base, "base", "", "read for the distribution of the base image `REF`, as build-images would, where neither of the others is given; starts the engine")
}

// read gives the distribution that was chosen, the host's if none was.
func (f distroFlags) read(ctx context.Context, a *app) (bindep.Distro, error) {
	switch {
	case f.distro != "" && f.osRelease != "":
		return bindep.Distro{}, usagef("--distro and --os-release: give one of them")
	case f.distro != "":
		d, err := bindep.ParseDistro(f.distro)
		if err != nil {
			return d, usagef("--distro: %w", err)
		}
		return d, nil
	case f.osRelease != "":
		return readOSRelease(f.osRelease)
	case f.base != "":
		return a.distroOf(ctx, f.base)
	}
	if runtime.GOOS == "darwin" {
		_, err := exec.LookPath("brew")
		return bindep.MacOS(err == nil), nil
	}
	d, err := readOSRelease("/etc/os-release")
	if errors.Is(err, fs.ErrNotExist) {
		d, err = readOSRelease("/usr/lib/os-release")
	}
	if errors.Is(err, fs.ErrNotExist) {
		return d, usagef("this host has no /etc/os-release: name a distribution with --distro or --os-release")
	}
	return d, err
}

func readOSRelease(name string) (bindep.Distro, error) {
	src, err := os.ReadFile(name)
	if err != nil {
		return bindep.Distro{}, usagef("reading the distribution: %w", err)
	}
	return bindep.ParseOSRelease(name, src)
}

func bindFile(cmd *cobra.Command, file *string) {
	cmd.Flags().StringVar(file, "file", "", "read `FILE`, standard input for - (default: bindep.txt or other-requirements.txt here)")
}

func bindFormat(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVar(format, "format", "text", "`FORMAT` on stdout: text, json or csv")
}

func checkFormat(format string) error {
	if !slices.Contains([]string{"text", "json", "csv"}, format) {
		return usagef("--format %s: use text, json or csv", format)
	}
	return nil
}

// bindepSource reads the file of that name, standard input for "-", or the one that
// bindep finds in the current directory for "". It gives the name for positions.
func (a *app) bindepSource(file string) (name string, src []byte, err error) {
	switch file {
	case "-":
		src, err := io.ReadAll(a.streams.In)
		if err != nil {
			return "", nil, fmt.Errorf("reading bindep.txt from standard input: %w", err)
		}
		return "<stdin>", src, nil
	case "":
		file, err = bindep.Find(os.DirFS("."))
		if errors.Is(err, fs.ErrNotExist) {
			return "", nil, usagef("%w: name the file with --file or go to the project's directory", err)
		}
		if err != nil {
			return "", nil, usagef("%w, or name one with --file", err)
		}
	}
	src, err = os.ReadFile(file)
	if err != nil {
		return "", nil, usagef("reading the distro packages: %w: name a file that can be read with --file", err)
	}
	return file, src, nil
}

type bindepListOptions struct {
	distroFlags
	file     string
	format   string
	strict   bool
	profiles []string
}

func newBindepList(a *app) *cobra.Command {
	o := &bindepListOptions{}
	cmd := &cobra.Command{
		Use:   "list [PROFILE…]",
		Short: "List the packages that are active under the profiles",
		Long: `list prints the packages that bindep.txt has for a distribution under the given
profiles, in the order of the file and as often as it names them, as bindep's own
--list_all does. What is installed is not looked at. Without a PROFILE the profile
"default" is active; naming any replaces it.

With --strict it reads and prints what bindep does: standard input has no line ends but
LF, nothing is warned of, and no package at all is an empty line.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.profiles = args
			return a.bindepList(cmd.Context(), o)
		},
	}
	o.distroFlags.bind(cmd)
	bindFile(cmd, &o.file)
	bindFormat(cmd, &o.format)
	cmd.Flags().BoolVar(&o.strict, "strict", false, "read and print as bindep does, and refuse what it refuses")
	return cmd
}

func (a *app) bindepList(ctx context.Context, o *bindepListOptions) error {
	if err := checkFormat(o.format); err != nil {
		return err
	}
	name, src, err := a.bindepSource(o.file)
	if err != nil {
		return err
	}
	file, err := o.parse(name, src)
	if err != nil {
		return err
	}
	if !o.strict {
		a.warnOf(file, o.profiles)
	}
	distro, err := o.distroFlags.read(ctx, a)
	if err != nil {
		return err
	}
	profiles := o.profiles
	if len(profiles) == 0 {
		profiles = []string{bindep.DefaultProfile}
	}
	profiles = slices.Concat(profiles, distro.Profiles())
	rules := file.Select(profiles)
	if o.strict && len(rules) == 0 && o.format == "text" {
		return printLines(a.streams.Out, []string{""})
	}
	return printRules(a.streams.Out, rules, profiles, o.format)
}

func (o *bindepListOptions) parse(name string, src []byte) (*bindep.File, error) {
	if o.strict {
		return bindep.ParseStrict(name, src, o.file == "-")
	}
	return bindep.Parse(name, src)
}

// warnOf says what may not be meant: what lint finds, and profiles that no line has.
func (a *app) warnOf(file *bindep.File, profiles []string) {
	for _, w := range bindep.Lint(file) {
		a.warn(w.String())
	}
	known := file.Profiles()
	for _, p := range profiles {
		switch {
		case strings.HasPrefix(p, "platform:"), slices.Contains([]string{bindep.DefaultProfile, bindep.CompileProfile}, p), slices.Contains(known, p):
		case len(known) == 0:
			a.warn(fmt.Sprintf("%s: no line names the profile %q, nor any other", file.Name, p))
		default:
			a.warn(fmt.Sprintf("%s: no line names the profile %q, choose from: %s", file.Name, p, strings.Join(known, ", ")))
		}
	}
}

// listedPackage is a package in the JSON of bindep list.
type listedPackage struct {
	Name       string `json:"name"`
	Line       int    `json:"line"`
	Column     int    `json:"column"`
	Constraint string `json:"constraint"`
	Why        string `json:"why"`
}

func printRules(out io.Writer, rules []bindep.Rule, profiles []string, format string) error {
	packages, names := []listedPackage{}, []string{}
	for _, r := range rules {
		_, why := r.Active(profiles)
		names = append(names, r.Name)
		packages = append(packages, listedPackage{
			Name: r.Name, Line: r.Pos.Line, Column: r.Pos.Column, Constraint: constraint(r), Why: why,
		})
	}
	var err error
	switch format {
	case "json":
		err = printJSON(out, packages)
	case "csv":
		_, err = fmt.Fprintln(out, strings.Join(names, ","))
	default:
		err = printLines(out, names)
	}
	if err != nil {
		return fmt.Errorf("printing the packages: %w", err)
	}
	return nil
}

func printLines(out io.Writer, lines []string) error {
	for _, l := range lines {
		if _, err := fmt.Fprintln(out, l); err != nil {
			return err
		}
	}
	return nil
}

// constraint is what a rule demands of a version, as it is written.
func constraint(r bindep.Rule) string {
	var list []string
	for _, c := range r.Constraints {
		list = append(list, c.String())
	}
	return strings.Join(list, ",")
}

func printJSON(out io.Writer, v any) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
