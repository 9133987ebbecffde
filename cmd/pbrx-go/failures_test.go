//go:build linux

package main

import (
	"archive/tar"
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// failure is a build that fails, and what users are to see of it.
type failure struct {
	project string
	// base is the base image, the test base where it is empty; args are more arguments.
	base  string
	args  []string
	env   []string
	state string
	// code is the exit code, errors what stands behind "error: ", one or more lines. WORK, DISTRO, PORT
	// and TEMP stand for what is another each time.
	code   int
	errors []string
	// log are lines that must be among those of the failed step; none: no log is shown.
	log []string
}

// remedies are the ways out that every base that cannot be had ends with.
const remedies = ": name another with --base or PBRX_GO_BASE (docker://NAME, oci:DIR[:REF], rootfs:FILE|DIR), or see `pbrx-go doctor`"

// What is the project's to mend ends in status 1 or 2, what is not in status 3. Each is one
// clear line, and nothing is left of the build.
func TestFailures(t *testing.T) {
	base := testBase(t)
	work := t.TempDir()
	for name, f := range map[string]failure{
		"package that does not exist": {project: "broken-package", code: 1, errors: []string{
			`bindep.txt:3:1: DISTRO has no package "no-such-package-anywhere": correct the name, or limit the line to the platforms that have it, as in [platform:…]`}},
		"wheel that does not compile": {project: "broken-wheel", code: 1,
			errors: []string{"building [project] wheel: building the wheel: Backend subprocess exited when trying to invoke build_wheel"},
			log:    []string{"_broken.c:3:14: error: expected", "return 42 /* the semicolon is missing */"}},
		"dependency that does not exist": {project: missingDependency(t, work), code: 1,
			errors: []string{"building [dependencies] resolve: No matching distribution found for no-such-distribution-anywhere>=1: asked for by pyproject.toml:8:17"},
			log:    []string{"Could not find a version that satisfies the requirement no-such-distribution-anywhere>=1"}},
		"wheel that contradicts the project": {project: "broken-promise", code: 1, errors: []string{
			`pyproject.toml:7:1: the project is called "broken-promise" here, but the wheel's METADATA:2:1 says "kept-promise", find out what the build backend reads instead`,
			`pyproject.toml:9:17: the requirement "packaging" is declared here, but the wheel's METADATA has no such Requires-Dist, find out what the build backend reads instead`,
			`pyproject.toml:11:1: console script "kept-promise" of the wheel's entry_points.txt:2:1 is not declared here, find out what the build backend reads instead`,
			`pyproject.toml:12:1: console script "broken-promise" is declared here, but the wheel's entry_points.txt has no such script, find out what the build backend reads instead`}},
		"wheel whose scripts would be one image": {project: toldByWheel(t, work, "one-image", "[console_scripts]\nbell = m:f\nBell = m:f\n"), code: 2, errors: []string{
			`entry_points.txt:3:1: "Bell" would be the image bell, which entry_points.txt:2:1 "bell" is already: rename one of them`}},
		"wheel with hostile names": {project: toldByWheel(t, work, "hostile", "[console_scripts]\n../../evil = m:f\n$(x) = m:f\n"), code: 1, errors: []string{
			`entry_points.txt:2:1: "../../evil" in console_scripts cannot be the name of a command, use ASCII letters, digits, ".", "_", "+" and "-", a letter or digit first`,
			`entry_points.txt:3:1: "$(x)" in console_scripts cannot be the name of a command, use ASCII letters, digits, ".", "_", "+" and "-", a letter or digit first`}},
		"package index that refuses": {project: "broken-promise", code: 3, args: []string{"--no-cache"},
			env:    []string{"PIP_INDEX_URL=http://127.0.0.1:" + deadPort(t) + "/simple", "PIP_RETRIES=1", "PIP_CONFIG_FILE=" + os.DevNull},
			errors: []string{"building [python] tools: pip, build: No matching distribution found for build: the network or a disk failed meanwhile: mend that, or run again"},
			log:    []string{"Failed to establish a new connection"}},

		"state below a file": {project: "leafcount", state: emptyFile(t, work) + "/state", code: 3,
			errors: []string{"making the engine's state directory: mkdir WORK/file: not a directory: name another with PBRX_GO_STATE"}},
		"state that cannot be written": {project: "leafcount", state: smallDisk(t, "ro") + "/state", code: 3,
			errors: []string{"making the engine's state directory: mkdir TEMP/state: read-only file system: name another with PBRX_GO_STATE"}},
		"state on a full disk": {project: "leafcount", state: smallDisk(t, "size=8m") + "/state", code: 3,
			errors: []string{"reading the base image " + base + ": unpacking it: ResourceExhausted: failed to copy: write TEMP/data: no space left on device: make room on that disk, as with `pbrx-go cache prune`, or set PBRX_GO_STATE to a folder on another one"}},
	} {
		t.Run(name, func(t *testing.T) { f.check(t, base, work) })
	}
}

// A base that cannot be had is known within 15 seconds, with the ways out.
func TestBaseCannotBeHad(t *testing.T) {
	given(t, "PBRX_GO_TEST_BASE") // an engine is needed, and is where there is a base
	work := t.TempDir()
	refused := ": dial tcp 127.0.0.1:PORT: connect: connection refused"
	for name, f := range map[string]failure{
		"the default, out of reach": {base: "default", env: []string{"HTTPS_PROXY=http://127.0.0.1:" + deadPort(t), "https_proxy", "NO_PROXY", "no_proxy"},
			errors: []string{`reading the base image docker://python:alpine: failed to do request: Head "https://registry-1.docker.io/v2/library/python/manifests/alpine": proxyconnect tcp` + refused + remedies}},
		"a registry that refuses": {base: "docker://127.0.0.1:" + deadPort(t) + "/python:3",
			errors: []string{`reading the base image docker://127.0.0.1:PORT/python:3: failed to do request: Head "https://127.0.0.1:PORT/v2/python/manifests/3"` + refused + remedies}},
		"a registry that never answers": {base: "docker://" + silentPort(t) + "/python:3",
			errors: []string{"reading the base image docker://127.0.0.1:PORT/python:3: no answer within 12s" + remedies}},
		"no file": {base: "rootfs:" + work + "/none.tar",
			errors: []string{"reading the base image rootfs:WORK/none.tar: reading the root file system: stat WORK/none.tar: no such file or directory" + remedies}},
		"no layout": {base: "oci:" + work + "/none",
			errors: []string{"reading the base image oci:WORK/none: WORK/none is no OCI layout: it has no index.json: file does not exist" + remedies}},
		"no tarball": {base: "rootfs:" + emptyFile(t, work),
			errors: []string{"reading the base image rootfs:WORK/file: reading the root file system WORK/file: it is no tarball (bare, gzip, zstd, xz or bzip2) and no folder" + remedies}},
		"half a tarball": {base: "rootfs:" + smallTar(t, work, true),
			errors: []string{"reading the base image rootfs:WORK/half.tar: unpacking it: mount callback failed on TEMP: unexpected EOF" + remedies}},
		"no Python": {base: "rootfs:" + smallTar(t, work, false),
			errors: []string{"reading the base image rootfs:WORK/whole.tar: it has no Python on its PATH, and none of apt, apk, dnf and microdnf to install one with" + remedies}},
	} {
		t.Run(name, func(t *testing.T) {
			f.project, f.code = "leafcount", 3
			if took := f.check(t, "", work).took; took > 15*time.Second {
				t.Errorf("it took %v to say so", took)
			}
		})
	}
}

// check runs the build, compares everything that it says and leaves, and returns what it was.
func (f failure) check(t *testing.T, base, work string) outcome {
	t.Helper()
	binary(t) // which is not part of the build
	r := newTrial(t, f.state)
	args := []string{"build-images", f.project, "--output", "oci:" + r.layout, "--init-path", "none", "--progress", "quiet"}
	if !filepath.IsAbs(f.project) {
		args[1] = filepath.Join(repository(t), "testdata/projects", f.project)
	}
	if f.base != "" {
		base = f.base
	}
	if base != "default" {
		args = append(args, "--base", base)
	}
	c := r.command(t, append(args, f.args...)...)
	c.env = append(c.env, f.env...)
	out := c.run(t)

	if out.code != f.code {
		t.Errorf("status %d, want %d", out.code, f.code)
	}
	if out.stdout != "" {
		t.Errorf("stdout is %q", out.stdout)
	}
	var errors, log []string
	for line := range strings.Lines(out.stderr) {
		line = strings.TrimSuffix(line, "\n")
		if text, ok := strings.CutPrefix(line, "error: "); ok {
			errors = append(errors, masked(text, work))
		} else if text, ok := strings.CutPrefix(line, "  | "); ok && len(errors) == 0 { // the last word is the error's
			log = append(log, text)
		} else if !strings.HasPrefix(line, "engine: embedded") && !strings.HasPrefix(line, "sent: ") {
			t.Errorf("stderr has the line %q", line)
		}
	}
	if !slices.Equal(errors, f.errors) {
		t.Errorf("the errors are\n%s\nwant\n%s", strings.Join(errors, "\n"), strings.Join(f.errors, "\n"))
	}
	for _, line := range f.log {
		if !slices.ContainsFunc(log, func(l string) bool { return strings.Contains(l, line) }) {
			t.Errorf("the log of the step lacks %q:\n%s", line, strings.Join(log, "\n"))
		}
	}
	if len(log) > 15 || len(f.log) == 0 && len(log) > 0 {
		t.Errorf("%d lines of log are shown:\n%s", len(log), strings.Join(log, "\n"))
	}
	if _, err := os.Lstat(r.layout); !os.IsNotExist(err) {
		t.Errorf("a layout was begun: %q (%v)", filesBelow(t, r.layout), err)
	}
	if left := r.leftovers(t); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	return out
}

// masked puts words in place of what is another on every machine or in every run.
func masked(line, work string) string {
	line = strings.ReplaceAll(line, work, "WORK")
	for _, m := range [][2]string{
		{`\b(debian|ubuntu)-[\d.]+`, "DISTRO"}, {`127\.0\.0\.1:\d+`, "127.0.0.1:PORT"},
		{`/run/runc/pbrx-go-tmp/containerd-mount\d+`, "TEMP"}, {`/\S+/state/runc-\w+/content/ingest/[0-9a-f]{64}`, "TEMP"},
		{`/\S*/smalldisk\d*`, "TEMP"},
	} {
		line = regexp.MustCompile(m[0]).ReplaceAllString(line, m[1])
	}
	return line
}

// missingDependency is a project that needs a distribution that no index has.
func missingDependency(t *testing.T, work string) string {
	t.Helper()
	dir := filepath.Join(work, "missing-dependency")
	write(t, filepath.Join(dir, "pyproject.toml"), `[build-system]
requires = ["setuptools>=64"]
build-backend = "setuptools.build_meta"

[project]
name = "missing-dependency"
version = "1.0"
dependencies = ["no-such-distribution-anywhere>=1"]
scripts.missing-dependency = "missing_dependency:main"
`)
	write(t, filepath.Join(dir, "missing_dependency.py"), "def main():\n    pass\n")
	return dir
}

// toldByWheel is a project that says nothing of its scripts; broken-promise's backend, which lies in it, puts these
// entry points into the wheel.
func toldByWheel(t *testing.T, work, name, entryPoints string) string {
	t.Helper()
	dir := filepath.Join(work, name)
	copyProject(t, "broken-promise", dir)
	edit(t, filepath.Join(dir, "pyproject.toml"), `name = "broken-promise"
version = "1.0"
dependencies = ["packaging"]

[project.scripts]
broken-promise = "broken_promise:main"
`, `name = "kept-promise"
version = "1.0"
dynamic = ["scripts", "dependencies"]
`)
	edit(t, filepath.Join(dir, "backend.py"), "[console_scripts]\nkept-promise = broken_promise:main\n", entryPoints)
	return dir
}

func emptyFile(t *testing.T, work string) string {
	t.Helper()
	name := filepath.Join(work, "file")
	write(t, name, "")
	return name
}

// smallTar is a root file system without Python, or the first half of it.
func smallTar(t *testing.T, work string, half bool) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	release := "ID=debian\nVERSION_ID=12\n"
	for _, h := range []*tar.Header{
		{Name: "etc/", Typeflag: tar.TypeDir, Mode: 0o755},
		{Name: "etc/os-release", Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(release))},
		{Name: "usr/", Typeflag: tar.TypeDir, Mode: 0o755},
		{Name: "usr/large", Typeflag: tar.TypeReg, Mode: 0o644, Size: 100_000},
	} {
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		content := release
		if h.Size != int64(len(release)) {
			content = strings.Repeat("x", int(h.Size))
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := io.WriteString(w, content); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	name, data := "whole.tar", b.String()
	if half {
		name, data = "half.tar", data[:len(data)/2]
	}
	name = filepath.Join(work, name)
	write(t, name, data)
	return name
}

// smallDisk is a file system of a few megabytes.
func smallDisk(t *testing.T, option string) string {
	t.Helper()
	dir, err := os.MkdirTemp(t.TempDir(), "smalldisk")
	if err != nil {
		t.Fatal(err)
	}
	flags, data := uintptr(0), option
	if option == "ro" {
		flags, data = syscall.MS_RDONLY, ""
	}
	if err := syscall.Mount("pbrx-go-test", dir, "tmpfs", flags, data); err != nil {
		t.Fatalf("mounting a small disk: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Errorf("unmounting the small disk: %v", err)
		}
	})
	return dir
}

// deadPort is a port of this machine on which nobody listens.
func deadPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// silentPort is the address of somebody who takes every call and says nothing.
func silentPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l.Addr().String() // the kernel takes the calls
}
