// Package embedded is the engine in the box: BuildKit served by our own binary,
// with no daemon to install and none left behind.
//
// # Terms
//
// The command is the process a user started (pbrx-go build-images). The child is
// the same binary started once more by [Open]; it serves BuildKit's control API
// on a unix socket and runs the build steps through runc. The command is its
// ordinary BuildKit client and never enters a namespace itself, so credential
// helpers, agents and output files work as they do everywhere else. The state
// directory holds the layer store, the socket, the lock and the engine's log.
//
// # What is left when the command ends
//
// Nothing but the state directory's store and log, however the command ends. The child is
// process 1 of a PID namespace and has its own mount namespace, so whatever it
// started or mounted ends with it. It watches a pipe that the command holds: at
// its end (kill -9 closes it too) the child stops the solves, kills the steps,
// removes cgroups and socket, and exits. Mount points, runc's state and
// temporary files lie on tmpfs mounts of that mount namespace and need no sweeping. What
// a killed child could still leave (socket, cgroups, half downloads) is
// swept by the command, or by the next one under the lock.
//
// # The lock
//
// One engine at a time uses a state directory: buildkitd.lock is held by flock,
// the file name is buildkitd's own so that both respect each other. The lock is
// taken by the command and inherited by the child, so it is free only when both
// are gone.
//
// # Limits
//
// Linux only; root with CAP_SYS_ADMIN and runc 1.0 or newer on PATH. Steps use
// the host's network. No frontends are registered: what is solved is LLB.
// A machine without a writable cgroup file system runs steps without cgroups,
// one without a working overlayfs copies layers. /run must be writable: runc's
// state directory is made there, and is a private tmpfs to the child.
package embedded
