package dockerfile

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	apicapspb "github.com/moby/buildkit/util/apicaps/pb"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// What the engine cannot do is known before it is asked to, with the line that wants it.
func TestUnsupported(t *testing.T) {
	f, err := Parse("Dockerfile.foo", []byte("FROM foo-base\n\nCOPY --exclude=*.txt conf /srv/\n"))
	if err != nil {
		t.Fatal(err)
	}
	in := Supposing(v1.Platform{OS: "linux", Architecture: "amd64"})
	if _, err := f.Compile(context.Background(), in); err != nil {
		t.Fatal(err)
	}
	var some []*apicapspb.APICap
	for _, c := range pb.Caps.All() {
		if c.ID != string(pb.CapFileCopyIncludeExcludePatterns) {
			some = append(some, c)
		}
	}
	in.Caps = pb.Caps.CapSet(some)
	_, err = f.Compile(context.Background(), in)
	var unsupported *UnsupportedError
	if !errors.As(err, &unsupported) || unsupported.At != "Dockerfile.foo:3:1" {
		t.Errorf("the error is %v", err)
	}
}

// compiled compiles a text on a base called foo-base and returns the operations.
func compiled(t *testing.T, text string) (*Image, []*pb.Op) {
	t.Helper()
	f, err := Parse("Dockerfile.foo", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	in := Supposing(v1.Platform{OS: "linux", Architecture: "amd64"})
	in.Base = llb.Scratch().File(llb.Mkfile("/base", 0o644, nil))
	in.Config = []byte(`{"os":"linux","architecture":"amd64","config":{"Env":["PATH=/opt/foo/bin"],"Entrypoint":["/init","--"]},"history":[{"created_by":"pbrx-go: project"}]}`)
	in.IsBase = func(repository string) bool { return strings.HasSuffix("/"+repository, "/foo-base") }
	in.Epoch = time.Unix(1000, 0)
	in.Proxy = llb.ProxyEnv{HTTPProxy: "http://user:word@proxy.example.org"}
	image, err := f.Compile(context.Background(), in)
	if err != nil {
		t.Fatal(err)
	}
	def, err := image.State.Marshal(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var ops []*pb.Op
	for _, data := range def.Def {
		op := &pb.Op{}
		if err := op.UnmarshalVT(data); err != nil {
			t.Fatal(err)
		}
		ops = append(ops, op)
	}
	return image, ops
}

// However the base image is written, it is the one that was just built; other images are images.
func TestBaseByName(t *testing.T) {
	for text, want := range map[string]string{
		"FROM foo-base\nRUN true\n": "",
		"FROM foo-base\n":           "",
		"FROM foo-base:1.2 AS x\nRUN true\nFROM x\nRUN false\n":                 "",
		"FROM registry.example.org:5000/team/foo-base:v3\nRUN true\n":           "",
		"ARG B=foo-base:3\nFROM ${B}\nRUN true\n":                               "",
		"FROM foo-base\nCOPY --from=team/foo-base:x /base /y\n":                 "",
		"FROM foo-base\nRUN --mount=type=bind,from=foo-base,target=/x ls /x\n":  "",
		"FROM foo-base\nCOPY --from=docker.io/library/debian:13 /etc/motd /\n":  "docker-image://docker.io/library/debian:13",
		"FROM debian:13\nCOPY --from=foo-base /base /\n":                        "docker-image://docker.io/library/debian:13",
		"FROM foo-base\nCOPY a b\n":                                             "local://context",
		"FROM foo-base AS a\nRUN true\nFROM foo-base\nCOPY --from=a /base /y\n": "",
	} {
		image, ops := compiled(t, text)
		var sources []string
		for _, op := range ops {
			if s := op.GetSource(); s != nil {
				sources = append(sources, s.Identifier)
			}
		}
		if strings.Join(sources, " ") != want {
			t.Errorf("%q reads %q, want %q", text, sources, want)
		}
		if fromBase := !strings.HasPrefix(text, "FROM debian"); image.FromBase != fromBase || fromBase && image.Config.Config.Env[0] != "PATH=/opt/foo/bin" {
			t.Errorf("%q: from the base: %t, %v", text, image.FromBase, image.Config.Config)
		}
	}
}

// Steps are called after their lines, and what is copied out of the project has the time of the build.
func TestStepsAndTimes(t *testing.T) {
	image, ops := compiled(t, "FROM foo-base AS a\nRUN true\nFROM foo-base\nCOPY here /\nCOPY --from=a /there /\nRUN \\\n  false\n")
	want := []string{"[Dockerfile.foo:2] RUN true", "[Dockerfile.foo:4] COPY here /", "[Dockerfile.foo:5] COPY --from=a /there /", "[Dockerfile.foo:6] RUN   false"}
	if !slices.Equal(image.Steps, want) {
		t.Errorf("the steps are %q, want %q", image.Steps, want)
	}
	times := map[string]int64{}
	for _, op := range ops {
		for _, action := range op.GetFile().GetActions() {
			if c := action.GetCopy(); c != nil {
				times[c.Src] = c.Timestamp
			}
		}
	}
	if times["/here"] != 1000e9 || times["/there"] != -1 {
		t.Errorf("the times are %v", times)
	}
	for _, h := range image.Config.History {
		if h.Created == nil || h.Created.Unix() != 1000 {
			t.Errorf("the history has %+v", h)
		}
	}
}

// A proxy is handed to RUN, and never where the image's history would tell it.
func TestProxies(t *testing.T) {
	for text, want := range map[string]string{
		"FROM foo-base\nRUN true\n":                                     "http://user:word@proxy.example.org",
		"FROM foo-base\nARG http_proxy\nRUN true\n":                     "",
		"ARG HTTP_PROXY\nFROM foo-base\nARG HTTP_PROXY\nRUN true\n":     "",
		"FROM foo-base\nARG OTHER\nRUN true\nFROM foo-base\nRUN true\n": "http://user:word@proxy.example.org",
	} {
		image, ops := compiled(t, text)
		for _, op := range ops {
			if e := op.GetExec(); e != nil && e.Meta.ProxyEnv.GetHttpProxy() != want {
				t.Errorf("%q: the proxy is %q, want %q", text, e.Meta.ProxyEnv.GetHttpProxy(), want)
			}
		}
		if said, err := json.Marshal(image.Config); err != nil || strings.Contains(string(said), "word") {
			t.Errorf("%q: the configuration tells of the proxy: %s, %v", text, said, err)
		}
	}
}

// What can be said when the base image is known only has its place, too.
func TestCompileErrors(t *testing.T) {
	for text, want := range map[string]string{
		"FROM x\nFROM scratch\nCMD [\"x\"]\n":        "Dockerfile.foo:2:1: the image has no files: copy some into it",
		"FROM x\nFROM foo-base AS foo-base\nRUN y\n": "Dockerfile.foo:2:1: the stage is called foo-base, as the base image is: give it another name",
	} {
		f, err := Parse("Dockerfile.foo", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		in := Supposing(v1.Platform{OS: "linux", Architecture: "amd64"})
		in.IsBase = func(repository string) bool { return repository == "foo-base" }
		if _, err := f.Compile(context.Background(), in); err == nil || err.Error() != want {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
