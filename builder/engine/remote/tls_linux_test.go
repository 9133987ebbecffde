package remote_test

import (
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest/daemons"
	"github.com/pbrx-go/pbrx-go/builder/engine/remote"
)

func TestMutualTLS(t *testing.T) {
	ca, stranger := daemons.NewCA(t), daemons.NewCA(t)
	address := daemons.Buildkitd(t, daemons.BuildkitdOptions{TLSDir: ca.Server(t, "127.0.0.1")})

	t.Run("a client of the same CA builds", func(t *testing.T) {
		mustBuild(t, open(t, address, remote.Options{TLSDir: ca.Client(t)}))
	})
	t.Run("a client with a certificate of another CA is refused", func(t *testing.T) {
		dir := daemons.Mixed(t, ca, stranger)
		// The server says it after the handshake: what we have sent by then must not drown it.
		for range 20 {
			mustNotOpen(t, address, remote.Options{TLSDir: dir},
				"it refuses our certificate: tls: unknown certificate authority: put a certificate of a CA that it trusts into cert.pem and key.pem of the folder of --engine-tls")
		}
	})
	t.Run("a client without TLS is refused", func(t *testing.T) {
		mustNotOpen(t, address, remote.Options{}, "it hangs up: it may want TLS: give --engine-tls DIR with ca.pem, cert.pem and key.pem")
	})
	t.Run("a server of another CA is refused", func(t *testing.T) {
		mustNotOpen(t, address, remote.Options{TLSDir: stranger.Client(t)},
			`its certificate was issued by "test CA", which is not in ca.pem: put the CA of the server into ca.pem of the folder of --engine-tls`)
	})
	t.Run("a server of another name is refused", func(t *testing.T) {
		address := daemons.Buildkitd(t, daemons.BuildkitdOptions{TLSDir: ca.Server(t, "buildkit.example.org")})
		mustNotOpen(t, address, remote.Options{TLSDir: ca.Client(t)},
			"tls: failed to verify certificate: x509: cannot validate certificate for 127.0.0.1 because it doesn't contain any IP SANs: use a name that its certificate has, or have the certificate renewed")
	})
	t.Run("a server without TLS is refused", func(t *testing.T) {
		address := daemons.Buildkitd(t, daemons.BuildkitdOptions{TCP: true})
		mustBuild(t, open(t, address, remote.Options{}))
		mustNotOpen(t, address, remote.Options{TLSDir: ca.Client(t)}, "it does not speak TLS: leave out --engine-tls, or have buildkitd started with TLS")
	})
}
