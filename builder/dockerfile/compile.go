package dockerfile

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
	dockerspec "github.com/moby/docker-image-spec/specs-go/v1"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

// ContextLocal is the name of the local source that is the build context: the project's folder. It is asked for where the file
// copies something out of it only.
const ContextLocal = dockerui.DefaultLocalNameContext

// Inputs is what a compilation looks at beside the file.
type Inputs struct {
	// Base is the file system of the base image of the set, Config its configuration.
	Base   llb.State
	Config []byte
	// IsBase says whether a repository, as in registry.example.org/team/foo-base, is that base image.
	IsBase func(repository string) bool
	// Ignore is the text of .dockerignore.
	Ignore []byte
	// Platform and Caps are the engine's.
	Platform v1.Platform
	Caps     apicaps.CapSet
	// Epoch is the time of everything that is made.
	Epoch time.Time
	// Proxy is handed to RUN, unless the file takes proxies as build arguments: the history would tell them.
	Proxy llb.ProxyEnv
	// NoCache runs every step again; Pull asks the registry for images again that the engine knows.
	NoCache, Pull bool
	// Resolve finds the configurations of images other than the base.
	Resolve llb.ImageMetaResolver
}

// Supposing are inputs for an engine that can do everything and has every image, as far as names go.
func Supposing(platform v1.Platform) Inputs {
	return Inputs{
		Base: llb.Scratch(), Caps: pb.Caps.CapSet(pb.Caps.All()), Platform: platform, Resolve: &supposed{},
		IsBase: func(string) bool { return false },
	}
}

// Image is what a Dockerfile makes.
type Image struct {
	State  llb.State
	Config dockerspec.DockerOCIImage
	// FromBase says that its layers lie on those of the base image. It need not: its last stage may begin with another.
	FromBase bool
	// Steps are the names of its steps, which have the line in them: [Dockerfile.foo:3] RUN make.
	Steps []string
}

// Compile compiles the file. Errors are *Error, or *ImageError for an image that cannot be had, or *UnsupportedError for
// what the engine cannot do.
func (f *File) Compile(ctx context.Context, in Inputs) (*Image, error) {
	names, err := f.baseNames(in.IsBase)
	if err != nil {
		return nil, err
	}
	resolve := &resolver{ImageMetaResolver: in.Resolve}
	result, err := f.convert(ctx, in, resolve, names)
	if err != nil {
		failed := f.failed(err)
		var at *Error
		if resolve.failed != nil && errors.As(failed, &at) {
			resolve.failed.At = fmt.Sprintf("%s:%d:%d", at.File, at.Line, at.Column)
			return nil, resolve.failed
		}
		return nil, failed
	}
	if result.State.Output() == nil { // FROM scratch, and nothing else
		last := f.stages[len(f.stages)-1]
		return nil, f.failed(at(last.Location, errors.New("the image has no files: copy some into it")))
	}
	image := &Image{Config: *result.Image, FromBase: in.sameAsBase(result.BaseImage)}
	for n := range image.Config.History {
		if h := &image.Config.History[n]; h.Created == nil {
			h.Created = &in.Epoch
		}
	}
	out := &output{file: f.Name, epoch: in.Epoch, state: result.State}
	def, err := out.marshal(ctx, llb.NewConstraints())
	if err != nil {
		return nil, &Error{File: f.Name, Text: "writing LLB: " + err.Error()}
	}
	if err := f.check(def, in.Caps); err != nil {
		return nil, err
	}
	image.Steps = f.steps(def)
	image.State = llb.NewState(out)
	return image, nil
}

// convert calls BuildKit's compiler. names are those under which it asks for the base.
func (f *File) convert(ctx context.Context, in Inputs, resolve llb.ImageMetaResolver, names []string) (*dockerfile2llb.Result, error) {
	in.Ignore = append([]byte(".git\n"), in.Ignore...) // "!.git" takes it back
	client, err := dockerui.NewClient(&client{in: in, names: names})
	if err != nil {
		return nil, err
	}
	config := client.Config
	config.BuildArgs = map[string]string{}
	if !in.Epoch.IsZero() {
		config.BuildArgs["SOURCE_DATE_EPOCH"] = strconv.FormatInt(in.Epoch.Unix(), 10)
	}
	if !f.proxies {
		for name, value := range map[string]string{
			"HTTP_PROXY": in.Proxy.HTTPProxy, "HTTPS_PROXY": in.Proxy.HTTPSProxy, "FTP_PROXY": in.Proxy.FTPProxy,
			"NO_PROXY": in.Proxy.NoProxy, "ALL_PROXY": in.Proxy.AllProxy,
		} {
			if value != "" {
				config.BuildArgs[name] = value
			}
		}
	}
	if in.Pull {
		config.ImageResolveMode = llb.ResolveModeForcePull
	}
	return dockerfile2llb.Dockerfile2LLB(ctx, f.data, dockerfile2llb.ConvertOpt{
		Config: config, Client: client, MetaResolver: resolve, TargetPlatform: &in.Platform, LLBCaps: &in.Caps,
		SourceMap: llb.NewSourceMap(nil, f.Name, "Dockerfile", f.data),
	})
}

// baseNames are the names under which the compiler will ask for the base image.
func (f *File) baseNames(isBase func(string) bool) ([]string, error) {
	var names []string
	for _, ref := range f.images {
		named, err := reference.ParseNormalizedNamed(ref)
		if err != nil || !isBase(reference.FamiliarName(named)) {
			continue
		}
		names = append(names, strings.TrimSuffix(reference.FamiliarString(named), ":latest")) // as package dockerui does
	}
	for _, s := range f.stages {
		if slices.Contains(names, s.Name) { // the compiler would take the image for the stage
			return nil, f.failed(at(s.Location, fmt.Errorf("the stage is called %s, as the base image is: give it another name", s.Name)))
		}
	}
	return names, nil
}

// sameAsBase says whether an image that a stage begins with is the base.
func (in Inputs) sameAsBase(image *dockerspec.DockerOCIImage) bool {
	var base dockerspec.DockerOCIImage
	if image == nil || json.Unmarshal(in.Config, &base) != nil {
		return false
	}
	return reflect.DeepEqual(&base, image)
}

// steps are the names of the steps of a definition that come from the file.
func (f *File) steps(def *pb.Definition) []string {
	var steps []string
	for _, m := range def.Metadata {
		if name := m.Description["llb.customname"]; strings.HasPrefix(name, f.prefix()) {
			steps = append(steps, name)
		}
	}
	slices.Sort(steps)
	return steps
}
