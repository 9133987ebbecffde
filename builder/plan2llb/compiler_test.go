package plan2llb

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images"
)

// inputs have one of everything.
func inputs() Inputs {
	return Inputs{
		Base:             llb.Image("base.invalid/x@sha256:1212121212121212121212121212121212121212121212121212121212121212"),
		Platform:         v1.Platform{OS: "linux", Architecture: "amd64"},
		Features:         Features{Merge: true},
		Epoch:            time.Unix(315532800, 0),
		Proxy:            llb.ProxyEnv{HTTPSProxy: "http://user:password@proxy.invalid"},
		FindLinks:        []string{"find-links-0"},
		Constraints:      []byte("a==1\n"),
		BuildConstraints: []byte("b==2\n"),
	}
}

// image compiles the whole of an image, and what is asked before it.
func image(t *testing.T, in Inputs) (*Compiler, llb.State) {
	t.Helper()
	plan := &images.Plan{Environment: "/opt/x", Base: images.Base{
		PackageManager: "apt", DistroName: "debian-12", Python: images.Python{Executable: "/usr/bin/python3", Ensurepip: true}}}
	packages := []images.Package{{Name: "zlib", From: "bindep.txt:2:1"}, {Name: "gcc", From: "bindep.txt:1:1"}, {Name: "zlib", From: "bindep.txt:3:1"}}
	c := New(in)
	index, _ := c.Index(plan.Base, nil)
	root := c.Packages(plan.Base, index, packages, "compile")
	work := c.Builder(plan.Base, root)
	wheel, err := c.Wheel(work, root, Installed, images.Source{Git: true, Tags: true, Sdist: true}, Tree{})
	if err != nil {
		t.Fatal(err)
	}
	resolved, err := c.Resolve(work, c.in.Base, Requirements{Project: "x", RequiresDist: []string{"y"}, Images: []ImageRequirements{{Name: "x-base", Extras: []string{}}}}, Withheld)
	if err != nil {
		t.Fatal(err)
	}
	y, err := c.Fetch(work, "y", []Artifact{{Name: "y", Requirement: "y @ file:///tmp/pbrx/find-links/0/y-1-py3-none-any.whl", Hashes: []string{"sha256:12"}}})
	if err != nil {
		t.Fatal(err)
	}
	z, err := c.Compile(work, root, Artifact{Name: "z", Requirement: "z @ https://index.invalid/z-1.tar.gz"}, []string{"requirements.txt:1:1"}, Demanded)
	if err != nil {
		t.Fatal(err)
	}
	over := c.Trees(Target{Python: "/usr/bin/python3", Environment: "/opt/x"}, []Group{
		{Content: "dependencies", Name: "[dependencies] install y", Title: "dependencies: y 1", Wheels: []Wheel{{"y", y, "/wheels/y"}}},
		{Content: "project", Name: "[project] install", Title: "project", Wheels: []Wheel{{"project", wheel, "/dist"}}},
		{Content: "extra", Name: "[extra x] install z", Title: "extra: z 1", Wheels: []Wheel{{"z", z, "/wheels/z"}}},
	})
	st := c.Lay(c.Packages(plan.Base, index, packages, "runtime"), over)
	var layers []Layer
	for _, o := range over {
		layers = append(layers, o.Layer)
	}
	if want := []Layer{{"environment", "pbrx-go: virtual environment /opt/x"},
		{"dependencies", "pbrx-go: dependencies: y 1"}, {"project", "pbrx-go: project"}, {"extra", "pbrx-go: extra: z 1"}}; !slices.Equal(layers, want) {
		t.Errorf("the layers are %q, want %q", layers, want)
	}
	return c, Above([]llb.State{st, resolved})
}

func marshal(t *testing.T, st llb.State) *llb.Definition {
	t.Helper()
	def, err := st.Marshal(context.Background(), llb.LinuxAmd64, llb.LocalUniqueID("session"))
	if err != nil {
		t.Fatal(err)
	}
	return def
}

func TestSameInputsSameBytes(t *testing.T) {
	for _, merge := range []bool{true, false} {
		in := inputs()
		in.Features.Merge = merge
		_, st := image(t, in)
		first := marshal(t, st)
		for range 5 {
			_, st := image(t, in)
			if again := marshal(t, st); !slices.EqualFunc(first.Def, again.Def, bytes.Equal) {
				t.Fatalf("with Merge %t: other bytes the second time", merge)
			}
		}
	}
}

// What the host has must not decide which step it is.
func TestHostIsNoPartOfAKey(t *testing.T) {
	_, st := image(t, inputs())
	in := inputs()
	in.NoCache = true
	_, other := image(t, in)
	if !slices.EqualFunc(marshal(t, st).Def, marshal(t, other).Def, bytes.Equal) {
		t.Error("--no-cache makes other steps")
	}
	secrets := map[string]bool{}
	for _, raw := range marshal(t, st).Def {
		var op pb.Op
		if err := op.UnmarshalVT(raw); err != nil {
			t.Fatal(err)
		}
		for _, e := range op.GetExec().GetMeta().GetEnv() {
			if strings.Contains(e, "proxy") {
				t.Errorf("the proxy is in the environment, which is part of a key: %s", e)
			}
		}
		for _, m := range op.GetExec().GetMounts() {
			if m.MountType == pb.MountType_SECRET {
				secrets[m.SecretOpt.ID] = true
				if !m.SecretOpt.Optional {
					t.Errorf("a host without the secret %s cannot build", m.SecretOpt.ID)
				}
			}
		}
	}
	want := []string{"ca.pem", "client.pem", "mirror", "netrc", "pip-ca.pem", "pip.conf"}
	if got := slices.Sorted(maps.Keys(secrets)); !slices.Equal(got, want) {
		t.Errorf("the secrets are %q, want %q", got, want)
	}
}

func TestNoCacheIgnoresTheCacheOfEveryStep(t *testing.T) {
	in := inputs()
	in.NoCache = true
	c, st := image(t, in)
	ignored := map[string]bool{}
	for _, m := range marshal(t, st).Metadata {
		if m.IgnoreCache {
			ignored[m.Description["llb.customname"]] = true
		}
	}
	if got, want := slices.Sorted(maps.Keys(ignored)), slices.Sorted(maps.Keys(c.Steps())); !slices.Equal(got, want) {
		t.Errorf("run again: %q, want %q", got, want)
	}
}

func TestStepsKnowTheirLines(t *testing.T) {
	c, _ := image(t, inputs())
	const name = "[distro] compile packages: gcc zlib" // each once, in an order of their own
	if got, want := c.Steps()[name].From, []string{"bindep.txt:2:1", "bindep.txt:1:1", "bindep.txt:3:1"}; !slices.Equal(got, want) {
		t.Errorf("%s is from %q, want %q; the steps are %q", name, got, want, slices.Sorted(maps.Keys(c.Steps())))
	}
}

// What installs must take what it was given: it has no network.
func TestNetworkOnlyWhereNeeded(t *testing.T) {
	_, st := image(t, inputs())
	def := marshal(t, st)
	got := map[string]bool{}
	for _, raw := range def.Def {
		var op pb.Op
		if err := op.UnmarshalVT(raw); err != nil {
			t.Fatal(err)
		}
		if e := op.GetExec(); e != nil {
			name, _, _ := strings.Cut(def.Metadata[digest.FromBytes(raw)].Description["llb.customname"], ":")
			got[name] = e.Network != pb.NetMode_NONE
		}
	}
	want := map[string]bool{
		"[distro] package index (apt)": true, "[distro] compile packages": true, "[distro] runtime packages": true, "[python] tools": true,
		"[project] wheel": true, "[dependencies] resolve": true, "[dependencies] wheels": true, "[dependencies] build z (compile profile)": true,
		"[python] environment": false, "[dependencies] install y": false, "[project] install": false, "[extra x] install z": false,
	}
	if !maps.Equal(got, want) {
		t.Errorf("network: %v, want %v", got, want)
	}
}

// A version that the user set is given to the wheel's step, and keys no other.
func TestVersionKeysTheWheelOnly(t *testing.T) {
	c := New(inputs())
	work := c.Builder(images.Base{Python: images.Python{Executable: "/usr/bin/python3", Ensurepip: true}}, c.in.Base)
	ops := func(version map[string]string, below string) (all map[digest.Digest]bool, argv []string, mounts []string) {
		wheel, err := c.Wheel(work, c.in.Base, Lacking, images.Source{Git: true, Sdist: true, Environment: version}, Tree{Below: below})
		if err != nil {
			t.Fatal(err)
		}
		all = map[digest.Digest]bool{}
		for _, raw := range marshal(t, wheel).Def {
			all[digest.FromBytes(raw)] = true
			var op pb.Op
			if err := op.UnmarshalVT(raw); err != nil {
				t.Fatal(err)
			}
			if args := op.GetExec().GetMeta().GetArgs(); len(args) > 2 && strings.HasSuffix(args[2], "/wheel.py") {
				argv = args[3:]
				for _, m := range op.GetExec().GetMounts() {
					if strings.HasPrefix(m.Dest, "/src") || strings.HasSuffix(m.Dest, "version.json") {
						mounts = append(mounts, m.Dest)
					}
				}
			}
		}
		slices.Sort(mounts)
		return all, argv, mounts
	}
	without, argv, mounts := ops(nil, "")
	if want := []string{"sdist", "--git"}; !slices.Equal(argv, want) {
		t.Errorf("wheel.py %q, want %q", argv, want)
	}
	if want := []string{"/src", "/src/.git"}; !slices.Equal(mounts, want) {
		t.Errorf("mounted at %q, want %q", mounts, want)
	}
	with, argv, mounts := ops(map[string]string{"PBR_VERSION": "1.2"}, "lib/x y")
	if want := []string{"sdist", "--git", "--below=lib/x y"}; !slices.Equal(argv, want) {
		t.Errorf("wheel.py %q, want %q", argv, want)
	}
	if want := []string{"/src/.git", "/src/lib/x y", "/tmp/pbrx/version.json"}; !slices.Equal(mounts, want) {
		t.Errorf("mounted at %q, want %q", mounts, want)
	}
	changed := 0
	for d := range with {
		if !without[d] {
			changed++
		}
	}
	if changed != 3 { // the file, the wheel, and the end of the definition
		t.Errorf("%d operations are others, want 3", changed)
	}
}

// A folder of wheels is no part of the key of a step that takes one wheel of it.
func TestOnlyTheFilesThatAreFetched(t *testing.T) {
	in := inputs()
	in.FindLinks = []string{"find-links-0", "find-links-1"}
	c := New(in)
	work := c.Builder(images.Base{Python: images.Python{Executable: "/usr/bin/python3", Ensurepip: true}}, c.in.Base)
	fetched, err := c.Fetch(work, "y, z", []Artifact{
		{Name: "y", Requirement: "y @ file:///tmp/pbrx/find-links/1/y-1%2Bz-py3-none-any.whl#sha256=12"},
		{Name: "z", Requirement: "z @ https://index.invalid/tmp/pbrx/find-links/0/z-1-py3-none-any.whl"}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, raw := range marshal(t, fetched).Def {
		var op pb.Op
		if err := op.UnmarshalVT(raw); err != nil {
			t.Fatal(err)
		}
		if name, ok := strings.CutPrefix(op.GetSource().GetIdentifier(), "local://"); ok {
			got[name] += op.GetSource().GetAttrs()[pb.AttrIncludePatterns]
		}
	}
	// The tools are made of whatever there is.
	if want := map[string]string{"find-links-0": "", "find-links-1": `["y-1+z-py3-none-any.whl"]`}; !maps.Equal(got, want) {
		t.Errorf("the step sees %q, want %q", got, want)
	}
}

// A sibling's wheel is a step of its own, of files of its own.
func TestWheelOfSibling(t *testing.T) {
	c := New(inputs())
	work := c.Builder(images.Base{Python: images.Python{Executable: "/usr/bin/python3", Ensurepip: true}}, c.in.Base)
	wheel, err := c.Wheel(work, c.in.Base, Lacking, images.Source{Git: true}, Tree{Sibling: "sea-fog"})
	if err != nil {
		t.Fatal(err)
	}
	var locals []string
	for _, raw := range marshal(t, wheel).Def {
		var op pb.Op
		if err := op.UnmarshalVT(raw); err != nil {
			t.Fatal(err)
		}
		if source := op.GetSource(); strings.HasPrefix(source.GetIdentifier(), "local://sibling") {
			locals = append(locals, strings.TrimPrefix(source.GetIdentifier(), "local://")+" "+source.GetAttrs()[pb.AttrSharedKeyHint])
		}
	}
	slices.Sort(locals)
	if want := []string{"sibling-sea-fog sibling-sea-fog", "sibling-sea-fog-git sibling-sea-fog-git"}; !slices.Equal(locals, want) {
		t.Errorf("local sources %q, want %q", locals, want)
	}
	if _, ok := c.Steps()["[sibling sea-fog] wheel"]; !ok {
		t.Errorf("the steps are %v", c.Steps())
	}
}

// Two steps of one name cannot be told apart when one of them fails: both lines are named.
func TestStepsOfOneName(t *testing.T) {
	c := New(inputs())
	c.Add(Step{Name: "[run boat] make", From: []string{"pbrx-go.toml:3:3"}})
	c.Add(Step{Name: "[run boat] make", From: []string{"pbrx-go.toml:7:3", "pbrx-go.toml:3:3"}})
	if got, want := c.Steps()["[run boat] make"].From, []string{"pbrx-go.toml:3:3", "pbrx-go.toml:7:3"}; !slices.Equal(got, want) {
		t.Errorf("from %q, want %q", got, want)
	}
}
