package main

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	container "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/pbrx-go/pbrx-go/builder/engine/enginetest/daemons"
)

// Registries here are go-containerregistry's, on a port of the loopback interface. No test reaches another one.

const (
	registryUser     = "keeper"
	registryPassword = "s3cret-of-the-registry"
)

// testRegistry is a registry of a test.
type testRegistry struct {
	host string // ADDRESS:PORT
	// caFile is the CA of its certificate, empty where it speaks plain HTTP; user is empty where it lets everybody in.
	caFile, user string
	seen         *requests
	transport    http.RoundTripper

	mu sync.Mutex
	// instead answers in its place when it returns true.
	instead func(http.ResponseWriter, *http.Request) bool
}

// registryKind is how a registry is reached.
type registryKind struct {
	tls    bool // with a CA that nobody trusts yet
	locked bool // for those who know the password
	// ip is where it listens, on loopback where it is empty.
	ip string
}

func newRegistry(t *testing.T, kind registryKind) *testRegistry {
	t.Helper()
	r := &testRegistry{seen: &requests{}, transport: http.DefaultTransport}
	inner := registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithBlobHandler(registry.NewDiskBlobHandler(t.TempDir())))
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		if user, password, _ := req.BasicAuth(); r.user != "" && (user != r.user || password != registryPassword) {
			r.seen.add("refused " + req.Method + " " + req.URL.Path)
			w.Header().Set("WWW-Authenticate", `Basic realm="e2e"`)
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprintln(w, `{"errors":[{"code":"UNAUTHORIZED","message":"who are you"}]}`)
			return
		}
		r.seen.add(req.Method + " " + req.URL.Path)
		r.mu.Lock()
		instead := r.instead
		r.mu.Unlock()
		if instead == nil || !instead(w, req) {
			inner.ServeHTTP(w, req)
		}
	}))
	if kind.ip == "" {
		kind.ip = "127.0.0.1"
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(kind.ip, "0"))
	if err != nil {
		t.Fatal(err)
	}
	server.Listener.Close()
	server.Listener = listener
	server.Config.ErrorLog = log.New(io.Discard, "", 0) // of clients that do not trust it
	if kind.locked {
		r.user = registryUser
	}
	if kind.tls {
		certs := daemons.NewCA(t).Server(t, kind.ip)
		pair, err := tls.LoadX509KeyPair(certs+"/cert.pem", certs+"/key.pem")
		if err != nil {
			t.Fatal(err)
		}
		r.caFile = certs + "/ca.pem"
		pool := x509.NewCertPool()
		pool.AppendCertsFromPEM([]byte(readFile(t, r.caFile)))
		r.transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}}
		server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
		server.StartTLS()
	} else {
		server.Start()
	}
	t.Cleanup(server.Close)
	r.host = server.Listener.Addr().String()
	return r
}

// breaks lets a function answer requests instead of the registry; nil ends that.
func (r *testRegistry) breaks(instead func(http.ResponseWriter, *http.Request) bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.instead = instead
}

// env is the environment of a user who is logged in with a password, and has put the CA where docker and
// podman look.
func (r *testRegistry) env(t *testing.T, password string) []string {
	t.Helper()
	dir := t.TempDir()
	config := map[string]any{}
	if password != "" {
		config["auths"] = map[string]any{r.host: map[string]string{"auth": base64.StdEncoding.EncodeToString([]byte(registryUser + ":" + password))}}
	}
	write(t, dir+"/docker/config.json", asJSON(t, config))
	if r.caFile != "" {
		write(t, dir+"/config/containers/certs.d/"+r.host+"/ca.crt", readFile(t, r.caFile))
	}
	return []string{"DOCKER_CONFIG=" + dir + "/docker", "XDG_CONFIG_HOME=" + dir + "/config"}
}

// options are those of a client that knows everything.
func (r *testRegistry) options() []remote.Option {
	return []remote.Option{remote.WithTransport(r.transport), remote.WithAuth(&authn.Basic{Username: r.user, Password: registryPassword})}
}

// has are the tags of a repository, with their digests.
func (r *testRegistry) has(t *testing.T, repository string) []string {
	t.Helper()
	repo, err := name.NewRepository(r.host + "/" + repository)
	if err != nil {
		t.Fatal(err)
	}
	tags, err := remote.List(repo, r.options()...)
	if err != nil {
		return nil // no tag was ever written
	}
	var all []string
	for _, tag := range tags {
		desc, err := remote.Get(repo.Tag(tag), r.options()...)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, repository+":"+tag+"@"+desc.Digest.String())
	}
	return all
}

// put writes an image of a layout into the registry, by go-containerregistry's own way.
func (r *testRegistry) put(t *testing.T, img ociImage, as string) {
	t.Helper()
	r.write(t, imageOf(t, img), as)
}

// putLowest writes an image that has the lowest layer of one in a layout, which no engine compressed, and returns its
// digest: Docker 20.10 unpacks no zstd.
func (r *testRegistry) putLowest(t *testing.T, img ociImage, as string) string {
	t.Helper()
	layers, err := imageOf(t, img).Layers()
	if err != nil {
		t.Fatal(err)
	}
	image, err := mutate.AppendLayers(mutate.MediaType(empty.Image, types.OCIManifestSchema1), layers[0])
	if err != nil {
		t.Fatal(err)
	}
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	file.OS, file.Architecture, file.Config.Env = img.config.OS, img.config.Architecture, img.config.Config.Env
	if image, err = mutate.ConfigFile(image, file); err != nil {
		t.Fatal(err)
	}
	r.write(t, image, as)
	digest, err := image.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}

func imageOf(t *testing.T, img ociImage) container.Image {
	t.Helper()
	from, err := layout.FromPath(img.layout.dir)
	if err != nil {
		t.Fatal(err)
	}
	hash, err := container.NewHash(img.descriptor.Digest.String())
	if err != nil {
		t.Fatal(err)
	}
	image, err := from.Image(hash)
	if err != nil {
		t.Fatal(err)
	}
	return image
}

func (r *testRegistry) write(t *testing.T, image container.Image, as string) {
	t.Helper()
	ref, err := name.ParseReference(r.host + "/" + as)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Write(ref, image, r.options()...); err != nil {
		t.Fatal(err)
	}
}

// registryConfig is what a buildkitd has to be told of a registry.
func registryConfig(r *testRegistry) string {
	if r.caFile == "" {
		return ""
	}
	// On loopback it would not speak TLS by itself.
	return fmt.Sprintf("[registry.%q]\n  http = false\n  ca = [%q]\n", r.host, r.caFile)
}

// A base in a registry by tag and by digest on every engine, behind a password, a private CA, both or none.
func TestRegistryBases(t *testing.T) {
	pebbles.build(t)
	host := dockerHost(t)
	guarded, locked, open := newRegistry(t, registryKind{tls: true, locked: true}), newRegistry(t, registryKind{locked: true}), newRegistry(t, registryKind{})
	base := pebbles.image(t)
	for _, r := range []*testRegistry{guarded, locked, open} {
		r.put(t, base, "team/base:0.5")
	}
	before := dockerImages(t, host)
	for name, b := range map[string]registryBuild{
		"embedded":  {engine: "embedded", from: guarded, others: []*testRegistry{locked, open}},
		"buildkitd": {engine: daemons.Buildkitd(t, daemons.BuildkitdOptions{Config: registryConfig(guarded)}), from: guarded, others: []*testRegistry{locked, open}},
		// It speaks plain HTTP on loopback, whatever certificates it is given.
		"docker": {engine: "docker", from: locked, others: []*testRegistry{open}},
	} {
		t.Run(name, func(t *testing.T) {
			unnameAfter(t, host, "shells/")
			b.host, b.project, b.output = host, shell(t), "docker-daemon:"
			layers := func() []string { return inDocker(t, host, "shells/shell:latest").RootFS.Layers }
			if b.engine != "docker" {
				dir := filepath.Join(t.TempDir(), "layout")
				b.output = "oci:" + dir
				layers = func() (all []string) {
					for _, d := range readLayout(t, dir).image(t, "shells/shell:latest").config.RootFS.DiffIDs {
						all = append(all, d.String())
					}
					return all
				}
			}
			out := b.command(t, b.from, registryPassword, "base:0.5").succeed(t)
			checkSecret(t, out)
			var doc document
			if err := json.Unmarshal([]byte(out.stdout), &doc); err != nil {
				t.Fatal(err)
			}
			digest := base.descriptor.Digest.String()
			checkString(t, "the base", doc.Base.Ref+" "+doc.Base.Digest, "docker://"+b.from.host+"/team/base:0.5 "+digest)
			checkOnTop(t, layers(), base.config)
			for _, r := range append(b.others, b.from) {
				planned := b.command(t, r, registryPassword, "base@"+digest, "--dry-run").succeed(t)
				if !strings.Contains(planned.stdout, digest) {
					t.Errorf("the plan on a base by digest is %s", planned.stdout)
				}
			}
			b.checkRefusals(t, newRegistry(t, registryKind{tls: true}))
		})
	}
	checkNames(t, dockerImages(t, host), before...)
}

// registryBuild is a build on a base in a registry.
type registryBuild struct {
	engine                string
	host, project, output string
	from                  *testRegistry
	others                []*testRegistry
}

func (b registryBuild) command(t *testing.T, r *testRegistry, password, ref string, args ...string) command {
	t.Helper()
	c := outputsOf(b.engine, b.project, "shells", b.output)
	c.args = slices.Concat(c.args, []string{"--base", "docker://" + r.host + "/team/" + ref, "--format", "json"}, args)
	c.env = append(r.env(t, password), "DOCKER_HOST="+b.host)
	return c
}

// checkRefusals are the bases that cannot be had; nobody knows the CA of stranger.
func (b registryBuild) checkRefusals(t *testing.T, stranger *testRegistry) {
	t.Helper()
	unauthorized := "unexpected status from HEAD request to SCHEME://REGISTRY/v2/team/base/manifests/0.5: 401 Unauthorized"
	unknown := `failed to do request: Head "https://REGISTRY/v2/team/base/manifests/0.5": tls: failed to verify certificate: x509: certificate signed by unknown authority`
	if b.engine == "docker" {
		unauthorized = "pulling from host REGISTRY failed with status code [manifests 0.5]: 401 Unauthorized"
		unknown = "pulling from host REGISTRY failed with status code [manifests 0.5]: 400 Bad Request"
	} else if b.engine != "embedded" {
		unknown = "unexpected status from HEAD request to SCHEME://REGISTRY/v2/team/base/manifests/0.5: 400 Bad Request"
	}
	none := "base@sha256:" + strings.Repeat("0", 64)
	for _, c := range []struct {
		what, password, ref string
		r                   *testRegistry
		says                string
	}{
		{"a wrong password", "wr0ng-password", "base:0.5", b.from, unauthorized},
		{"no password", "", "base:0.5", b.from, unauthorized},
		{"no such tag", registryPassword, "base:0.6", b.from, "REGISTRY/team/base:0.6: not found"},
		{"no such digest", registryPassword, none, b.from, "REGISTRY/team/" + none + ": not found"},
		{"an unknown CA", registryPassword, "base:0.5", stranger, unknown},
	} {
		build := b.command(t, c.r, c.password, c.ref)
		if c.r == stranger {
			build.env = append(build.env, "XDG_CONFIG_HOME="+t.TempDir())
		}
		out := build.run(t)
		checkSecret(t, out)
		if out.code != 3 || out.stdout != "" {
			t.Errorf("%s: status %d, stdout %q", c.what, out.code, out.stdout)
		}
		said := strings.NewReplacer(c.r.host, "REGISTRY", "http://"+c.r.host, "SCHEME://REGISTRY", "HEAD request to https://"+c.r.host, "HEAD request to SCHEME://REGISTRY").Replace(errorLines(out))
		ways := remedies
		if c.says == unauthorized {
			ways = strings.Replace(remedies, ": ", ": log in with `docker login REGISTRY`, ", 1)
		}
		checkString(t, c.what, said, "reading the base image docker://REGISTRY/team/"+c.ref+": "+c.says+ways)
	}
}

// A CA may also be trusted by the whole machine, and Docker Engine has its own place for those it trusts. On loopback
// Docker Engine asks in plain HTTP whatever it is told, so this registry has another address.
func TestRegistryTrustedOtherwise(t *testing.T) {
	pebbles.build(t)
	host := dockerHost(t)
	guarded := newRegistry(t, registryKind{tls: true, locked: true, ip: ownAddress(t)})
	digest := guarded.putLowest(t, pebbles.image(t), "team/base:0.5")
	plan := func(engine, host string, env ...string) command {
		b := registryBuild{engine: engine, host: host, project: shell(t), output: "docker-daemon:"}
		c := b.command(t, guarded, registryPassword, "base:0.5", "--dry-run")
		c.env = slices.Concat(c.env, []string{"XDG_CONFIG_HOME=" + t.TempDir()}, env)
		return c
	}
	for engine, request := range map[string]string{
		"embedded": "failed to do request: Head \"https://REGISTRY/v2/team/base/manifests/0.5\": tls: failed to verify certificate: x509: certificate signed by unknown authority",
		"docker":   "failed to do request: Head \"https://REGISTRY/v2/team/base/manifests/0.5\": x509: certificate signed by unknown authority",
	} {
		out := plan(engine, host).run(t)
		checkString(t, engine+" before", strings.ReplaceAll(errorLines(out), guarded.host, "REGISTRY"), "reading the base image docker://REGISTRY/team/base:0.5: "+request+remedies)
		if out.code != 3 {
			t.Errorf("%s before: status %d", engine, out.code)
		}
	}
	certs := filepath.Join("/etc/docker/certs.d", guarded.host)
	t.Cleanup(func() {
		if err := os.RemoveAll(certs); err != nil {
			t.Error(err)
		}
	})
	write(t, filepath.Join(certs, "ca.crt"), readFile(t, guarded.caFile))
	docker := plan("docker", daemons.Docker(t, daemons.DockerOptions{})).succeed(t) // which looks there when it starts
	if err := os.RemoveAll(certs); err != nil {                                     // the embedded engine looks there as well
		t.Fatal(err)
	}
	for _, out := range []outcome{docker, plan("embedded", host, "SSL_CERT_FILE="+guarded.caFile).succeed(t)} {
		if !strings.Contains(out.stdout, digest) {
			t.Errorf("the plan is %s", out.stdout)
		}
	}
}

// ownAddress is an address of this machine that is not loopback: the bridge of a test's Docker Engine has one at least.
func ownAddress(t *testing.T) string {
	t.Helper()
	dockerHost(t)
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addresses {
		if ip, _, err := net.ParseCIDR(a.String()); err == nil && ip.To4() != nil && ip.IsGlobalUnicast() {
			return ip.String()
		}
	}
	t.Fatalf("this machine has only the addresses %v", addresses)
	return ""
}

// checkSecret wants no password in what a command printed.
func checkSecret(t *testing.T, out outcome) {
	t.Helper()
	for _, password := range []string{registryPassword, "wr0ng-password"} {
		for _, text := range []string{password, base64.StdEncoding.EncodeToString([]byte(registryUser + ":" + password))} {
			if strings.Contains(out.stdout+out.stderr, text) {
				t.Errorf("the output has the password %q", text)
			}
		}
	}
}
