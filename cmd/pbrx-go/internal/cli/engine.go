package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/cli/cli/config"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/session/auth/authprovider"
	"github.com/sirupsen/logrus"
	"github.com/spf13/cobra"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/builder/engine"
	"github.com/pbrx-go/pbrx-go/builder/engine/docker"
	"github.com/pbrx-go/pbrx-go/builder/engine/embedded"
	"github.com/pbrx-go/pbrx-go/builder/engine/remote"
	"github.com/pbrx-go/pbrx-go/images/deliver"
)

// The names of engines that are no address.
const (
	engineAuto     = "auto"
	engineEmbedded = "embedded"
	engineDocker   = "docker"
)

// helperAge is how long names that a build needs for a while are left alone in Docker: after that,
// whoever gave them was killed.
const helperAge = 24 * time.Hour

// engineFlags choose an engine.
type engineFlags struct {
	engine string
	tls    string
	debug  bool
	// silent keeps the choice of an engine to itself.
	silent bool
	// cacheFrom and cacheTo are layer caches beside the engine's own.
	cacheFrom, cacheTo []string
}

func (f *engineFlags) bind(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.engine, "engine", engineAuto, "`ENGINE` that builds: auto, embedded, docker, or the address of a buildkitd (unix://, tcp://, ssh://, docker-container://, kube-pod://)")
	flags.StringVar(&f.tls, "engine-tls", "", "`DIR` with ca.pem, cert.pem and key.pem for a buildkitd at tcp://")
	flags.BoolVar(&f.debug, "debug", false, "show the engine's log")
}

// check finds mistakes before anything is dialled.
func (f *engineFlags) check(env environment) error {
	address := f.engine
	switch f.engine {
	case engineAuto:
		address = env["BUILDKIT_HOST"]
		if address == "" {
			break
		}
		if err := remote.Check(address); err != nil {
			return usagef("BUILDKIT_HOST: %w", err)
		}
	case engineEmbedded, engineDocker:
	default:
		err := remote.Check(f.engine)
		if err != nil && !strings.Contains(f.engine, "://") {
			return usagef("--engine %q: there is no such engine: use auto, embedded, docker, or the address of a buildkitd (unix://, tcp://, ssh://, docker-container://, kube-pod://)", f.engine)
		}
		if err != nil {
			return usagef("--engine %w", err)
		}
	}
	if f.tls != "" && !strings.HasPrefix(address, "tcp://") {
		return usagef("--engine-tls %s: only a connection to tcp:// takes certificates: give --engine tcp://HOST:PORT, or leave --engine-tls out", f.tls)
	}
	_, _, err := f.caches()
	return err
}

// opened is an engine that is running for this command.
type opened struct {
	*engine.Engine
	name string
	// tempDir lives as long as the engine and goes with it, however this process ends.
	tempDir string
	// docker is the Docker Engine that this one is, if it is one, and endpoint where that is.
	docker   *docker.Daemon
	endpoint docker.Endpoint
	// beside is the Docker Engine that another engine's bases come from or images go to, once it was needed.
	beside *docker.Daemon
	// exports says that the engine hands over blobs; the graph drivers of Docker do not.
	exports bool
	closers []func() error
}

// close ends everything in the opposite order.
func (o *opened) close() error {
	var errs []error
	for _, c := range slices.Backward(o.closers) {
		errs = append(errs, c())
	}
	o.closers = nil
	return errors.Join(errs...)
}

// openEngine opens the engine that was asked for. command is what others are told who wait for it.
func (a *app) openEngine(ctx context.Context, f engineFlags, command string, epoch time.Time) (*opened, error) {
	if err := f.check(a.env); err != nil {
		return nil, err
	}
	quietLogs()
	if f.debug {
		logrus.SetOutput(a.streams.Err)
		log.SetOutput(a.streams.Err)
	}
	o, err := a.chooseEngine(ctx, f, command)
	if err != nil {
		return nil, err
	}
	o.Attachables = a.credentials()
	o.Compression = "zstd"
	o.SharedKey = command
	o.Epoch = strconv.FormatInt(epoch.Unix(), 10)
	if err := o.useCaches(f); err != nil {
		return nil, errors.Join(err, o.close())
	}
	return o, nil
}

// quietLogs keeps off stderr what BuildKit's and containerd's client code log through logrus, and the
// HTTP/2 server of a session through log: it is for whoever debugs them.
func quietLogs() {
	logrus.SetOutput(io.Discard)
	log.SetOutput(io.Discard)
}

// chooseEngine is --engine: with auto a buildkitd if BUILDKIT_HOST names one, else a Docker Engine
// that answers, else the embedded engine, and a line that says which and why.
func (a *app) chooseEngine(ctx context.Context, f engineFlags, command string) (*opened, error) {
	say := func(format string, args ...any) {
		if !f.silent {
			a.note("engine: "+format, args...)
		}
	}
	switch f.engine {
	case engineAuto:
	case engineEmbedded:
		return a.openEmbedded(ctx, f, command)
	case engineDocker:
		return a.openDocker(ctx)
	default:
		return a.openRemote(ctx, f.engine, f.tls)
	}
	if address := a.env["BUILDKIT_HOST"]; address != "" {
		say("%s (BUILDKIT_HOST)", address)
		return a.openRemote(ctx, address, f.tls)
	}
	o, err := a.openDocker(ctx)
	var unavailable *docker.Unavailable
	switch {
	case err == nil:
		say("docker at %s (%s)", o.endpoint.Host, o.endpoint.Source)
		return o, nil
	case !errors.As(err, &unavailable), unavailable.Reason == docker.Permission:
		return nil, err
	}
	say("embedded (%s), state in %s", brief(unavailable), a.stateDir())
	return a.openEmbedded(ctx, f, command)
}

// brief says in a few words why Docker Engine is not used.
func brief(u *docker.Unavailable) string {
	switch {
	case u.Server != "":
		return u.Server + " at " + u.Host + " has no BuildKit"
	case u.Reason == docker.NoBuildKit:
		return "what answers at " + u.Host + " has no BuildKit"
	case u.Reason == docker.NoSocket:
		return "no Docker Engine at " + u.Host
	}
	return "Docker Engine at " + u.Host + " cannot be used: " + strings.Join(strings.Fields(u.Err.Error()), " ")
}

func (a *app) openEmbedded(ctx context.Context, f engineFlags, command string) (*opened, error) {
	options := embedded.Options{
		StateDir:  a.stateDir(),
		Command:   command,
		CertsDirs: a.certsDirs(),
		Waiting: func(h embedded.Holder) {
			a.note("waiting for %s (process %d, since %s), which uses %s", h.Command, h.PID, h.Since.Format(time.TimeOnly), a.stateDir())
		},
	}
	if f.debug {
		options.Log = a.streams.Err
	}
	var err error
	if options.CacheBudget, err = a.cacheBudget(); err != nil {
		return nil, err
	}
	e, err := embedded.Open(ctx, options)
	if err != nil {
		return nil, err
	}
	tempDir, err := e.TempDir()
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return &opened{Engine: &engine.Engine{Client: e.Client()}, name: engineEmbedded, tempDir: tempDir, exports: true, closers: []func() error{e.Close}}, nil
}

func (a *app) openDocker(ctx context.Context) (*opened, error) {
	endpoint, d, err := a.findDocker(ctx)
	if err != nil {
		return nil, err
	}
	for _, repository := range []string{builder.HelperRepository, deliver.HelperRepository} {
		if _, err := d.Sweep(ctx, repository, helperAge); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}
	o := &opened{Engine: &engine.Engine{Client: d.Client()}, name: engineDocker, docker: d, endpoint: endpoint, exports: d.Containerd(), closers: []func() error{d.Close}}
	if d.Containerd() { // which would take its time to compress what nobody may ever push
		o.KeepCompression = "uncompressed"
	}
	return o, a.addTempDir(o)
}

func (a *app) openRemote(ctx context.Context, address, tls string) (*opened, error) {
	c, err := remote.Open(ctx, address, remote.Options{TLSDir: tls})
	if err != nil {
		return nil, err
	}
	o := &opened{Engine: &engine.Engine{Client: c}, name: address, exports: true, closers: []func() error{c.Close}}
	return o, a.addTempDir(o)
}

// addTempDir gives an engine that lives elsewhere a folder of ours.
func (a *app) addTempDir(o *opened) error {
	dir, remove, err := tempDir(os.TempDir())
	if err != nil {
		return errors.Join(err, o.close())
	}
	o.tempDir = dir
	o.closers = append(o.closers, remove)
	return nil
}

// findDocker opens the Docker Engine that docker itself would use.
func (a *app) findDocker(ctx context.Context) (docker.Endpoint, *docker.Daemon, error) {
	e, err := docker.Find(a.env.get)
	if err != nil {
		return e, nil, usageError{err}
	}
	d, err := docker.Open(ctx, e)
	return e, d, err
}

// images opens the images of a Docker Engine: of the one that builds, or of the one that docker would use.
func (a *app) images(ctx context.Context, o *opened) (*docker.Daemon, error) {
	if o.docker != nil {
		return o.docker, nil
	}
	if o.beside == nil {
		_, d, err := a.findDocker(ctx)
		if err != nil {
			return nil, err
		}
		o.beside = d
		o.closers = append(o.closers, d.Close)
	}
	return o.beside, nil
}

// certsDirs are where docker and podman look for the certificates of a registry (containers-certs.d(5)).
func (a *app) certsDirs() []string {
	config := a.env["XDG_CONFIG_HOME"]
	if !filepath.IsAbs(config) {
		config = filepath.Join(a.env["HOME"], ".config")
	}
	return []string{filepath.Join(config, "containers/certs.d"), filepath.Join(config, "docker/certs.d"), "/etc/containers/certs.d", "/etc/docker/certs.d"}
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
