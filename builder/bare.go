package builder

import (
	"context"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
)

// bare is a base without Python: what is known of it without any.
type bare struct {
	base images.Base
	// program is the package manager.
	program string
	// sources are the files that say where packages come from, by their names.
	sources map[string][]byte
}

// examineBare learns of a base without Python what it takes to install one.
func examineBare(ctx context.Context, c gateway.Client, image *BaseImage, none *NoPythonError) (*bare, error) {
	ref, err := evaluate(ctx, c, image.State)
	if err != nil {
		return nil, err
	}
	b := &bare{sources: map[string][]byte{}}
	for _, m := range [][2]string{{"apt", "apt-get"}, {"apk", "apk"}, {"dnf", "dnf"}, {"dnf", "microdnf"}} {
		if b.program, err = findProgram(ctx, ref, image, m[1]); err != nil {
			return nil, err
		}
		if b.program != "" {
			b.base.PackageManager = m[0]
			break
		}
	}
	if b.program == "" {
		none.text += ", and none of apt, apk, dnf and microdnf to install one with"
		return nil, none
	}
	if b.base.Distro, err = distroOf(ctx, ref, image.Location); err != nil {
		return nil, &BaseError{Location: image.Location, Err: err}
	}
	b.base.DistroName = b.base.Distro.String()
	b.base.Python.Executable = plan2llb.DistroPythonPath
	return b, b.readSources(ctx, ref)
}

// readSources reads where the packages of the base come from.
func (b *bare) readSources(ctx context.Context, ref gateway.Reference) error {
	files := []string{"/etc/apk/repositories"}
	if b.base.PackageManager == "apt" {
		files = []string{"/etc/apt/sources.list"}
		entries, err := ref.ReadDir(ctx, gateway.ReadDirRequest{Path: "/etc/apt/sources.list.d"})
		for _, e := range entries { // none where there is no such folder
			files = append(files, path.Join("/etc/apt/sources.list.d", e.Path))
		}
		if err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	for _, name := range files {
		data, err := ref.ReadFile(ctx, gateway.ReadRequest{Filename: name})
		if err == nil {
			b.sources[name] = data
		} else if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
}

// moved are the base's sources at a mirror, for the first Python only. What the mirror may not have beside the release
// itself is left out.
func (b *bare) moved(mirror string) []byte {
	mirror = strings.TrimRight(mirror, "/")
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(b.sources)) {
		text := string(b.sources[name])
		switch {
		case b.base.PackageManager == "apk":
			repository := regexp.MustCompile(`^(\s*(?:@\S+\s+)?)[a-z]+://\S+?(/(?:v\d[\w.]*|edge|latest-stable)/\S+\s*)$`)
			for line := range strings.Lines(text) {
				lines = append(lines, repository.ReplaceAllString(strings.TrimRight(line, "\n"), "${1}"+mirror+"${2}"))
			}
		case strings.HasSuffix(name, ".sources"):
			for _, stanza := range regexp.MustCompile(`\n\s*\n`).Split(text, -1) {
				lines = append(lines, aptStanza(stanza, mirror)...)
			}
		default:
			for line := range strings.Lines(text) {
				if m := regexp.MustCompile(`^deb\s+(\[[^]]*\]\s+)?\S+\s+(\S+)\s*([^#]*)`).FindStringSubmatch(strings.TrimSpace(line)); m != nil {
					lines = append(lines, aptLine(strings.TrimSpace(m[1]), mirror, m[2], strings.TrimSpace(m[3]))...)
				}
			}
		}
	}
	return []byte(strings.Join(lines, "\n") + "\n")
}

// aptStanza makes lines of a stanza of a .sources file.
func aptStanza(stanza, mirror string) (lines []string) {
	fields := map[string]string{}
	for line := range strings.Lines(stanza) {
		if name, value, ok := strings.Cut(line, ":"); ok && !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, " ") {
			fields[strings.ToLower(strings.TrimSpace(name))] = strings.TrimSpace(value)
		}
	}
	if !slices.Contains(strings.Fields(fields["types"]), "deb") || strings.EqualFold(fields["enabled"], "no") {
		return nil
	}
	options := ""
	if strings.HasPrefix(fields["signed-by"], "/") {
		options = "[signed-by=" + fields["signed-by"] + "]"
	}
	for _, suite := range strings.Fields(fields["suites"]) {
		lines = append(lines, aptLine(options, mirror, suite, fields["components"])...)
	}
	return lines
}

// aptLine is a suite at a mirror. Those of security updates may lie elsewhere.
func aptLine(options, mirror, suite, components string) []string {
	if strings.Contains(suite, "-security") {
		return nil
	}
	return []string{strings.Join(slices.DeleteFunc([]string{"deb", options, mirror, suite, components}, func(s string) bool { return s == "" }), " ")}
}

// bootstrap adds the distribution's Python to a base that has none, as a layer of its own, and learns what the base is then.
func (r *Run) bootstrap(ctx context.Context, g *ground) error {
	if err := r.chooseMirror(g.bare.base); err != nil {
		return err
	}
	if r.image == nil { // it is the base, and not the builder: errors name the distribution
		r.Base = g.bare.base
	}
	err := r.addPython(ctx, g)
	if r.features.HostNetwork && hostNetworkRefused(err) {
		r.features.HostNetwork = false
		err = r.addPython(ctx, g)
	}
	return err
}

func (r *Run) addPython(ctx context.Context, g *ground) error {
	g.compiler = r.compilerOn(g.image)
	job := r.job(nil)
	job.Secrets = maps.Clone(job.Secrets)
	if job.Secrets == nil {
		job.Secrets = map[string][]byte{}
	}
	mirror := string(job.Secrets[plan2llb.SecretMirror])
	if mirror != "" && g.bare.base.PackageManager != "dnf" {
		job.Secrets[plan2llb.SecretBootstrapSources] = g.bare.moved(mirror)
	}
	job.Secrets[plan2llb.SecretBootstrapConf] = plan2llb.BootstrapAptConf(job.Secrets[plan2llb.SecretBootstrapSources] != nil)
	return r.solve(ctx, job, func(ctx context.Context, c gateway.Client) error {
		base := g.bare.base
		by := g.portable(g.compiler)
		index, err := r.distroIndex(ctx, c, by, base, nil)
		if err != nil {
			return err
		}
		var found struct {
			Missing []string `json:"missing"`
		}
		if err := readJSON(ctx, c, by.Wanted(base, index, []string{plan2llb.DistroPython}), "index.json", &found); err != nil {
			return err
		}
		if len(found.Missing) > 0 {
			return &BaseError{Location: g.image.Location, Err: fmt.Errorf("it has no Python, and %s has no package %s", base.DistroName, plan2llb.DistroPython)}
		}
		steps := g.with(by, index)
		if err := r.learn(ctx, c, steps, plan2llb.DistroPythonPath); err != nil {
			return err
		}
		// Later jobs of this run take what this one made.
		again := g.portable(g.compiler.Kept())
		kept, _ := again.Index(base, nil)
		kept.Content = index.Content
		made := g.with(again, kept)
		made.base, made.compiler = steps.base, steps.compiler
		made.base.Python.Package = plan2llb.DistroPython
		made.layers = []plan2llb.Layer{{Content: "distro", CreatedBy: "pbrx-go: the distribution's Python"}}
		*g = *made
		r.cached = append(r.cached, made.image.State)
		return nil
	})
}

// portable is the compiler of steps that a first Python runs.
func (g *ground) portable(compiler *plan2llb.Compiler) *plan2llb.Compiler {
	return compiler.With(compiler.Portable(g.bare.base.PackageManager, g.bare.program))
}

// with is the ground with the distribution's Python installed out of an index.
func (g *ground) with(by *plan2llb.Compiler, index plan2llb.PackageIndex) *ground {
	image, other := *g.image, *g
	image.State = by.Packages(g.bare.base, index, []images.Package{{Name: plan2llb.DistroPython, From: images.NoPython}}, "runtime")
	other.image, other.compiler, other.index = &image, g.compiler.On(image.State, image.Config), &index
	return &other
}
