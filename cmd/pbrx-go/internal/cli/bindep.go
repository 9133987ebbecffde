package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/pbrx-go/pbrx-go/bindep"
)

func newBindep(a *app) *cobra.Command {
	cmd := group("bindep", "Read bindep.txt by itself, without an engine")
	cmd.AddCommand(newBindepList(a), newBindepPlatform(a), newBindepLint(a))
	return cmd
}

// distroFlags choose the distribution that bindep.txt is read for.
type distroFlags struct {
	distro    string
	osRelease string
}

func (f *distroFlags) bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.distro, "distro", "", "read for this `ID[-VERSION]`, such as debian-12 or alpine-3.20 (default: the host's)")
	cmd.Flags().StringVar(&f.osRelease, "os-release", "", "read for the distribution that `FILE` names")
}

// read gives the distribution that was chosen, the host's if none was.
func (f distroFlags) read() (bindep.Distro, error) {
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

// readBindep reads the file of that name, standard input for "-", or the one that
// bindep finds in the current directory for "".
func (a *app) readBindep(name string) (*bindep.File, error) {
	switch name {
	case "-":
		src, err := io.ReadAll(a.streams.In)
		if err != nil {
			return nil, fmt.Errorf("reading bindep.txt from standard input: %w", err)
		}
		return bindep.Parse("<stdin>", src)
	case "":
		found, err := bindep.Find(os.DirFS("."))
		if err != nil {
			return nil, usagef("%w: name the file with --file or go to the project's directory", err)
		}
		name = found
	}
	src, err := os.ReadFile(name)
	if err != nil {
		return nil, usagef("reading the distro packages: %w", err)
	}
	return bindep.Parse(name, src)
}

type bindepListOptions struct {
	distroFlags
	base     string
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
"default" is active; naming any replaces it.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			o.profiles = args
			return a.bindepList(cmd.Context(), o)
		},
	}
	o.distroFlags.bind(cmd)
	cmd.Flags().StringVar(&o.base, "base", "", "read for the distribution of the base image `REF`, as build-images would; starts the engine")
	cmd.Flags().StringVar(&o.file, "file", "", "read `FILE`, standard input for - (default: bindep.txt or other-requirements.txt here)")
	cmd.Flags().StringVar(&o.format, "format", "text", "`FORMAT` on stdout: text, json or csv")
	cmd.Flags().BoolVar(&o.strict, "strict", false, "fail where lint warns and for a PROFILE that the file does not name")
	return cmd
}

// distroFor is the distribution that was named, or that of the base that was.
func (a *app) distroFor(ctx context.Context, o *bindepListOptions) (bindep.Distro, error) {
	if o.base == "" || o.distro != "" || o.osRelease != "" {
		return o.distroFlags.read()
	}
	return a.distroOf(ctx, o.base)
}

func (a *app) bindepList(ctx context.Context, o *bindepListOptions) error {
	if !slices.Contains([]string{"text", "json", "csv"}, o.format) {
		return usagef("--format %s: use text, json or csv", o.format)
	}
	file, err := a.readBindep(o.file)
	if err != nil {
		return err
	}
	if err := a.bindepDoubts(file, o); err != nil {
		return err
	}
	distro, err := a.distroFor(ctx, o)
	if err != nil {
		return err
	}
	profiles := o.profiles
	if len(profiles) == 0 {
		profiles = []string{bindep.DefaultProfile}
	}
	profiles = slices.Concat(profiles, distro.Profiles())
	return printRules(a.streams.Out, file.Select(profiles), profiles, o.format)
}

// bindepDoubts says what may not be meant: a warning, or an error where the user is strict.
func (a *app) bindepDoubts(file *bindep.File, o *bindepListOptions) error {
	var doubts []string
	for _, w := range bindep.Lint(file) {
		doubts = append(doubts, w.String())
	}
	if !o.strict {
		for _, d := range doubts {
			a.warn(d)
		}
		return nil
	}
	known := file.Profiles()
	for _, p := range o.profiles {
		if p != bindep.DefaultProfile && !strings.HasPrefix(p, "platform:") && !slices.Contains(known, p) {
			doubts = append(doubts, fmt.Sprintf("%s: no line names the profile %q, choose from: %s", file.Name, p, strings.Join(known, ", ")))
		}
	}
	if len(doubts) > 0 {
		return usagef("%s", strings.Join(doubts, "\n"))
	}
	return nil
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
		var constraints []string
		for _, c := range r.Constraints {
			constraints = append(constraints, c.String())
		}
		_, why := r.Active(profiles)
		names = append(names, r.Name)
		packages = append(packages, listedPackage{
			Name: r.Name, Line: r.Pos.Line, Column: r.Pos.Column, Constraint: strings.Join(constraints, ","), Why: why,
		})
	}
	var err error
	switch format {
	case "json":
		enc := json.NewEncoder(out)
		enc.SetEscapeHTML(false)
		enc.SetIndent("", "  ")
		err = enc.Encode(packages)
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

func newBindepPlatform(a *app) *cobra.Command {
	f := &distroFlags{}
	cmd := &cobra.Command{
		Use:   "platform",
		Short: "Print the platform profiles of a distribution, one a line",
		Args:  atMost(0, "none"),
		RunE: func(*cobra.Command, []string) error {
			distro, err := f.read()
			if err != nil {
				return err
			}
			return printLines(a.streams.Out, distro.Profiles())
		},
	}
	f.bind(cmd)
	return cmd
}

func newBindepLint(a *app) *cobra.Command {
	var file string
	cmd := &cobra.Command{
		Use:   "lint",
		Short: "Print all problems of bindep.txt; warnings alone are no failure",
		Args:  atMost(0, "none"),
		RunE: func(*cobra.Command, []string) error {
			f, err := a.readBindep(file)
			if err != nil {
				return err
			}
			var lines []string
			for _, w := range bindep.Lint(f) {
				lines = append(lines, w.String())
			}
			return printLines(a.streams.Out, lines)
		},
	}
	cmd.Flags().StringVar(&file, "file", "", "read `FILE`, standard input for - (default: bindep.txt or other-requirements.txt here)")
	return cmd
}
