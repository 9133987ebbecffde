package plan2llb

import (
	"path"
	"slices"
	"strconv"
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

// wantedStep begins the names of steps that look into a package index.
const wantedStep = "[internal] packages in the index: "

// IsIndex says whether a step is one that fetches the package index.
func IsIndex(step string) bool {
	return strings.HasPrefix(step, indexStep) || strings.HasPrefix(step, wantedStep)
}

// IndexStep is the step that fetches the package index of a base's distribution, and of repositories beside it.
func IndexStep(base images.Base, repositories []images.Repository) string {
	names, _ := repositoryNames(repositories)
	return indexStep + " (" + strings.Join(append([]string{base.PackageManager}, names...), ", ") + ")"
}

// PackageIndex is what a package index holds.
type PackageIndex struct {
	State llb.State
	// Content is a digest of it, empty where it was not read yet. It is part of the key of what is installed, and so of all
	// that is made of that: BuildKit (0.33) finds the result of a merge by the steps below it, and would give that of an
	// older index, which the same steps had fetched, although it has installed the packages anew.
	Content string

	repositories []images.Repository
}

// Index fetches the package index of the base's distribution, with that of repositories beside it. It returns the index, for
// Wanted and Packages, and a folder with index.json: {"content"}, a digest of the index, and {"asked"}, when that was. What is to be installed is no part
// of its key, nor is the mirror: steps that use an index which was kept from another mirror fetch it again for themselves.
func (c *Compiler) Index(base images.Base, beside []images.Repository) (index PackageIndex, report llb.State) {
	m := managers()[base.PackageManager]
	_, from := repositoryNames(beside)
	run := c.exec(c.in.Base, Step{Name: IndexStep(base, beside), From: from}, program(base.Python.Executable, "packages.py", "index", base.PackageManager, m.index),
		c.network(), secret(SecretMirror), repositories(base.PackageManager, beside), c.discard(m), c.refresh(RefreshDistro))
	return PackageIndex{State: run.AddMount(m.index, llb.Scratch()), repositories: beside}, run.AddMount("/out", llb.Scratch())
}

// Wanted looks into a package index. The folder it returns holds index.json: {"missing": [NAME…]}, those of the
// names that there is no package for.
func (c *Compiler) Wanted(base images.Base, index PackageIndex, names []string) llb.State {
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	m := managers()[base.PackageManager]
	return c.exec(c.in.Base, Step{Name: wantedStep + strings.Join(names, " ")},
		program(base.Python.Executable, "packages.py", append([]string{"wanted", base.PackageManager, m.index}, names...)...),
		c.network(), c.indexed(base, index), c.discard(m)).AddMount("/out", llb.Scratch())
}

// indexed is what a step gets that uses a package index.
func (c *Compiler) indexed(base images.Base, index PackageIndex) llb.RunOption {
	opts := options{secret(SecretMirror), repositories(base.PackageManager, index.repositories), llb.AddMount(managers()[base.PackageManager].index, index.State, llb.ForceNoOutput)}
	if index.Content != "" {
		opts = append(opts, llb.AddEnv("PBRX_INDEX", index.Content))
	}
	return opts
}

// Packages installs distro packages on the base. What for is a word for the step's name (compile, runtime).
func (c *Compiler) Packages(base images.Base, index PackageIndex, packages []images.Package, what string) llb.State {
	return c.PackagesOn(c.in.Base, base, index, images.DistroContent{Packages: packages}, what)
}

// PackagesOn installs distro packages and package files in one transaction on a root file system that was made of the base, and
// leaves in it what repositories of the content are to be kept. The index is that of the content's repositories, those of
// levels below included. Where there is nothing to do (Installs), the root file system stays as it is.
func (c *Compiler) PackagesOn(root llb.State, base images.Base, index PackageIndex, content images.DistroContent, what string) llb.State {
	if !Installs(content) {
		return root
	}
	m := managers()[base.PackageManager]
	files, titles, from := packageFiles(base.PackageManager, content.PackageFiles)
	opts := options{c.network(), c.indexed(base, index), files, c.discard(m)}
	for _, dir := range m.caches {
		opts = append(opts, llb.AddMount(dir, llb.Scratch(), llb.AsPersistentCacheDir(c.packageCache(base, m, what), llb.CacheMountLocked)))
	}
	wanted := names(content.Packages)
	step := Step{Name: "[distro] " + what + " packages: " + strings.Join(append(slices.Clone(wanted), titles...), " "), From: append(lines(content.Packages), from...)}
	return c.exec(root, step, program(base.Python.Executable, "packages.py", append([]string{"install", base.PackageManager, m.index}, wanted...)...), opts).Root()
}

// Installs says whether there is anything to do for a package manager.
func Installs(content images.DistroContent) bool {
	kept := slices.ContainsFunc(content.Repositories, func(r images.Repository) bool { return r.Keep })
	return kept || len(content.Packages)+len(content.PackageFiles) > 0
}

// packageCache is the name of the cache of downloaded packages. What runs side by side has one each, because one step uses it at a time.
func (c *Compiler) packageCache(base images.Base, m manager, what string) string {
	id := "pbrx-go-" + base.PackageManager + "-" + base.DistroName + "-" + c.in.Platform.Architecture
	switch {
	case m.oneCache:
		return id
	case what == "compile" || what == "build":
		return id + "-" + what
	}
	return id + "-runtime"
}

// packageFiles mounts package files, under names that package managers know files by. titles is what people know them by.
func packageFiles(packageManager string, all []images.PackageFile) (mounts llb.RunOption, titles, from []string) {
	suffix := map[string]string{"apt": ".deb", "apk": ".apk", "dnf": ".rpm"}[packageManager]
	all = slices.SortedFunc(slices.Values(all), func(a, b images.PackageFile) int { return strings.Compare(a.Content.Pin, b.Content.Pin) })
	var opts options
	for n, f := range all {
		opts = append(opts, mountContent(runDir+"/package-files/"+strconv.Itoa(n)+suffix, f.Content, nil))
		titles, from = append(titles, path.Base(f.Content.Origin)), append(from, f.From)
	}
	return opts, titles, from
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
