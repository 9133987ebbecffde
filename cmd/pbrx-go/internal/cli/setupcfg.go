package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/spf13/cobra"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

type setupcfgOptions struct {
	reading string
	file    string
}

func newSetupcfg(a *app) *cobra.Command {
	o := &setupcfgOptions{}
	cmd := &cobra.Command{
		Use:   "setupcfg FILE",
		Short: "Show setup.cfg as Python reads it",
		Long: `setupcfg prints FILE, standard input for -, as JSON: {section: {key: value}}, sections
and keys in the order in which Python has them, the keys of [DEFAULT] in every section.

The readings are raw (configparser's RawConfigParser: keys in lower case, "%" is an
ordinary character), setuptools (keys as written, %(name)s replaced) and pbr (keys in
lower case with "_" for "-", %(name)s replaced).

A file that Python refuses gives {"error": CLASS, "line": N} with the exception that
Python raises, and exit code 2.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("`%s` takes one argument, the file: see `%s --help`", cmd.CommandPath(), cmd.CommandPath())
			}
			return atMost(1, "the file")(cmd, args)
		},
		RunE: func(_ *cobra.Command, args []string) error {
			o.file = args[0]
			return a.setupcfgCommand(o)
		},
	}
	cmd.Flags().StringVar(&o.reading, "reading", string(setupcfg.ReadRaw), "read as `PROGRAM` does: raw, setuptools or pbr")
	return cmd
}

// setupcfgCommand prints the file, or the exception; the problems themselves are the error.
func (a *app) setupcfgCommand(o *setupcfgOptions) error {
	reading := setupcfg.Reading(o.reading)
	if !slices.Contains([]setupcfg.Reading{setupcfg.ReadRaw, setupcfg.ReadSetuptools, setupcfg.ReadPBR}, reading) {
		return usagef("--reading %s: use raw, setuptools or pbr", o.reading)
	}
	name, src, err := a.configFile(o.file)
	if err != nil {
		return err
	}
	out, err := configJSON(name, src, reading)
	if raised := asRaised(err); raised != nil {
		out, _ = json.Marshal(struct { // a string and a number always encode
			Error string `json:"error"`
			Line  int    `json:"line"`
		}{raised.Class(), raised.Pos.Line})
	}
	var pretty bytes.Buffer
	if bad := json.Indent(&pretty, out, "", "  "); bad != nil {
		return errors.Join(err, bad)
	}
	fmt.Fprintln(a.streams.Out, pretty.String())
	return err
}

// configFile reads the file, or standard input; shown is its name in messages.
func (a *app) configFile(name string) (shown string, src []byte, err error) {
	if name == "-" {
		if src, err = io.ReadAll(a.streams.In); err != nil {
			return "", nil, fmt.Errorf("reading setup.cfg from standard input: %w", err)
		}
		return "<stdin>", src, nil
	}
	if src, err = os.ReadFile(name); err != nil {
		return "", nil, usagef("reading setup.cfg: %w", err)
	}
	return name, src, nil
}

// asRaised is the problem that ends Python's reading, nil if there is none.
func asRaised(err error) *setupcfg.Error {
	var list setupcfg.ErrorList
	if errors.As(err, &list) {
		return list.Raised()
	}
	return nil
}

// configJSON encodes all sections. By hand, since the order of keys has a meaning. An error of
// configparser is an ErrorList, also one of interpolation.
func configJSON(filename string, src []byte, reading setupcfg.Reading) ([]byte, error) {
	config, err := setupcfg.ParseConfig(filename, src, reading)
	if err != nil {
		return nil, err
	}
	var problems setupcfg.ErrorList
	w := &jsonObject{}
	w.open()
	for _, section := range config.Sections() {
		w.key(section)
		w.open()
		for _, key := range config.Keys(section) {
			value, _, err := config.Value(section, key)
			var problem *setupcfg.Error
			if errors.As(err, &problem) {
				problems = append(problems, problem)
			}
			w.key(key)
			w.text(value)
		}
		w.close()
	}
	w.close()
	if len(problems) > 0 {
		return nil, problems
	}
	return w.Bytes(), nil
}

// jsonObject writes objects of strings.
type jsonObject struct {
	bytes.Buffer
	more bool // the object that is open has a member
}

func (w *jsonObject) open() {
	w.WriteByte('{')
	w.more = false
}

func (w *jsonObject) close() {
	w.WriteByte('}')
	w.more = true
}

func (w *jsonObject) key(name string) {
	if w.more {
		w.WriteByte(',')
	}
	w.more = true
	w.text(name)
	w.WriteByte(':')
}

func (w *jsonObject) text(value string) {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(value) // strings always encode; the line end after it is lost by Indent
}
