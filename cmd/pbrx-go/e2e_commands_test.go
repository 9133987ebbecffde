package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

// One build with everything that decides about names, and its JSON.
func TestNamesAndJSON(t *testing.T) {
	leafcount.build(t)
	layout := filepath.Join(t.TempDir(), "layout")
	const team = "registry.example.org/team/"
	out := command{args: buildArgs(leafcount.project, testBase(t), layout,
		"--only", "leafcount-report", "--prefix", "registry.example.org/team", "--tag", "1.4.0", "-t", "stable", "--format", "json")}.succeed(t)
	if ran := out.ran(t); len(ran) > 0 {
		t.Errorf("other names made run %q", ran)
	}
	l := readLayout(t, layout)
	if want := []string{team + "leafcount-base:1.4.0", team + "leafcount-base:stable", team + "leafcount-report:1.4.0", team + "leafcount-report:stable"}; !slices.Equal(l.names(), want) {
		t.Fatalf("the layout has %q, want %q", l.names(), want)
	}
	for _, d := range l.index.Manifests {
		checkString(t, "containerd's name", d.Annotations["io.containerd.image.name"], d.Annotations["org.opencontainers.image.ref.name"])
	}
	checkBlobs(t, l)
	checkDocument(t, out.stdout, l, team)

	first := readLayout(t, leafcount.layout)
	for _, name := range []string{"leafcount-base", "leafcount-report"} {
		a, b := first.image(t, name+":latest").layerDigests(), l.image(t, team+name+":stable").layerDigests()
		if !slices.Equal(a, b) {
			t.Errorf("%s has the layers %q among all images and %q with --only", name, a, b)
		}
	}
	ran := command{args: []string{"run", "--output", "oci:" + layout, "--prefix", "registry.example.org/team", "--tag", "stable", "leafcount-report"}}.succeed(t)
	checkString(t, "stdout of the script", ran.stdout, "document       leaves\n-----------  --------\nsample.yaml         6\n")
	gone := command{args: []string{"run", "--output", "oci:" + layout, "leafcount-report"}}.run(t)
	if gone.code != 125 || !strings.Contains(gone.stderr, team+"leafcount-report:stable") {
		t.Errorf("a name that is not there ended with %d and %q", gone.code, gone.stderr)
	}
}

// document is what --format json prints, with every key that it may have.
type document struct {
	Project struct{ Name, Version string } `json:"project"`
	Engine  string                         `json:"engine"`
	Base    struct{ Ref, Digest string }   `json:"base"`
	Ages    []struct {
		Name, Refresh string
		Asked         time.Time
	} `json:"ages"`
	Images []struct {
		Name        string   `json:"name"`
		Tags        []string `json:"tags"`
		Digest      string   `json:"digest"`
		DigestKind  string   `json:"digest_kind"`
		Script      *string  `json:"script"`
		Cmd         []string `json:"cmd"`
		Platform    string   `json:"platform"`
		Size        int64    `json:"size"`
		OwnSize     int64    `json:"own_size"`
		Compression string   `json:"compression"`
		Layers      []struct {
			Digest  string `json:"digest"`
			Size    int64  `json:"size"`
			Content string `json:"content"`
		} `json:"layers"`
	} `json:"images"`
}

func checkDocument(t *testing.T, text string, l ociLayout, prefix string) {
	t.Helper()
	var doc document
	decoder := json.NewDecoder(strings.NewReader(text))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&doc); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	checkString(t, "the project", doc.Project.Name+" "+doc.Project.Version, "leafcount 1.4.0")
	checkString(t, "the engine", doc.Engine, "embedded")
	checkString(t, "the base", doc.Base.Ref, testBase(t))
	if !regexp.MustCompile(`^sha256:[0-9a-f]{64}$`).MatchString(doc.Base.Digest) {
		t.Errorf("the base's digest is %q", doc.Base.Digest)
	}
	for _, a := range doc.Ages { // of what other tests asked before this one
		if a.Name == "" || !slices.Contains([]string{"distro", "python"}, a.Refresh) || time.Since(a.Asked) < 0 || time.Since(a.Asked) > 24*time.Hour {
			t.Errorf("an age is %+v", a)
		}
	}
	if len(doc.Images) != 2 {
		t.Fatalf("%d images: %s", len(doc.Images), text)
	}
	for n, want := range []struct {
		name     string
		script   any
		cmd      []string
		contents []string
		own      []int // the layers that the image has for itself
	}{
		{prefix + "leafcount-base", nil, nil, []string{"base", "distro", "environment", "dependencies", "project"}, []int{1, 2, 3, 4}},
		{prefix + "leafcount-report", "leafcount-report", []string{"leafcount-report"}, []string{"base", "distro", "environment", "dependencies", "project", "extra"}, []int{5}},
	} {
		got, img := doc.Images[n], l.image(t, want.name+":stable")
		var script any
		if got.Script != nil {
			script = *got.Script
		}
		var contents, digests []string
		var size, own int64
		for i, layer := range got.Layers {
			contents, digests, size = append(contents, layer.Content), append(digests, layer.Digest), size+layer.Size
			if layer.Size != img.manifest.Layers[i].Size {
				t.Errorf("layer %d of %s has %d bytes, not %d", i, want.name, img.manifest.Layers[i].Size, layer.Size)
			}
			if slices.Contains(want.own, i) {
				own += layer.Size
			}
		}
		is := []any{got.Name, got.Tags, got.Digest, got.DigestKind, script, got.Cmd, got.Platform, got.Compression, contents, digests, got.Size, got.OwnSize}
		must := []any{want.name, []string{"1.4.0", "stable"}, img.descriptor.Digest.String(), "manifest", want.script, want.cmd, "linux/" + runtime.GOARCH, "zstd",
			want.contents, img.layerDigests(), size, own}
		if !reflect.DeepEqual(is, must) {
			t.Errorf("image %d is\n%q, want\n%q", n, is, must)
		}
	}
}

// A plan is made and nothing is built.
func TestPlan(t *testing.T) {
	base := testBase(t)
	layout := filepath.Join(t.TempDir(), "layout")
	plan := func(args ...string) outcome {
		out := command{args: append(args, "testdata/projects/leafcount", "--base", base, "--progress", "rawjson")}.succeed(t)
		for _, s := range out.steps(t) {
			if s.name != "[base] facts of the base image" {
				t.Errorf("%q made run %s", args, s.name)
			}
		}
		return out
	}
	text := plan("plan").stdout
	for _, want := range []string{
		`(?m)^project +leafcount 1\.4\.0$`,
		`(?m)^base +` + regexp.QuoteMeta(base) + ` \(debian-\d+, Python 3\.\d+\.\d+\)$`,
		`(?m)^builder +gcc +bindep\.txt:2:1 `,
		`(?m)^runtime +libyaml-0-2 +bindep\.txt:12:1 `,
		`(?m)^image +leafcount-report +pyproject\.toml:21:1 +extras leafcount-report$`,
	} {
		if !regexp.MustCompile(want).MatchString(text) {
			t.Errorf("the plan has no line %s:\n%s", want, text)
		}
	}
	if strings.Contains(text, "yamllint") {
		t.Errorf("the plan has a package of the profile test:\n%s", text)
	}
	checkString(t, "build-images --dry-run", plan("build-images", "--dry-run", "--output", "oci:"+layout).stdout, text)
	if _, err := os.Stat(layout); err == nil {
		t.Error("--dry-run made a layout")
	}

	stable := plan("plan", "--format", "json").stdout
	checkString(t, "the plan made again", plan("plan", "--format", "json").stdout, stable)
	var doc struct {
		Images []struct {
			Name     string
			Selected bool
		}
		Runtime []struct{ Name string }
	}
	if err := json.Unmarshal([]byte(stable), &doc); err != nil || len(doc.Images) != 3 || len(doc.Runtime) != 1 {
		t.Errorf("the plan as JSON: %v: %s", err, stable)
	}

	dump := plan("plan", "--llb").stdout
	for _, want := range []string{"[distro] package index (apt)", "[distro] compile packages: ", "[project] wheel", "[dependencies] resolve", "[dependencies] install", "[extra leafcount-report] install"} {
		if !strings.Contains(dump, ": "+want) {
			t.Errorf("the LLB has no step %s", want)
		}
	}
}

func TestCache(t *testing.T) {
	leafcount.build(t)
	state := filepath.Join(t.TempDir(), "state")
	plan := command{state: state, args: []string{"plan", "testdata/projects/leafcount", "--base", testBase(t), "--progress", "quiet"}}
	plan.succeed(t)
	total := regexp.MustCompile(`(?m)^(\S+) +total +(\d+) records in ` + regexp.QuoteMeta(state) + `$`)
	du := command{state: state, args: []string{"cache", "du"}}
	before := total.FindStringSubmatch(du.succeed(t).stdout)
	if before == nil || atoi(t, before[2]) < 3 || !strings.HasSuffix(before[1], "MB") {
		t.Fatalf("cache du says %q", before)
	}
	removed := command{state: state, args: []string{"cache", "prune"}}.succeed(t).stdout
	checkString(t, "cache prune", removed, "removed "+before[1]+"\n")
	after := total.FindStringSubmatch(du.succeed(t).stdout)
	if after == nil || after[1] != "0B" || after[2] != "0" {
		t.Errorf("after cache prune cache du says %q", after)
	}
	// What was pruned is made again, and images need nothing of the store they were built in.
	plan.succeed(t)
	out := command{state: state, args: []string{"run", "--output", "oci:" + leafcount.layout, "leafcount"}}.succeed(t)
	if !strings.HasSuffix(out.stdout, "\nsample.yaml: 6 leaves\n") {
		t.Errorf("with a store of its own the script says %q", out.stdout)
	}
}

func TestDoctorVersionCompletion(t *testing.T) {
	testBase(t) // the engine's needs are there where images are built
	doctor := command{args: []string{"doctor"}}.succeed(t).stdout
	for _, what := range []string{"root", "runc", "namespaces", "snapshots", "disk"} {
		if !regexp.MustCompile(`(?m)^embedded +ok +` + what + ` +\S`).MatchString(doctor) {
			t.Errorf("doctor has no good word for %s:\n%s", what, doctor)
		}
	}
	broken := command{args: []string{"doctor"}, env: []string{"PATH=" + t.TempDir()}}.run(t)
	if broken.code != 3 || !regexp.MustCompile(`(?m)^embedded +fail +runc `).MatchString(broken.stdout) {
		t.Errorf("without runc doctor ended with %d:\n%s%s", broken.code, broken.stdout, broken.stderr)
	}
	version := command{args: []string{"version"}}.succeed(t).stdout
	if !regexp.MustCompile(`^pbrx-go \S+ ` + runtime.GOOS + `/` + runtime.GOARCH + ` go1\.\S+\n$`).MatchString(version) {
		t.Errorf("version says %q", version)
	}
	completeInBash(t)
}

// completeInBash loads the completion into bash and completes as a user would.
func completeInBash(t *testing.T) {
	t.Helper()
	script := command{args: []string{"completion", "bash"}}.succeed(t).stdout
	cmd := exec.Command("bash", "--norc", "-c", script+`
COMP_WORDS=(pbrx-go build-i); COMP_CWORD=1; COMP_LINE="pbrx-go build-i"; COMP_POINT=${#COMP_LINE}
_get_comp_words_by_ref() { cur=build-i prev=pbrx-go words=("${COMP_WORDS[@]}") cword=1; }
__start_pbrx-go
printf '%s\n' "${COMPREPLY[@]}"
`)
	cmd.Env = append(os.Environ(), "PATH="+filepath.Dir(binary(t))+":"+os.Getenv("PATH"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || strings.TrimSpace(string(out)) != "build-images" {
		t.Errorf("completing build-i gives %q, %v\n%s", out, err, stderr.String())
	}
}
