package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/builder/engine/docker"
	"github.com/pbrx-go/pbrx-go/builder/engine/embedded"
	"github.com/pbrx-go/pbrx-go/builder/engine/remote"
	"github.com/pbrx-go/pbrx-go/builder/host"
	"github.com/pbrx-go/pbrx-go/builder/origins"
	"github.com/pbrx-go/pbrx-go/builder/siblings"
	"github.com/pbrx-go/pbrx-go/images/deliver"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// The exit codes of every command but run.
const (
	exitBuild        = 1
	exitUsage        = 2
	exitSurroundings = 3
	exitOurs         = 125
)

// signalled is the cause of a context that a signal ended.
type signalled struct{ signal syscall.Signal }

func (s signalled) Error() string { return s.word() + ": nothing was named" }

func (s signalled) word() string {
	if s.signal == syscall.SIGTERM {
		return "terminated"
	}
	return "interrupted"
}

// WithSignals returns a context that ends with the first signal that notify sends; the second
// one ends the process.
func WithSignals(ctx context.Context, notify func(chan<- os.Signal)) (context.Context, func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	c := make(chan os.Signal, 2)
	notify(c)
	go func() {
		first := <-c
		s, _ := first.(syscall.Signal)
		cancel(signalled{s})
		<-c
		os.Exit(128 + int(s))
	}()
	return ctx, func() { cancel(nil) }
}

// usageError is a mistake on the command line.
type usageError struct{ err error }

func (e usageError) Error() string { return e.err.Error() }
func (e usageError) Unwrap() error { return e.err }

func usagef(format string, args ...any) error { return usageError{fmt.Errorf(format, args...)} }

// statusError carries the exit status of a script that pbrx-go ran.
type statusError struct{ status int }

func (e statusError) Error() string { return fmt.Sprintf("the script ended with status %d", e.status) }

// oursError is a failure of ours where exit codes belong to the script.
type oursError struct{ error }

func (e oursError) Error() string {
	var signal signalled
	if errors.As(e.error, &signal) {
		return signal.word() + ": the script was ended"
	}
	return e.error.Error()
}

func (e oursError) Unwrap() error { return e.error }

// Main runs the command line and returns the exit code.
func Main(ctx context.Context, args []string, streams Streams, environ []string) int {
	app := &app{streams: streams, env: readEnv(environ)}
	root := newRoot(app)
	root.SetArgs(args)
	root.SetIn(streams.In)
	root.SetErr(streams.Err)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	if cmd.Name() == runName {
		err = oursError{err}
	}
	code := exitCode(err)
	var status statusError
	if !errors.As(err, &status) {
		report(streams, err)
	}
	return code
}

// app is what all commands share.
type app struct {
	streams Streams
	env     environment
}

// warn writes one warning.
func (a *app) warn(text string) { fmt.Fprintln(a.streams.Err, "warning: "+text) }

// note writes one line of the story.
func (a *app) note(format string, args ...any) {
	fmt.Fprintf(a.streams.Err, format+"\n", args...)
}

// exitCode is the one place where errors become exit codes.
func exitCode(err error) int {
	var status statusError
	var ours oursError
	var signal signalled
	var usage usageError
	var bindepErrors bindep.ErrorList
	var setupErrors setupcfg.ErrorList
	var base *builder.BaseError
	var engine *builder.EngineError
	var surroundings *embedded.SurroundingsError
	var step *builder.StepError
	var missing *builder.MissingPackageError
	var wheel *builder.WheelError
	var delivery *deliver.Error
	var noDocker *docker.Unavailable
	var noRemote *remote.Unavailable
	var fetch *host.FetchError
	var installing *siblings.Error
	var changed *origins.ChangedError
	var patch *origins.PatchError
	var path *fs.PathError
	switch {
	case errors.As(err, &status):
		return status.status
	case errors.As(err, &signal):
		return 128 + int(signal.signal)
	case errors.As(err, &ours):
		return exitOurs
	case errors.As(err, &wheel): // which wraps what in a file of the project would be a usage error
		return exitBuild
	case errors.As(err, &usage), errors.As(err, &bindepErrors), errors.As(err, &setupErrors):
		return exitUsage
	case errors.As(err, &missing), errors.As(err, &changed), errors.As(err, &patch):
		return exitBuild
	case errors.As(err, &base), errors.As(err, &engine), errors.As(err, &surroundings), errors.As(err, &delivery),
		errors.As(err, &noDocker), errors.As(err, &noRemote), errors.As(err, &fetch), errors.As(err, &path):
		return exitSurroundings
	case errors.As(err, &installing):
		if installing.Surroundings() {
			return exitSurroundings
		}
		return exitBuild
	case errors.As(err, &step):
		switch {
		case step.Surroundings():
			return exitSurroundings
		case step.BadInput():
			return exitUsage
		}
		return exitBuild
	case isCobraUsage(err):
		return exitUsage
	}
	return exitBuild
}

// isCobraUsage recognises cobra's own complaints about commands and flags, which have no type.
func isCobraUsage(err error) bool {
	for _, start := range []string{"unknown command", "unknown flag", "unknown shorthand", "flag needs an argument", "invalid argument",
		"accepts ", "requires at least", "required flag", "if any flags in the group"} {
		if strings.HasPrefix(err.Error(), start) {
			return true
		}
	}
	return false
}

// report writes an error for people: what the failed step printed last, then the line that says what is wrong.
func report(streams Streams, err error) {
	text := err.Error()
	if isCobraUsage(err) { // cobra puts its suggestions on lines of their own
		text = strings.Join(strings.Fields(text), " ")
	}
	var tail interface{ Tail() []string }
	if errors.As(err, &tail) {
		for _, line := range tail.Tail() {
			fmt.Fprintln(streams.Err, "  | "+line)
		}
	}
	for line := range strings.Lines(text) {
		fmt.Fprintln(streams.Err, "error: "+strings.TrimRight(line, "\n"))
	}
}

// atMost refuses a wrong number of arguments with one line.
func atMost(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) > n {
			if n > 0 {
				what = fmt.Sprintf("at most %d, %s", n, what)
			}
			return usagef("unexpected argument %q: `%s` takes %s", args[n], cmd.CommandPath(), what)
		}
		return nil
	}
}

// group is a command that only holds others; a word that is none of them is a mistake.
func group(use, short string) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() }}
}

// flagError makes a complaint about a flag one that says what to do.
func flagError(cmd *cobra.Command, err error) error {
	var invalid *pflag.InvalidValueError
	if errors.As(err, &invalid) && errors.Is(err, strconv.ErrSyntax) { // flags that are parsed are boolean
		return usagef("--%s %s: use true or false", invalid.GetFlag().Name, invalid.GetValue())
	}
	return usagef("%w: see `%s --help`", err, cmd.CommandPath())
}
