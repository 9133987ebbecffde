package cli

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/docker/cli/cli/config"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth/authprovider"
	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/pbrx-go/pbrx-go/builder/engine"
	"github.com/pbrx-go/pbrx-go/builder/engine/embedded"
)

// engineFlags choose an engine.
type engineFlags struct {
	engine string
	debug  bool
	// silent keeps the choice of an engine to itself.
	silent bool
}

func (f *engineFlags) bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.engine, "engine", "auto", "`ENGINE` that builds: auto or embedded")
	cmd.Flags().BoolVar(&f.debug, "debug", false, "show the engine's log")
}

// opened is an engine that is running for this command.
type opened struct {
	*engine.Engine
	name string
	// tempDir lives as long as the engine and goes with it, however this process ends.
	tempDir string
	close   func() error
}

// openEngine starts the engine that was asked for.
func (a *app) openEngine(ctx context.Context, f engineFlags, command string, epoch time.Time) (*opened, error) {
	if f.engine != "auto" && f.engine != "embedded" {
		return nil, usagef("--engine %s: this version has the embedded engine only: use auto or embedded", f.engine)
	}
	options := embedded.Options{
		StateDir: a.stateDir(),
		Command:  command,
		Waiting: func(h embedded.Holder) {
			a.note("waiting for %s (process %d, since %s), which uses %s", h.Command, h.PID, h.Since.Format(time.TimeOnly), a.stateDir())
		},
	}
	// BuildKit's and containerd's client code log through logrus, and the HTTP/2 server of a session
	// through log: for whoever debugs them, not for stderr.
	logs := io.Discard
	if f.debug {
		options.Log, logs = a.streams.Err, a.streams.Err
	}
	logrus.SetOutput(logs)
	log.SetOutput(logs)
	budget, err := a.cacheBudget()
	if err != nil {
		return nil, err
	}
	options.CacheBudget = budget
	e, err := embedded.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	tempDir, err := e.TempDir()
	if err != nil {
		e.Close()
		return nil, err
	}
	if f.engine == "auto" && !f.silent {
		a.note("engine: embedded (nothing else is supported yet), state in %s", a.stateDir())
	}
	return &opened{
		Engine: &engine.Engine{
			Client:      e.Client(),
			Attachables: a.credentials(),
			Compression: "zstd",
			SharedKey:   command,
			Epoch:       strconv.FormatInt(epoch.Unix(), 10),
		},
		name:    "embedded",
		tempDir: tempDir,
		close:   e.Close,
	}, nil
}

// stateDir is where the embedded engine keeps its state.
func (a *app) stateDir() string {
	if dir := a.env["PBRX_GO_STATE"]; dir != "" {
		return dir
	}
	return embedded.DefaultStateDir(a.env.get, os.Geteuid())
}

// cacheBudget is the size the store is kept below; 0 leaves it to the engine.
func (a *app) cacheBudget() (int64, error) {
	value := a.env["PBRX_GO_CACHE_BUDGET"]
	if value == "" {
		return 0, nil
	}
	n, err := parseSize(value)
	if err != nil {
		return 0, usagef("PBRX_GO_CACHE_BUDGET=%s: %w", value, err)
	}
	return n, nil
}

// credentials are those of docker's configuration and its helpers.
func (a *app) credentials() []session.Attachable {
	file := config.LoadDefaultConfigFile(a.streams.Err)
	return []session.Attachable{authprovider.NewDockerAuthProvider(authprovider.DockerAuthProviderConfig{
		AuthConfigProvider: authprovider.LoadAuthConfig(file),
	})}
}

// imageStore is the user's own image store, where images go that nobody sent elsewhere.
func (a *app) imageStore() string {
	if os.Geteuid() == 0 && a.env["XDG_DATA_HOME"] == "" {
		return "/var/lib/pbrx-go/images"
	}
	data := a.env["XDG_DATA_HOME"]
	if !filepath.IsAbs(data) {
		data = filepath.Join(a.env["HOME"], ".local", "share")
	}
	return filepath.Join(data, "pbrx-go", "images")
}

// epoch is the time that everything made is given: SOURCE_DATE_EPOCH, else the beginning of
// 1980, the first moment that every archive format can hold.
func (a *app) epoch() (time.Time, error) {
	value := a.env["SOURCE_DATE_EPOCH"]
	if value == "" {
		return time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC), nil
	}
	seconds, err := strconv.ParseInt(value, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, usagef("SOURCE_DATE_EPOCH=%s: give seconds since 1970", value)
	}
	return time.Unix(seconds, 0).UTC(), nil
}

// describeCommand is how this process is called where others wait for it.
func describeCommand(command, dir string) string {
	if abs, err := filepath.Abs(dir); err == nil {
		dir = abs
	}
	return fmt.Sprintf("pbrx-go %s %s", command, dir)
}
