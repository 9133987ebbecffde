package cli

import (
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/scanner"

	"github.com/spf13/cobra"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/images"
)

type bindepPlatformOptions struct {
	distroFlags
	format string
}

func newBindepPlatform(a *app) *cobra.Command {
	o := &bindepPlatformOptions{}
	cmd := &cobra.Command{
		Use:   "platform",
		Short: "Print the platform profiles of a distribution, one a line",
		Args:  atMost(0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := checkFormat(o.format); err != nil {
				return err
			}
			distro, err := o.distroFlags.read(cmd.Context(), a)
			if err != nil {
				return err
			}
			return printNames(a.streams.Out, distro.Profiles(), o.format)
		},
	}
	o.distroFlags.bind(cmd)
	bindFormat(cmd, &o.format)
	return cmd
}

func printNames(out io.Writer, names []string, format string) error {
	var err error
	switch format {
	case "json":
		err = printJSON(out, names)
	case "csv":
		err = printLines(out, []string{strings.Join(names, ",")})
	default:
		err = printLines(out, names)
	}
	if err != nil {
		return fmt.Errorf("printing the platform profiles: %w", err)
	}
	return nil
}

func newBindepLint(a *app) *cobra.Command {
	var file, format string
	cmd := &cobra.Command{
		Use:   "lint",
		Short: "Print all problems of bindep.txt; warnings alone are no failure",
		Long: `lint prints what bindep takes silently and hardly anybody means: platforms that do not
exist and other slips of the pen, lines that can never be active, that repeat others or
contradict them. These warnings go to stdout. Lines that bindep would refuse are errors, which
go to stderr and end lint with status 2; with --format json and csv they are on stdout, too.`,
		Args: atMost(0, "none"),
		RunE: func(*cobra.Command, []string) error {
			if err := checkFormat(format); err != nil {
				return err
			}
			name, src, err := a.bindepSource(file)
			if err != nil {
				return err
			}
			warnings, problems := bindep.Check(name, src)
			if parsed, err := bindep.Parse(name, src); err == nil {
				warnings = append(warnings, images.NearProfiles(parsed, scriptsHere(file))...)
			}
			if err := printProblems(a.streams.Out, warnings, problems, format); err != nil {
				return fmt.Errorf("printing the problems: %w", err)
			}
			return problems
		},
	}
	bindFile(cmd, &file)
	bindFormat(cmd, &format)
	return cmd
}

// problem is one finding in the JSON of bindep lint.
type problem struct {
	Severity string `json:"severity"`
	File     string `json:"file"`
	Line     int    `json:"line"`
	Column   int    `json:"column"`
	Message  string `json:"message"`
	Hint     string `json:"hint"`
}

func newProblem(severity string, pos scanner.Position, message, hint string) problem {
	return problem{Severity: severity, File: pos.Filename, Line: pos.Line, Column: pos.Column, Message: message, Hint: hint}
}

func printProblems(out io.Writer, warnings []bindep.Warning, err error, format string) error {
	if format == "text" {
		var lines []string
		for _, w := range warnings {
			lines = append(lines, w.String())
		}
		return printLines(out, lines)
	}
	problems := []problem{}
	var errs bindep.ErrorList
	if errors.As(err, &errs) {
		for _, e := range errs {
			problems = append(problems, newProblem("error", e.Pos, e.Msg, e.Hint))
		}
	}
	for _, w := range warnings {
		problems = append(problems, newProblem("warning", w.Pos, w.Msg, w.Hint))
	}
	slices.SortStableFunc(problems, func(a, b problem) int { return cmp.Or(a.Line-b.Line, a.Column-b.Column) })
	if format == "json" {
		return printJSON(out, problems)
	}
	rows := [][]string{{"severity", "file", "line", "column", "message", "hint"}}
	for _, p := range problems {
		rows = append(rows, []string{p.Severity, p.File, strconv.Itoa(p.Line), strconv.Itoa(p.Column), p.Message, p.Hint})
	}
	return csv.NewWriter(out).WriteAll(rows)
}
