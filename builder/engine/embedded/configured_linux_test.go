package embedded_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/tonistiigi/fsutil"
	fstypes "github.com/tonistiigi/fsutil/types"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/builder/engine"
	"github.com/pbrx-go/pbrx-go/builder/engine/embedded"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
)

// stepEpoch is the time that everything made gets.
const stepEpoch = 315532800

// stepBase is a base as the steps of a definition see it: unpacked by the engine, less what would ask a distribution's mirrors.
type stepBase struct {
	tarball string
	less    []string
	base    images.Base
}

// debian and alpine are the bases of these tests. Their tests skip where there is none.
func debian(t *testing.T) stepBase {
	b := images.Base{PackageManager: "apt", DistroName: "debian-12", Python: images.Python{Executable: "/usr/bin/python3", Ensurepip: true}}
	return stepBase{tarball: rootTarball(t, "PBRX_GO_TEST_BASE"), less: []string{"/etc/apt/sources.list", "/etc/apt/sources.list.d/debian.sources"}, base: b}
}

func alpine(t *testing.T) stepBase {
	b := images.Base{PackageManager: "apk", DistroName: "alpine-3.20", Python: images.Python{Executable: "/usr/local/bin/python3"}}
	return stepBase{tarball: rootTarball(t, "PBRX_GO_TEST_ALPINE"), base: b}
}

func rootTarball(t *testing.T, variable string) string {
	t.Helper()
	name := strings.TrimPrefix(os.Getenv(variable), "rootfs:")
	if info, err := os.Stat(name); err != nil || info.IsDir() {
		t.Skipf("%s names no tarball of a root file system: %v", variable, err)
	}
	return name
}

// state is the base's file system.
func (b stepBase) state() llb.State {
	st := llb.Scratch().File(llb.Copy(llb.Local("base", llb.SharedKeyHint("base")), filepath.Base(b.tarball), "/", &llb.CopyInfo{AttemptUnpack: true}))
	for _, name := range b.less {
		st = st.File(llb.Rm(name, llb.WithAllowWildcard(true), llb.WithAllowNotFound(true)))
	}
	return st
}

// bench solves the steps of a definition on one base.
type bench struct {
	*testing.T
	stepBase
	solver builder.Solver
	files  string // a folder that is the local source "files"
	log    *stepLog
	merge  bool
	again  bool // every step runs, whatever the cache has
}

// stepLog remembers what steps printed, and which ran.
type stepLog struct {
	mu    sync.Mutex
	lines []string
	ran   []string
}

func (l *stepLog) update(s *client.SolveStatus) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range s.Vertexes {
		if v.Completed != nil && !v.Cached && strings.HasPrefix(v.Name, "[") && !strings.HasPrefix(v.Name, "[internal]") {
			l.ran = append(l.ran, v.Name)
		}
	}
	for _, x := range s.Logs {
		l.lines = append(l.lines, strings.Split(strings.TrimRight(string(x.Data), "\n"), "\n")...)
	}
}

// newBench opens an engine with an empty cache.
func newBench(t *testing.T, on stepBase) *bench {
	t.Helper()
	needEngine(t)
	e := open(t, embedded.Options{})
	return &bench{T: t, stepBase: on, files: t.TempDir(), log: &stepLog{}, merge: true,
		solver: &engine.Engine{Client: e.Client(), Compression: "zstd", SharedKey: t.Name(), Epoch: strconv.Itoa(stepEpoch)}}
}

// sub is the bench for a subtest, with a log of its own.
func (b *bench) sub(t *testing.T) *bench {
	other := *b
	other.T, other.log = t, &stepLog{}
	return &other
}

// write writes a file of the local source and returns its content.
func (b *bench) write(name, text string, mode os.FileMode) images.Content {
	b.Helper()
	at := filepath.Join(b.files, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(at), 0o755), os.WriteFile(at, []byte(text), mode), os.Chmod(at, mode)); err != nil {
		b.Fatal(err)
	}
	return images.Content{Origin: name, Pin: digest.FromString(text).String(), Local: "files", Path: name}
}

// solve runs work in a session; the compiler is over the base.
func (b *bench) solve(work func(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler) error) error {
	b.Helper()
	base, err := fsutil.NewFS(filepath.Dir(b.tarball))
	if err != nil {
		b.Fatal(err)
	}
	only, err := fsutil.NewFilterFS(base, &fsutil.FilterOpt{IncludePatterns: []string{filepath.Base(b.tarball)}})
	if err != nil {
		b.Fatal(err)
	}
	plain, err := fsutil.NewFS(b.files)
	if err != nil {
		b.Fatal(err)
	}
	files, err := fsutil.NewFilterFS(plain, &fsutil.FilterOpt{Map: func(_ string, st *fstypes.Stat) fsutil.MapResult {
		st.Uid, st.Gid = 0, 0
		return fsutil.MapResultKeep
	}})
	if err != nil {
		b.Fatal(err)
	}
	in := plan2llb.Inputs{Base: b.state(), Platform: v1.Platform{OS: "linux", Architecture: "amd64"}, Features: plan2llb.Features{Merge: b.merge}, NoCache: b.again, Epoch: time.Unix(stepEpoch, 0)}
	_, err = b.solver.Solve(b.Context(), builder.Job{Locals: map[string]fsutil.FS{"base": only, "files": files}, Status: b.log.update,
		Work: func(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
			return gateway.NewResult(), work(ctx, c, plan2llb.New(in))
		}})
	return err
}

// mustSolve is solve of what must succeed.
func (b *bench) mustSolve(work func(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler) error) {
	b.Helper()
	if err := b.solve(work); err != nil {
		b.Fatalf("%v\n%s", err, strings.Join(b.log.lines, "\n"))
	}
}

// said is the last line that a step printed of itself.
func (b *bench) said(mark string) string {
	for _, line := range slices.Backward(b.log.lines) {
		if rest, ok := strings.CutPrefix(line, mark); ok {
			return rest
		}
	}
	return "(nothing)"
}

// ref solves a state.
func ref(ctx context.Context, c gateway.Client, st llb.State) (gateway.Reference, error) {
	def, err := st.Marshal(ctx, llb.LocalUniqueID(c.BuildOpts().SessionID))
	if err != nil {
		return nil, err
	}
	res, err := c.Solve(ctx, gateway.SolveRequest{Definition: def.ToPB(), Evaluate: true})
	if err != nil {
		return nil, err
	}
	return res.SingleRef()
}

// readOf reads a file of a state.
func readOf(ctx context.Context, c gateway.Client, st llb.State, name string) (string, error) {
	r, err := ref(ctx, c, st)
	if err != nil {
		return "", err
	}
	data, err := r.ReadFile(ctx, gateway.ReadRequest{Filename: name})
	return string(data), err
}

// layer lists what a state adds to another: "path mode uid:gid time", with the target of links and the digest of contents.
func layer(ctx context.Context, c gateway.Client, lower, upper llb.State) (map[string]string, error) {
	r, err := ref(ctx, c, llb.Diff(lower, upper))
	if err != nil {
		return nil, err
	}
	found := map[string]string{}
	var walk func(folder string) error
	walk = func(folder string) error {
		entries, err := r.ReadDir(ctx, gateway.ReadDirRequest{Path: folder})
		if err != nil {
			return err
		}
		for _, e := range entries {
			name := path.Join(folder, e.Path)
			mode := os.FileMode(e.Mode)
			said := fmt.Sprintf("%v %d:%d %d", mode, e.Uid, e.Gid, e.ModTime/int64(time.Second))
			switch {
			case mode.IsDir():
				if err := walk(name); err != nil {
					return err
				}
			case mode&os.ModeSymlink != 0:
				said += " " + e.Linkname
			case mode.IsRegular():
				data, err := r.ReadFile(ctx, gateway.ReadRequest{Filename: name})
				if err != nil {
					return err
				}
				said += " " + digest.FromBytes(data).Encoded()[:12]
			}
			found[name] = said
		}
		return nil
	}
	return found, walk("/")
}

// files are the paths of a layer that are no folders.
func filesOf(layer map[string]string) []string {
	var out []string
	for _, name := range slices.Sorted(maps.Keys(layer)) {
		if !strings.HasPrefix(layer[name], "d") {
			out = append(out, name)
		}
	}
	return out
}
