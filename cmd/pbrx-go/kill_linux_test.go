package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// trial is a place where commands are run that fail or are killed: what they leave is looked for
// there, and wherever else an engine could leave something.
type trial struct {
	state, layout, tmp string
}

// newTrial is a trial on a state directory, the shared one where it is empty.
func newTrial(t *testing.T, state string) *trial {
	t.Helper()
	if state == "" {
		state = sharedState()
	}
	dir := t.TempDir()
	return &trial{state: state, layout: filepath.Join(dir, "images"), tmp: filepath.Join(dir, "tmp")}
}

// command is a call whose temporary files go where they are looked for.
func (r *trial) command(t *testing.T, args ...string) command {
	t.Helper()
	if err := os.MkdirAll(r.tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	return command{args: args, state: r.state, env: []string{"TMPDIR=" + r.tmp}}
}

// leftovers names everything that a command which has ended left: processes, mounts, the lock,
// containers, cgroups, temporary files of the engine, of the layout and of the command.
func (r *trial) leftovers(t *testing.T) []string {
	t.Helper()
	left := slices.Concat(r.processes(t), r.mounts(t), r.strangers(t))
	if f, err := os.OpenFile(filepath.Join(r.state, "buildkitd.lock"), os.O_RDWR, 0); err == nil {
		if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
			left = append(left, "the lock is held: "+err.Error())
		}
		f.Close()
	}
	containers, _ := filepath.Glob("/run/runc/*/state.json")
	for _, c := range containers {
		if b, _ := os.ReadFile(c); strings.Contains(string(b), r.state) {
			left = append(left, c)
		}
	}
	real, err := filepath.EvalSymlinks(r.state)
	if err != nil {
		real = r.state // it was never made
	}
	cgroup := fmt.Sprintf("pbrx-go-%x", sha256.Sum256([]byte(real)))[:len("pbrx-go-")+12]
	for _, pattern := range []string{"/sys/fs/cgroup/" + cgroup, "/sys/fs/cgroup/*/" + cgroup} {
		if names, _ := filepath.Glob(pattern); len(names) > 0 {
			left = append(left, fmt.Sprintf("cgroup %s in %d places", cgroup, len(names)))
		}
	}
	for _, pattern := range []string{
		r.tmp + "/*",
		r.state + "/*.sock", r.state + "/tmp", r.state + "/probe", r.state + "/runc-*/executor/*", r.state + "/runc-*/cachemounts/*",
		r.state + "/runc-*/content/ingest/*", r.state + "/runc-*/snapshots/snapshots/new-*",
	} {
		names, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		left = append(left, names...)
	}
	return left
}

// processes are those that belong to the state directory: by their arguments, their environment,
// or because they live on a file system of its store, as steps do.
func (r *trial) processes(t *testing.T) []string {
	t.Helper()
	ours, err := os.Readlink("/proc/self/ns/mnt")
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	procs, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range procs { // they come and go while we look: what cannot be read is gone
		arguments, _ := os.ReadFile(p + "/cmdline")
		environment, _ := os.ReadFile(p + "/environ")
		mounts := []byte(nil)
		if theirs, err := os.Readlink(p + "/ns/mnt"); err == nil && theirs != ours {
			mounts, _ = os.ReadFile(p + "/mountinfo")
		}
		if p != fmt.Sprintf("/proc/%d", os.Getpid()) && bytes.Contains(slices.Concat(arguments, environment, mounts), []byte(r.state)) {
			words := strings.Split(string(arguments), "\x00")
			left = append(left, "process "+filepath.Base(p)+" "+strings.Join(words[:min(3, len(words))], " "))
		}
	}
	return left
}

// mounts are those of our own mount namespace that have to do with the state directory.
func (r *trial) mounts(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	var left []string
	for line := range strings.Lines(string(data)) {
		if strings.Contains(line, r.state) {
			left = append(left, "mount "+strings.TrimSpace(line))
		}
	}
	return left
}

// strangers are files of the layout that no layout has.
func (r *trial) strangers(t *testing.T) []string {
	t.Helper()
	known := regexp.MustCompile(`^(index\.json|oci-layout|blobs/sha256/[0-9a-f]{64})$`)
	var left []string
	for _, name := range filesBelow(t, r.layout) {
		if !known.MatchString(name) {
			left = append(left, filepath.Join(r.layout, name))
		}
	}
	return left
}

// filesBelow lists the files below a folder, none where there is no folder.
func filesBelow(t *testing.T, root string) []string {
	t.Helper()
	var names []string
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			names = append(names, name)
		}
		return err
	})
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return names
}

// clean waits until nothing is left, at most for limit; it returns how long that took.
func (r *trial) clean(t *testing.T, limit time.Duration) time.Duration {
	t.Helper()
	started := time.Now()
	for {
		left := r.leftovers(t)
		took := time.Since(started)
		if len(left) == 0 {
			return took
		}
		if took > limit {
			t.Fatalf("left behind after %v:\n%s", limit, strings.Join(left, "\n"))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// references are the images of a layout by name, with their digests.
func references(t *testing.T, layout string) []string {
	t.Helper()
	var all []string
	for _, d := range readLayout(t, layout).index.Manifests {
		all = append(all, d.Annotations[v1.AnnotationRefName]+"@"+d.Digest.String())
	}
	return all
}

// started is a command that is running.
type started struct {
	*exec.Cmd
	stdout, stderr bytes.Buffer
}

func (c command) start(t *testing.T) *started {
	t.Helper()
	s := &started{Cmd: c.cmd(t)}
	s.Stdout, s.Stderr = &s.stdout, &s.stderr
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.Process.Kill() // in vain, unless the test has failed
		s.Wait()
	})
	return s
}

// signalAfter sends a signal after a while and waits for the end.
func (s *started) signalAfter(wait time.Duration, signal syscall.Signal) outcome {
	time.Sleep(wait)
	s.Process.Signal(signal) // it may have ended by itself
	s.Wait()
	return outcome{stdout: s.stdout.String(), stderr: s.stderr.String(), code: s.ProcessState.ExitCode()}
}

// moments are n random moments of something that takes about so long, one in each nth part of it.
func moments(n int, whole time.Duration) []time.Duration {
	var all []time.Duration
	for i := range n {
		all = append(all, time.Duration((float64(i)+rand.Float64())*float64(whole)/float64(n)))
	}
	rand.Shuffle(n, func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

// lastStep is the name of the step that the progress named last.
func (o outcome) lastStep(t *testing.T) string {
	t.Helper()
	last := "no step yet"
	for _, match := range regexp.MustCompile(`"name":"(\[[^"]*)"`).FindAllStringSubmatch(o.stderr, -1) {
		last = match[1]
	}
	return last
}

// Builds are disturbed in one state directory, which is empty at first; whatever was done to them,
// the next one gives what an undisturbed build gave elsewhere.
func TestDisturbedBuilds(t *testing.T) {
	leafcount.build(t)
	state := filepath.Join(t.TempDir(), "state")
	for _, part := range []struct {
		name string
		test func(*testing.T, string)
	}{{"killed", testKilled}, {"signalled", testSignalled}, {"waiting", testWaiting}, {"budget", testBudget}} {
		if !t.Run(part.name, func(t *testing.T) { part.test(t, state) }) {
			return // what is left now would fail the others as well
		}
	}
}

// disturbance is a build to be disturbed after a while.
type disturbance struct {
	more []string
	wait time.Duration
}

// disturbances are n cold builds or builds of which every step runs (long), and m that find everything done.
func disturbances(n, m int) []disturbance {
	var all []disturbance
	for _, wait := range moments(n, 14*time.Second) {
		all = append(all, disturbance{more: []string{"--no-cache"}, wait: wait})
	}
	for _, wait := range moments(m, 1500*time.Millisecond) {
		all = append(all, disturbance{wait: wait})
	}
	return all
}

// disturb starts a build of leafcount and sends it a signal. A build that ended before is
// built again and disturbed earlier.
func (r *trial) disturb(t *testing.T, d disturbance, signal syscall.Signal) outcome {
	t.Helper()
	for wait := max(d.wait, 50*time.Millisecond); ; wait /= 2 {
		out := r.command(t, buildArgs(leafcount.project, testBase(t), r.layout, d.more...)...).start(t).signalAfter(wait, signal)
		if out.code != 0 {
			t.Logf("%v after %v: %s; the step that was seen last was %q", signal, wait.Round(time.Millisecond), strings.Join(d.more, " "), out.lastStep(t))
			return out
		}
		t.Logf("the build had ended within %v", wait)
		if err := os.RemoveAll(r.layout); err != nil {
			t.Fatal(err)
		}
	}
}

// buildAgain builds leafcount once more and compares it with the undisturbed build.
func (r *trial) buildAgain(t *testing.T) {
	t.Helper()
	out := r.command(t, buildArgs(leafcount.project, testBase(t), r.layout)...).succeed(t)
	checkString(t, "stdout after the disturbance", out.stdout, leafcount.out.stdout)
	if got, want := references(t, r.layout), references(t, leafcount.layout); !slices.Equal(got, want) {
		t.Errorf("after the disturbance the layout has %q, want %q", got, want)
	}
	checkBlobs(t, readLayout(t, r.layout))
	r.clean(t, 0)
}

// kill -9 of the command takes the engine, its steps, its mounts and its files with it.
func testKilled(t *testing.T, state string) {
	for i, d := range disturbances(5, 5) {
		if i == 0 {
			d.more = nil // everything runs in an empty state directory
		}
		r := newTrial(t, state)
		out := r.disturb(t, d, syscall.SIGKILL)
		atOnce := r.leftovers(t)
		later := r.clean(t, 10*time.Second)
		t.Logf("at once there were still %q; nothing was left %v later, in the layout %q", atOnce, later.Round(time.Millisecond), filesBelow(t, r.layout))
		if out.stdout != "" {
			t.Errorf("the killed command printed %q", out.stdout)
		}
		if i == 1 { // what a killed copy from another file system leaves
			write(t, filepath.Join(r.layout, ".incoming-1"), "half")
			write(t, filepath.Join(r.layout, "blobs/sha256/.incoming-2"), "half")
		}
		r.buildAgain(t)
		if t.Failed() {
			return
		}
	}
}

// Ctrl-C and SIGTERM end a build with the documented status, and nothing is half done.
func testSignalled(t *testing.T, state string) {
	for i, d := range disturbances(3, 4) {
		signal, code, word := syscall.SIGINT, 130, "interrupted"
		if i%2 == 1 {
			signal, code, word = syscall.SIGTERM, 143, "terminated"
		}
		r := newTrial(t, state)
		out := r.disturb(t, d, signal)
		if out.code != code || out.stdout != "" {
			t.Errorf("%v: status %d, want %d; stdout %q", signal, out.code, code, out.stdout)
		}
		said := regexp.MustCompile(`(?m)^error: (starting the build engine: )?` + word + `: nothing was named\n\z`)
		if !said.MatchString(out.stderr) || strings.Count(out.stderr, "error: ") != 1 {
			t.Errorf("stderr does not end with one line that says so:\n%s", tail(out.stderr))
		}
		if left := r.leftovers(t); len(left) > 0 {
			t.Errorf("%v left %q", signal, left)
		}
		if _, err := os.Lstat(r.layout); !os.IsNotExist(err) {
			t.Errorf("%v left in the layout %q", signal, filesBelow(t, r.layout))
		}
		if t.Failed() {
			return
		}
	}
	newTrial(t, state).buildAgain(t)
}

// A second build waits for the first and says for whom.
func testWaiting(t *testing.T, state string) {
	r := newTrial(t, state)
	args := buildArgs(leafcount.project, testBase(t), r.layout)
	first := r.command(t, args...).start(t)
	holder := fmt.Sprintf(`"pid":%d`, first.Process.Pid)
	await(t, "the first build to hold the lock", func() bool {
		data, _ := os.ReadFile(filepath.Join(state, "buildkitd.lock"))
		return strings.Contains(string(data), holder)
	})
	if err := first.Process.Signal(syscall.SIGSTOP); err != nil { // or it may have ended before the second has begun
		t.Fatal(err)
	}
	second := r.command(t, args...)
	lines := filepath.Join(t.TempDir(), "stderr")
	stderr, err := os.Create(lines)
	if err != nil {
		t.Fatal(err)
	}
	defer stderr.Close()
	cmd := second.cmd(t)
	var stdout bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		first.Process.Signal(syscall.SIGCONT)
		cmd.Process.Kill()
		cmd.Wait()
	})
	want := regexp.MustCompile(fmt.Sprintf(`(?m)^waiting for pbrx-go build-images %s \(process %d, since \d\d:\d\d:\d\d\), which uses %s$`,
		regexp.QuoteMeta(leafcount.project), first.Process.Pid, regexp.QuoteMeta(state)))
	await(t, "the second build to say that it waits", func() bool {
		data, err := os.ReadFile(lines)
		if err != nil {
			t.Fatal(err)
		}
		return want.Match(data)
	})
	if err := first.Process.Signal(syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	if err := first.Wait(); err != nil {
		t.Fatalf("the first build: %v\n%s", err, tail(first.stderr.String()))
	}
	if err := cmd.Wait(); err != nil {
		data, _ := os.ReadFile(lines)
		t.Fatalf("the second build: %v\n%s", err, tail(string(data)))
	}
	checkString(t, "stdout of the first build", first.stdout.String(), leafcount.out.stdout)
	checkString(t, "stdout of the second build", stdout.String(), leafcount.out.stdout)
	r.clean(t, 0)
}

// await waits until something is so; what takes minutes never will be.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	for range 1200 {
		if is() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("in vain waited for %s", what)
}

// The store comes down to its budget without being asked to.
func testBudget(t *testing.T, state string) {
	r := newTrial(t, state)
	r.buildAgain(t)
	before := diskUsage(t, state)
	c := r.command(t, buildArgs(leafcount.project, testBase(t), r.layout)...)
	c.env = append(c.env, "PBRX_GO_CACHE_BUDGET=10MB")
	checkString(t, "stdout of a build with a small store", c.succeed(t).stdout, leafcount.out.stdout)
	after := diskUsage(t, state)
	t.Logf("the store had %d MB, and %d MB after a build that may keep 10 MB", before>>20, after>>20)
	if after > before/4 {
		t.Errorf("the store has %d of %d bytes left", after, before)
	}
	r.clean(t, 0)
}

// diskUsage is what the files below a folder take on the disk.
func diskUsage(t *testing.T, root string) int64 {
	t.Helper()
	var total int64
	for _, name := range filesBelow(t, root) {
		info, err := os.Lstat(filepath.Join(root, name))
		if err != nil {
			t.Fatal(err)
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			total += st.Blocks * 512 / int64(st.Nlink) // what has several names counts once
		}
	}
	return total
}
