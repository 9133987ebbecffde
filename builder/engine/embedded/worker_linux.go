package embedded

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/containerd/v2/core/snapshots"
	"github.com/containerd/containerd/v2/plugins/snapshots/native"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay"
	"github.com/containerd/containerd/v2/plugins/snapshots/overlay/overlayutils"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/executor/oci"
	"github.com/moby/buildkit/util/network/netproviders"
	"github.com/moby/buildkit/worker/base"
	"github.com/moby/buildkit/worker/runc"
	"github.com/sirupsen/logrus"
	"golang.org/x/sync/semaphore"
)

// parallelSteps is how many steps run at once: two keep two cores busy, the others download.
const parallelSteps = 4

// newWorker makes the one worker: runc, overlayfs where it works, the host's network.
func newWorker(ctx context.Context, cfg childConfig) (*base.Worker, error) {
	name := snapshotterFor(cfg.StateDir)
	root := filepath.Join(cfg.StateDir, "runc-"+name) // the name NewWorkerOpt gives it
	// What only serves as mount points and step configuration must not outlive the child.
	for dir, mode := range map[string]os.FileMode{"executor": 0o711, "cachemounts": 0o700} {
		if err := mountTmpfs(filepath.Join(root, dir), mode); err != nil {
			return nil, err
		}
	}
	noCgroups := !cgroupsWritable(cfg.CgroupParent)
	if noCgroups {
		logrus.Warn("the cgroup file system is not writable: steps run without cgroups")
	}
	opt, err := runcWorkerOpt(workerParams{
		root: cfg.StateDir, snapshotter: name, runc: cfg.Runc, withoutCgroups: noCgroups, cgroupParent: cfg.CgroupParent,
	})
	if err != nil {
		return nil, fmt.Errorf("making the worker: %w", err)
	}
	opt.RegistryHosts = registryHosts(cfg.CertsDirs)
	opt.GCPolicy = gcPolicy(cfg.Budget)
	w, err := base.NewWorker(ctx, opt)
	if err != nil {
		return nil, fmt.Errorf("making the worker: %w", err)
	}
	return w, nil
}

// workerParams names the parameters of NewWorkerOpt that we choose.
type workerParams struct {
	root, snapshotter, runc, cgroupParent string
	// withoutCgroups is BuildKit's "rootless": it leaves the cgroup path out of the step's specification.
	withoutCgroups bool
}

func runcWorkerOpt(p workerParams) (base.WorkerOpt, error) {
	factory := runc.SnapshotterFactory{Name: p.snapshotter, New: func(root string) (snapshots.Snapshotter, error) {
		if p.snapshotter == "native" {
			return native.NewSnapshotter(root)
		}
		return overlay.NewSnapshotter(root, overlay.AsynchronousRemove)
	}}
	return runc.NewWorkerOpt(p.root, factory, p.withoutCgroups, oci.ProcessSandbox,
		nil, // labels
		nil, // identity map
		netproviders.Opt{Mode: "host"},
		nil, // DNS: the host's resolv.conf
		p.runc,
		"",    // AppArmor profile
		false, // SELinux
		semaphore.NewWeighted(parallelSteps),
		"", // trace socket
		p.cgroupParent,
		nil) // CDI devices
}

// snapshotterFor tries an overlay mount in the state directory, and falls back to plain copies.
func snapshotterFor(stateDir string) string {
	if err := overlayWorks(stateDir); err != nil {
		logrus.WithError(err).Warn("overlayfs does not work here, layers are copied")
		return "native"
	}
	return "overlayfs"
}

// probeDir is where overlayWorks tries, below the state directory; sweep removes it.
const probeDir = "probe"

// overlayWorks tries an overlay mount on dir's disk. It is for the child's mount namespace only.
func overlayWorks(dir string) error {
	probe := filepath.Join(dir, probeDir)
	defer os.RemoveAll(probe)
	return overlayutils.Supported(probe)
}

// gcPolicy keeps the store within budget: first what is cheap to make again and
// was not used for two days, then the least recently used.
func gcPolicy(budget int64) []client.PruneInfo {
	return []client.PruneInfo{
		{Filter: []string{"type==source.local", "type==exec.cachemount", "type==source.git.checkout"}, KeepDuration: 48 * time.Hour, MaxUsedSpace: budget / 2},
		{MaxUsedSpace: budget},
		{MaxUsedSpace: budget, All: true},
	}
}
