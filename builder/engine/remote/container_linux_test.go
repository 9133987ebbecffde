package remote_test

import (
	"archive/tar"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest/daemons"
	"github.com/pbrx-go/pbrx-go/builder/engine/remote"
)

// A buildkitd in a container of a Docker Engine. Its image is empty folders: programs are the host's own,
// mounted.
func TestDockerContainer(t *testing.T) {
	if _, err := exec.LookPath("docker"); err != nil {
		t.Skip("docker-container: " + err.Error())
	}
	t.Setenv("DOCKER_HOST", daemons.Docker(t, daemons.DockerOptions{}))
	t.Setenv("DOCKER_CONTEXT", "")
	t.Setenv("DOCKER_CONFIG", t.TempDir())
	// docker's releases begin it differently.
	mustNotOpenEnding(t, "docker-container://buildkitd", "No such container: buildkitd (exit status 1): see `docker ps`: is it running, with buildkitd and buildctl in it?")

	image, mounts := hostImage(t)
	run(t.Context(), t, image, "docker", "import", "--change", "ENV PATH=/tools:/usr/sbin:/usr/bin", "-", "buildkitd")
	// What --privileged is needed for. It wants every capability there is, and a virtual machine may have given some away.
	argv := append([]string{"run", "--detach", "--name", "buildkitd", "--network", "none",
		"--cap-add", "SYS_ADMIN", "--cap-add", "NET_ADMIN", "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined", "--security-opt", "systempaths=unconfined",
		"--volume", "/sys/fs/cgroup:/sys/fs/cgroup", "--volume", "/var/lib/buildkit", "--volume", tools(t) + ":/tools:ro"}, mounts...)
	run(t.Context(), t, nil, "docker", append(argv, "buildkitd", "buildkitd", "--oci-worker-net=host", "--containerd-worker=false")...)
	t.Cleanup(func() {
		if t.Failed() {
			out, err := exec.Command("docker", "logs", "buildkitd").CombinedOutput()
			t.Logf("docker logs: %v\n%s", err, out)
		}
	})
	waitForSocket(t)
	mustBuild(t, open(t, "docker-container://buildkitd", remote.Options{}))
}

// hostImage is a root file system for the host's /usr, and how that and what links to it are mounted.
func hostImage(t *testing.T) (tarball *bytes.Buffer, mounts []string) {
	t.Helper()
	tarball = &bytes.Buffer{}
	w := tar.NewWriter(tarball)
	add := func(h tar.Header) {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"dev", "etc", "proc", "run", "sys", "tmp", "tools", "var"} {
		add(tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755})
	}
	for _, dir := range []string{"usr", "bin", "sbin", "lib", "lib32", "lib64"} {
		switch to, err := os.Readlink("/" + dir); {
		case err == nil: // into /usr, on most systems of today
			add(tar.Header{Typeflag: tar.TypeSymlink, Name: dir, Linkname: to})
		case !os.IsNotExist(err):
			add(tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755})
			mounts = append(mounts, "--volume", filepath.Join("/", dir)+":/"+dir+":ro")
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return tarball, mounts
}

// waitForSocket waits until the daemon in the container listens.
func waitForSocket(t *testing.T) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); ; time.Sleep(50 * time.Millisecond) {
		err := exec.Command("docker", "exec", "buildkitd", "test", "-S", "/run/buildkit/buildkitd.sock").Run()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatalf("buildkitd does not listen: %v", err)
		}
	}
}
