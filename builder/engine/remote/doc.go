// Package remote opens a buildkitd that runs somewhere: on this machine, on another, in a container.
//
// # Addresses
//
//	unix://PATH                                 a socket of this machine
//	tcp://HOST:PORT                             with TLS on both sides where Options.TLSDir says so, else in plain text
//	ssh://[USER@]HOST[:PORT][/SOCKET]           runs buildctl dial-stdio there, by this machine's ssh
//	docker-container://NAME[?context=C]         runs it in a container: docker exec
//	podman-container://NAME                     podman exec
//	nerdctl-container://NAME[?namespace=N]      nerdctl exec
//	kube-pod://POD[?context=C&namespace=N&container=N]   kubectl exec
//	npipe:////./pipe/NAME                       a named pipe, on Windows only
//
// All but unix and tcp run a program, and are BuildKit's own (client/connhelper): they mean
// what buildctl and buildx mean by them. What becomes an argument of that program is checked
// first ([Check]); ssh hands it to a shell on the other side, so it may hold harmless characters only.
//
// Opening is dialling and asking: an engine that was opened has answered and has a worker.
// Everything that can go wrong then is an [Unavailable].
//
// # Limits
//
// podman-container, nerdctl-container, kube-pod and npipe are compiled in and were never tried.
// ssh has no terminal to ask at: it needs a key without a passphrase, or an agent. tcp goes straight to the
// host, past the proxies that the environment names. Passwords are refused in every address, and masked in messages.
package remote
