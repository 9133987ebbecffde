package plan2llb

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"

	"github.com/pbrx-go/pbrx-go/images"
)

// manager is what is particular to a package manager: where the index goes that
// one step fetches and others use, what is cached, and which files it writes that
// are never part of a layer.
type manager struct {
	index    string
	caches   []string
	oneCache bool     // for all installs on a release, one at a time; else one each for compile and run time, side by side
	scratch  []string // folders
	logs     []string // files
}

func managers() map[string]manager {
	return map[string]manager{
		"apt": {
			index:   "/var/lib/apt/lists",
			caches:  []string{"/var/cache/apt"},
			scratch: []string{"/var/log/apt"},
			logs:    []string{"/var/log/dpkg.log", "/var/log/alternatives.log", "/var/log/bootstrap.log"},
		},
		"apk": {
			index:    runDir + "/apk-index",
			caches:   []string{runDir + "/apk-cache"},
			oneCache: true,
			scratch:  []string{"/var/cache/apk"},
		},
		// All it writes is below /tmp: its folders elsewhere need not be there, and a mount would make them.
		"dnf": {index: runDir + "/dnf-index", caches: []string{runDir + "/dnf-packages"}},
	}
}

// CanInstall says whether there is a way to install packages with a package manager.
func CanInstall(packageManager string) bool {
	_, ok := managers()[packageManager]
	return ok
}

const indexStep = "[distro] package index"

// IsIndex says whether a step is the one that fetches the package index.
func IsIndex(step string) bool { return strings.HasPrefix(step, indexStep) }

// IndexStep is the step that fetches the package index of a base's distribution.
func IndexStep(base images.Base) string { return indexStep + " (" + base.PackageManager + ")" }

// PackageIndex is what a package index holds.
type PackageIndex struct {
	State llb.State
	// Content is a digest of it, empty where it was not read yet. It is part of the key of what is installed, and so of all
	// that is made of that: BuildKit (0.33) finds the result of a merge by the steps below it, and would give that of an
	// older index, which the same steps had fetched, although it has installed the packages anew.
	Content string
}

// Index fetches the package index of the base's distribution. It returns the index,
// for Packages, and a folder with index.json: {"missing": [NAME…]} of the names asked for {"content"}, a digest of the index, and {"asked"}, when that was.
func (c *Compiler) Index(base images.Base, wanted []string) (index PackageIndex, report llb.State) {
	wanted = slices.Compact(slices.Sorted(slices.Values(wanted)))
	m := managers()[base.PackageManager]
	run := c.exec(c.in.Base, Step{Name: IndexStep(base)},
		program(base.Python.Executable, "packages.py", append([]string{"index", base.PackageManager, m.index}, wanted...)...), c.network(), secret(SecretMirror), c.discard(m), c.refresh(RefreshDistro))
	return PackageIndex{State: run.AddMount(m.index, llb.Scratch())}, run.AddMount("/out", llb.Scratch())
}

// Packages installs distro packages on the base. What for is a word for the step's name (compile, runtime).
func (c *Compiler) Packages(base images.Base, index PackageIndex, packages []images.Package, what string) llb.State {
	if len(packages) == 0 {
		return c.in.Base
	}
	m := managers()[base.PackageManager]
	opts := options{c.network(), secret(SecretMirror), c.discard(m), llb.AddMount(m.index, index.State, llb.ForceNoOutput)}
	if index.Content != "" {
		opts = append(opts, llb.AddEnv("PBRX_INDEX", index.Content))
	}
	for _, dir := range m.caches {
		id := "pbrx-go-" + base.PackageManager + "-" + base.DistroName + "-" + c.in.Platform.Architecture
		if !m.oneCache {
			id += "-" + what
		}
		opts = append(opts, llb.AddMount(dir, llb.Scratch(), llb.AsPersistentCacheDir(id, llb.CacheMountLocked)))
	}
	wanted := names(packages)
	step := Step{Name: "[distro] " + what + " packages: " + strings.Join(wanted, " "), From: lines(packages)}
	return c.exec(c.in.Base, step, program(base.Python.Executable, "packages.py", append([]string{"install", base.PackageManager}, wanted...)...), opts).Root()
}

// discard covers what a package manager writes beside the packages with mounts that are thrown
// away, and keeps packages from starting services (invoke-rc.d asks policy-rc.d).
func (c *Compiler) discard(m manager) llb.RunOption {
	policy := llb.Scratch().File(llb.Mkfile("/policy-rc.d", 0o755, []byte("#!/bin/sh\nexit 101\n")).
		Mkfile("/empty", 0o644, nil), llb.WithCustomName("[internal] no services during the build"))
	opts := options{llb.AddMount("/usr/sbin/policy-rc.d", policy, llb.SourcePath("/policy-rc.d"), llb.Readonly)}
	for _, dir := range m.scratch {
		opts = append(opts, llb.AddMount(dir, llb.Scratch(), llb.Tmpfs()))
	}
	for _, file := range m.logs {
		opts = append(opts, llb.AddMount(file, policy, llb.SourcePath("/empty"), llb.ForceNoOutput))
	}
	return opts
}
