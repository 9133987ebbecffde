// Package daemons starts the servers that tests of engines need, each for one test and on
// this machine only: Docker Engine, buildkitd, sshd.
//
// # Terms
//
// Each server comes in two forms. One takes a test: it skips the test where the server cannot
// run here, and the server ends with the test ([Docker], [Buildkitd], [SSHD]). The other is for where there is no test
// to end with, a TestMain for example ([StartDocker], [StartBuildkitd]).
//
// buildkitd and buildctl are built from the module that go.mod requires, once, into a folder
// of the user's cache ([BuildkitTools]): about a minute the first time. dockerd and sshd are what the machine has.
//
// # What is left
//
// Nothing, when a test ends. Every server runs as process 1 of a namespace of processes and in
// one of mounts, and its death is tied to the death of the process that started it: a test
// that is killed takes along the server, the containers of it and its mounts, and leaves
// folders (of dockerd: a network bridge, too).
//
// # Limits
//
// Linux and root; a test is skipped elsewhere. Containers and build steps have the host's network.
package daemons
