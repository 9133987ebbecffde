package embedded

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/containerd/containerd/v2/defaults"
	"github.com/moby/buildkit/cache/remotecache"
	"github.com/moby/buildkit/cache/remotecache/inline"
	"github.com/moby/buildkit/cache/remotecache/local"
	"github.com/moby/buildkit/cache/remotecache/registry"
	"github.com/moby/buildkit/cmd/buildkitd/config"
	"github.com/moby/buildkit/control"
	"github.com/moby/buildkit/frontend"
	"github.com/moby/buildkit/session"
	"github.com/moby/buildkit/solver"
	"github.com/moby/buildkit/solver/bboltcachestorage"
	"github.com/moby/buildkit/util/apicaps"
	"github.com/moby/buildkit/util/db/boltutil"
	"github.com/moby/buildkit/util/grpcerrors"
	_ "github.com/moby/buildkit/util/grpcutil/encoding/proto" // the codec clients of buildkitd expect
	"github.com/moby/buildkit/worker"
	"github.com/moby/buildkit/worker/base"
	"github.com/sirupsen/logrus"
	fscopy "github.com/tonistiigi/fsutil/copy"
	bolt "go.etcd.io/bbolt"
	"go.opentelemetry.io/otel/metric/noop"
	"google.golang.org/grpc"
)

// How long an orderly stop may take, part by part.
const (
	stopSolvesTimeout = 4 * time.Second  // solves end and kill their steps
	pruneTimeout      = 60 * time.Second // the store comes down to its budget
	closeTimeout      = 3 * time.Second  // the databases
)

// server is BuildKit as the child serves it.
type server struct {
	cfg      childConfig
	grpc     *grpc.Server
	listener net.Listener
	control  *control.Controller
	worker   *base.Worker
	cancel   context.CancelFunc
}

// newServer wires a controller with one worker and listens; Serve is the caller's.
func newServer(ctx context.Context, cfg childConfig) (*server, error) {
	listener, err := listen(cfg.StateDir)
	if err != nil {
		return nil, err
	}
	// A step's files must get the modes the step asks for, whatever the user's umask.
	syscall.Umask(0)
	fscopy.UmaskIsZero = true
	apicaps.ExportedProduct = "buildkit"

	w, err := newWorker(ctx, cfg)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	ctl, err := newController(ctx, cfg, w)
	if err != nil {
		cancel()
		return nil, err
	}
	srv := grpc.NewServer(
		grpc.ChainUnaryInterceptor(grpcerrors.UnaryServerInterceptor),
		grpc.StreamInterceptor(grpcerrors.StreamServerInterceptor),
		grpc.MaxRecvMsgSize(defaults.DefaultMaxRecvMsgSize),
		grpc.MaxSendMsgSize(defaults.DefaultMaxSendMsgSize),
		grpc.WaitForHandlers(true)) // so that Stop returns after the steps are gone
	ctl.Register(srv)
	return &server{cfg: cfg, grpc: srv, listener: listener, control: ctl, worker: w, cancel: cancel}, nil
}

// listen makes the socket, for root only. It needs umask and so comes before any other file is made.
func listen(stateDir string) (net.Listener, error) {
	dir, err := os.Open(stateDir)
	if err != nil {
		return nil, fmt.Errorf("opening the state directory: %w", err)
	}
	defer dir.Close()
	syscall.Umask(0o177)
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: socketPath(dir), Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", filepath.Join(stateDir, socketName), err)
	}
	l.SetUnlinkOnClose(false) // its name is only good while dir is open; sweep removes it
	return l, nil
}

// newController is BuildKit's control API over one worker: no frontends, no history.
func newController(ctx context.Context, cfg childConfig, w *base.Worker) (*control.Controller, error) {
	workers := &worker.Controller{}
	if err := workers.Add(w); err != nil {
		return nil, fmt.Errorf("adding the worker: %w", err)
	}
	sessions, err := session.NewManager()
	if err != nil {
		return nil, fmt.Errorf("making the session manager: %w", err)
	}
	cache, err := bboltcachestorage.NewStore(filepath.Join(cfg.StateDir, "cache.db"))
	if err != nil {
		return nil, fmt.Errorf("opening the cache database: %w", err)
	}
	history, err := boltutil.SafeOpen(filepath.Join(cfg.StateDir, "history.db"), 0o600, &bolt.Options{FreelistType: bolt.FreelistMapType})
	if err != nil {
		return nil, fmt.Errorf("opening the history database: %w", err)
	}
	noEntries := int64(0)
	hosts := w.RegistryHosts
	ctl, err := control.NewController(control.Opt{
		SessionManager:   sessions,
		WorkerController: workers,
		Frontends:        map[string]frontend.Frontend{},
		ResolveCacheExporterFuncs: map[string]remotecache.ResolveCacheExporterFunc{
			"registry": registry.ResolveCacheExporterFunc(sessions, hosts),
			"local":    local.ResolveCacheExporterFunc(sessions),
			"inline":   inline.ResolveCacheExporterFunc(),
		},
		ResolveCacheImporterFuncs: map[string]remotecache.ResolveCacheImporterFunc{
			"registry": registry.ResolveCacheImporterFunc(sessions, w.ContentStore(), hosts),
			"local":    local.ResolveCacheImporterFunc(sessions),
		},
		CacheManager:   solver.NewCacheManager(ctx, "local", cache, worker.NewCacheResultStorage(workers)),
		Entitlements:   []string{"network.host"},
		HistoryDB:      history,
		HistoryConfig:  &config.HistoryConfig{MaxEntries: &noEntries},
		CacheStore:     cache,
		LeaseManager:   w.LeaseManager(),
		ContentStore:   w.ContentStore(),
		GarbageCollect: w.GarbageCollect,
		GracefulStop:   ctx.Done(),
		MeterProvider:  noop.NewMeterProvider(),
	})
	if err != nil {
		return nil, fmt.Errorf("making the controller: %w", err)
	}
	return ctl, nil
}

// stop ends the solves and their steps, trims the store while the command waits
// for it (gone ends when it does not), and leaves nothing that a later engine
// would have to sweep. Every part is bounded: what does not end in time ends with the PID namespace.
func (s *server) stop(gone context.Context) {
	always := context.Background()
	stopped := within(always, stopSolvesTimeout, "stopping the solves", func(context.Context) error { s.grpc.Stop(); return nil })
	if stopped && gone.Err() == nil {
		within(gone, pruneTimeout, "trimming the store", func(ctx context.Context) error {
			return s.worker.Prune(ctx, nil, s.worker.GCPolicy()...)
		})
	}
	s.cancel()
	within(always, closeTimeout, "closing the databases", func(context.Context) error { return s.control.Close() })
	killAll()
	if err := sweep(s.cfg); err != nil {
		logrus.WithError(err).Warn("sweeping")
	}
}

// within runs f and goes on when ctx ends or f takes too long; it tells whether f came to its end.
func within(ctx context.Context, limit time.Duration, what string, f func(context.Context) error) bool {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- f(ctx) }()
	select {
	case err := <-done:
		if err != nil {
			logrus.WithError(err).Warn(what)
		}
		return true
	case <-ctx.Done():
		logrus.WithError(ctx.Err()).Warnf("%s: not waited for", what)
		return false
	}
}

// killAll kills every process of the child's PID namespace but itself and waits until they are gone.
func killAll() {
	for range 100 {
		if err := syscall.Kill(-1, syscall.SIGKILL); err == syscall.ESRCH {
			return
		}
		var status syscall.WaitStatus
		for {
			if pid, err := syscall.Wait4(-1, &status, syscall.WNOHANG, nil); err != nil || pid <= 0 {
				break
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	logrus.Warn("steps do not die, left to the kernel")
}
