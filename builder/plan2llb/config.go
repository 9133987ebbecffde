package plan2llb

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images"
)

// Config is the configuration of an image, with Docker's extensions (health check, shell, on-build).
type Config = dockerspec.DockerOCIImage

// ParseConfig reads an image configuration.
func ParseConfig(raw []byte) (Config, error) {
	var c Config
	if err := json.Unmarshal(raw, &c); err != nil {
		return c, fmt.Errorf("reading the configuration of the base image: %w", err)
	}
	return c, nil
}

// ImageConfig is the configuration of one image of the plan: the base's, with the
// environment on PATH, the init before every command and the script as command. Its history has one
// entry for each layer and says nothing of how the layer was made.
func (c *Compiler) ImageConfig(plan *images.Plan, image images.Image, init string, layers []Layer) ([]byte, error) {
	config := c.in.Config
	baseLayers := len(config.RootFS.DiffIDs)
	config.Platform = c.in.Platform
	config.RootFS = v1.RootFS{Type: "layers"}
	created := c.in.Epoch.UTC()
	config.Created = &created
	if init != "" {
		config.Config.Entrypoint = []string{init, "--"}
	}
	if own := image.Config.Entrypoint; own != nil {
		config.Config.Entrypoint = *own
	}
	if image.Cmd != nil {
		config.Config.Cmd = image.Cmd
	}
	env := setEnv(config.Config.Env, "PATH", c.path())
	if plan.Environment != "" {
		env = setEnv(env, "PATH", path.Join(plan.Environment, "bin")+":"+c.path())
		env = setEnv(env, "VIRTUAL_ENV", plan.Environment)
	}
	env = withLocale(env)
	for _, e := range image.Config.Env {
		name, value, _ := strings.Cut(e, "=")
		env = setEnv(env, name, value)
	}
	config.Config.Env = env
	labels := map[string]string{}
	for k, v := range config.Config.Labels {
		labels[k] = v
	}
	labels[v1.AnnotationTitle] = path.Base(image.Name)
	if plan.Project.Version != "" {
		labels[v1.AnnotationVersion] = plan.Project.Version
	}
	if usesNetwork(plan, image) {
		labels[NotReproducibleLabel] = "commands with a network"
	}
	maps.Copy(labels, image.Config.Labels)
	config.Config.Labels = labels
	setPlace(&config.Config.ImageConfig, image.Config)
	config.History = history(config.History, baseLayers, layers, created)
	return json.Marshal(config)
}

// NotReproducibleLabel is on images that hold what commands fetched while they were built: the same inputs may make others tomorrow.
const NotReproducibleLabel = "pbrx-go.not-reproducible"

// usesNetwork says whether commands with a network made something that is in an image: its own, those of the base image, and those of any
// image that put something into the project's wheel.
func usesNetwork(plan *images.Plan, image images.Image) bool {
	with := func(r images.RunStep) bool { return r.Network }
	return slices.ContainsFunc(image.Runs, with) || len(plan.Images) > 0 && slices.ContainsFunc(plan.Images[0].Runs, with) ||
		slices.ContainsFunc(plan.Images, func(i images.Image) bool {
			return slices.ContainsFunc(i.Runs, func(r images.RunStep) bool { return r.Network && r.ForSource() })
		})
}

// setPlace sets what a definition says of where and as whom an image runs.
func setPlace(config *v1.ImageConfig, own images.Config) {
	if own.User != "" {
		config.User = own.User
	}
	if own.Workdir != "" {
		config.WorkingDir = own.Workdir
	}
	if len(own.Volumes) == 0 {
		return
	}
	config.Volumes = maps.Clone(config.Volumes)
	if config.Volumes == nil {
		config.Volumes = map[string]struct{}{}
	}
	for _, v := range own.Volumes {
		config.Volumes[v] = struct{}{}
	}
}

// history continues the base's. Layers of the base that it says nothing about get an entry each. Every
// entry has a time, or an engine would put its own there.
func history(base []v1.History, baseLayers int, layers []Layer, created time.Time) []v1.History {
	out := append([]v1.History{}, base...)
	for n, h := range base {
		if h.Created == nil {
			out[n].Created = &created
		}
		if !h.EmptyLayer {
			baseLayers--
		}
	}
	for range baseLayers {
		out = append(out, v1.History{Created: &created, CreatedBy: "base image"})
	}
	for _, l := range layers {
		out = append(out, v1.History{Created: &created, CreatedBy: l.CreatedBy})
	}
	return out
}

// withLocale has programs read and write UTF-8 where the base says nothing of a language, as the official Python images do: without one, a
// program that Python code starts takes file names for ASCII.
func withLocale(env []string) []string {
	for _, e := range env {
		if name, _, _ := strings.Cut(e, "="); name == "LANG" || name == "LC_ALL" || name == "LC_CTYPE" {
			return env
		}
	}
	return append(env, "LANG=C.UTF-8")
}

// setEnv returns env with one variable set, in the place it had.
func setEnv(env []string, name, value string) []string {
	out := make([]string, 0, len(env)+1)
	found := false
	for _, e := range env {
		if strings.HasPrefix(e, name+"=") {
			e, found = name+"="+value, true
		}
		out = append(out, e)
	}
	if !found {
		out = append(out, name+"="+value)
	}
	return out
}
