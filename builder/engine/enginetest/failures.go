package enginetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/naming"
)

func testFailingWheel(t *testing.T, s *suite) {
	err := s.mustFail(t.Context(), t, s.project(t, map[string]string{"fail": "compiling\nno such header\n"}))
	var step *builder.StepError
	if !errors.As(err, &step) {
		t.Fatalf("the error is %T: %v", err, err)
	}
	if want := []string{"compiling", "no such header", "pbrx-go: building the wheel: the source says so"}; step.Step != "[project] wheel" || !slices.Equal(step.Tail(), want) {
		t.Errorf("the step is %q and its last lines are %q, want %q", step.Step, step.Tail(), want)
	}
	if want := "building [project] wheel: building the wheel: the source says so"; err.Error() != want {
		t.Errorf("the error is %q, want %q", err, want)
	}
}

func testFailingPackage(t *testing.T, s *suite) {
	err := s.mustFail(t.Context(), t, s.project(t, map[string]string{"bindep.txt": "libfoo\nbreaks [compile]\n"}))
	var step *builder.StepError
	if !errors.As(err, &step) {
		t.Fatalf("the error is %T: %v", err, err)
	}
	if want := []string{"bindep.txt:2:1"}; step.Step != "[distro] compile packages: breaks libfoo" || !slices.Equal(step.From, want) {
		t.Errorf("the step is %q, asked for by %q", step.Step, step.From)
	}
	if want := "building [distro] compile packages: breaks libfoo: the package breaks does as it says: asked for by bindep.txt:2:1"; err.Error() != want {
		t.Errorf("the error is %q, want %q", err, want)
	}
}

func testMissingPackages(t *testing.T, s *suite) {
	err := s.mustFail(t.Context(), t, s.project(t, map[string]string{"bindep.txt": "libfoo\nnosuch [compile]\nnor-this\n"}))
	var missing *builder.MissingPackageError
	if !errors.As(err, &missing) {
		t.Fatalf("the error is %T: %v", err, err)
	}
	got := *missing
	slices.SortFunc(got.Packages, func(a, b builder.MissingPackage) int { return strings.Compare(a.From, b.From) })
	if want := []builder.MissingPackage{{Name: "nosuch", From: "bindep.txt:2:1"}, {Name: "nor-this", From: "bindep.txt:3:1"}}; got.Distro != "debian-12" || !slices.Equal(got.Packages, want) {
		t.Errorf("missing of %s: %+v, want %+v", got.Distro, got.Packages, want)
	}
}

func testSecrets(t *testing.T, s *suite) {
	secrets := map[string][]byte{
		"ca.pem": []byte("secret: authorities"), "pip-ca.pem": []byte("secret: pip's authorities"), "pip.conf": []byte("secret: configuration"),
		"netrc": []byte("secret: password"), "client.pem": []byte("secret: certificate"),
	}
	secretly := func(o *builder.Options, in *images.Input) {
		o.Host.Secrets = secrets
		o.NoCache = true
		o.Mirror = func(images.Base) (string, error) { return "http://secret.mirror.example", nil }
	}
	b := s.mustBuild(t, s.project(t, nil), secretly)
	for name, data := range secrets {
		if line := fmt.Sprintf("secret %s %x\n", name, sha256.Sum256(data)); !strings.Contains(b.log.String(), line) {
			t.Errorf("no step saw the secret %s", name)
		}
	}
	if ran, _ := b.ran(); !slices.Equal(ran, allSteps()) {
		t.Errorf("without the cache these steps ran: %q", ran)
	}
	for _, x := range b.result.Images {
		for name, what := range b.tree(t, x) {
			if strings.Contains(what, "secret") && name != "usr/bin/python3" {
				t.Errorf("%s: %s is %.200q", x.Plan.Name, name, what)
			}
		}
	}
	raw, err := json.Marshal(b.result.Images)
	if err != nil || bytes.Contains(raw, []byte("secret")) {
		t.Errorf("a configuration or manifest holds a secret: %s, %v", raw, err)
	}
	sameDigests(t, b, s.mustBuild(t, s.project(t, nil))) // secrets are no part of what is made
}

func testHistory(t *testing.T, s *suite) {
	dir := s.project(t, map[string]string{
		".git/HEAD":         "ref: refs/heads/main\n",
		".git/config":       "[core]\n\trepositoryformatversion = 0\n[remote \"origin\"]\n\turl = https://token@git.example/tiny\n",
		".git/objects/.gap": "",
		"bindep.txt":        "git [test]\n",
	})
	git := func(o *builder.Options, in *images.Input) {
		in.Project.NeedsGit = true
		o.Plan.InitPath = "none"
		var err error
		if o.Source, err = builder.OpenSource(dir, *in); err != nil {
			t.Fatal(err)
		}
	}
	b := s.mustBuild(t, dir, git)
	if want := `[sdist --git --files=pbr] with history: "[core]\n\tbare = false\n\trepositoryformatversion = 0\n"` + "\n"; !strings.Contains(b.log.String(), want) {
		t.Errorf("the steps said\n%s\nwant a line %s", b.log, want)
	}
	if ran, _ := b.ran(); !slices.Contains(ran, "[distro] build packages: git") {
		t.Errorf("git was not installed: %q", ran)
	}
	for name := range b.tree(t, b.image(t, "hello")) {
		if strings.Contains(name, "git") {
			t.Errorf("the image holds %s", name)
		}
	}
}

func testCancel(t *testing.T, s *suite) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	enough := errors.New("the user has had enough")
	watch := func(o *builder.Options, _ *images.Input) {
		forward := &log{seen: func(text string) {
			if strings.Contains(text, "sleeping\n") {
				cancel(enough)
			}
		}}
		o.Status = forward.update
	}
	err := s.mustFail(ctx, t, s.project(t, map[string]string{"sleep": ""}), watch)
	if !errors.Is(err, enough) {
		t.Errorf("the error is %v, want %v", err, enough)
	}
	s.mustBuild(t, s.project(t, nil)) // the engine is as good as before
}

func testRunScript(t *testing.T, s *suite) {
	b := s.mustBuild(t, s.project(t, nil))
	var stdout, stderr bytes.Buffer
	options := s.options(t)
	options.Base = naming.Location{Transport: naming.OCILayout, Name: b.layout, Ref: "hello:latest"}
	status, err := builder.RunContainer(t.Context(), s.engine, options, builder.Container{
		Args: []string{"--exit", "7"}, Stdin: strings.NewReader(""), Stdout: &stdout, Stderr: &stderr,
	})
	if err != nil || status != 7 || stderr.Len() > 0 {
		t.Errorf("the script ended with %d, %v, and said %q on stderr", status, err, &stderr)
	}
	if got, want := stdout.String(), `hello ["--exit" "7"] says hello`+"\n"; got != want {
		t.Errorf("the script said %q, want %q", got, want)
	}
}
