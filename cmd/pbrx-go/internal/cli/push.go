package cli

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/images/archive"
	"github.com/pbrx-go/pbrx-go/images/deliver"
	"github.com/pbrx-go/pbrx-go/images/layout"
	"github.com/pbrx-go/pbrx-go/images/naming"
)

// pushForms are what --output takes of push-images.
const pushForms = "oci:DIR, oci-archive:FILE, docker-archive:FILE or docker-daemon:"

type pushOptions struct {
	planFlags
	engine string
	output string
	tags   []string
	dir    string
}

func newPushImages(a *app) *cobra.Command {
	o := &pushOptions{}
	cmd := &cobra.Command{
		Use:   "push-images [DIR]",
		Short: "Push the images that build-images made",
		Long: `Pushes the images of the Python project in DIR (default: the current directory) to the registries that
their names say: every blob and manifest of the set first, then the tags. A push that breaks off says which tags were
written; running it again completes it. Credentials are docker's (docker login).

` + exitCodesHelp,
		Args: atMost(1, "the project's directory"),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.dir = directory(args)
			return a.pushImages(cmd.Context(), o)
		},
	}
	o.bindDefinition(cmd)
	flags := cmd.Flags()
	flags.StringVar(&o.engine, "engine", engineAuto, "`ENGINE` that built the images, which says where they are")
	flags.StringVar(&o.output, "output", "", "where the images are: `DEST` is "+pushForms+" (default: where build-images puts them)")
	flags.StringVar(&o.prefix, "prefix", "", "`PREFIX` of the images' names: registry, namespace")
	flags.StringArrayVar(&o.only, "only", nil, "the images of these `SCRIPT`s (and the base) only; can be repeated")
	flags.BoolVar(&o.gui, "gui-scripts", false, "the images for gui_scripts too")
	flags.StringArrayVarP(&o.tags, "tag", "t", nil, "`TAG` of every image of the set (default: the releases, else latest); can be repeated")
	return cmd
}

func (a *app) pushImages(ctx context.Context, o *pushOptions) (err error) {
	if err := (&engineFlags{engine: o.engine}).check(a.env); err != nil {
		return err
	}
	from, err := o.location()
	if err != nil {
		return err
	}
	names, err := a.pushNames(ctx, o)
	if err != nil {
		return err
	}
	dir, remove, err := tempDir(os.TempDir())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	if o.output == "" {
		if from, err = a.pushSource(ctx, o, names[0]); err != nil {
			return err
		}
	}
	set, err := a.collect(ctx, from, names, o.tags, dir)
	if err != nil {
		return err
	}
	if err := deliver.Deliver(ctx, set, []deliver.Destination{deliver.Registry{Options: a.pushOptions()}}); err != nil {
		return err
	}
	for _, item := range set.Items {
		for _, tag := range item.Tags {
			fmt.Fprintf(a.streams.Out, "%s:%s@%s\n", item.Name, tag, item.Image.Descriptor.Digest)
		}
	}
	return nil
}

// pushNames are the names of the project's images, without tags.
func (a *app) pushNames(ctx context.Context, o *pushOptions) (names []string, err error) {
	o.lock, o.quiet = noLock, true
	set, err := a.loadDefinition(o.dir, &o.planFlags)
	if err != nil {
		return nil, err
	}
	if len(o.tags) == 0 {
		o.tags = []string{releaseTag(set)}
	}
	if o.prefix == "" {
		return nil, usagef("push-images: say which registry with --prefix, as in --prefix registry.example.org/team")
	}
	for _, tag := range o.tags {
		if err := naming.CheckTag(tag); err != nil {
			return nil, usagef("--tag: %w", err)
		}
	}
	in, err := a.readInput(ctx, o.dir, set, &o.planFlags)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, in.close()) }()
	plan, err := images.New(in.Input, o.options())
	if err != nil {
		return nil, usageError{err}
	}
	if plan.Pending() {
		return nil, usagef("%s: which images there are is known from the wheel only: push them with `pbrx-go build-images --push`", o.dir)
	}
	for _, image := range plan.Images {
		if image.Selected {
			names = append(names, image.Name)
		}
	}
	return names, nil
}

// location is where --output says that the images are.
func (o *pushOptions) location() (naming.Location, error) {
	if o.output == "" {
		return naming.Location{}, nil
	}
	at, err := naming.ParseLocation(o.output)
	switch {
	case err != nil:
		return at, usagef("--output %w: use %s", err, pushForms)
	case at.Transport == naming.Registry, at.Transport == naming.RootFS:
		return at, usagef("--output %s: no images are pushed from there: use %s", o.output, pushForms)
	case at.Ref != "", at.Transport == naming.DockerDaemon && at.Name != "":
		return at, usagef("--output %s: names come from the project: use %s with --prefix and --tag", o.output, bare(at))
	}
	return at, nil
}

// pushSource is where the engine's builds put their images.
func (a *app) pushSource(ctx context.Context, o *pushOptions, name string) (naming.Location, error) {
	store := naming.Location{Transport: naming.OCILayout, Name: a.imageStore()}
	if o.engine == engineDocker {
		return naming.Location{Transport: naming.DockerDaemon}, nil
	}
	if o.engine != engineAuto || a.env["BUILDKIT_HOST"] != "" {
		return store, nil
	}
	_, daemon, err := a.findDocker(ctx)
	if err != nil { // where there is no Docker, builds put nothing into it
		return store, context.Cause(ctx)
	}
	defer daemon.Close()
	if _, err := daemon.Image(ctx, name+":"+o.tags[0]); err != nil {
		return store, context.Cause(ctx)
	}
	return naming.Location{Transport: naming.DockerDaemon}, nil
}

// collect opens the images.
func (a *app) collect(ctx context.Context, from naming.Location, names, tags []string, temp string) (*deliver.Set, error) {
	dir := from.Name
	switch from.Transport {
	case naming.OCIArchive, naming.DockerArchive:
		f, err := os.Open(from.Name)
		if err != nil {
			return nil, notBuilt(fmt.Errorf("reading %s: %w", from, err))
		}
		defer f.Close()
		dir = temp
		if err := archive.Extract(f, dir, archive.ExtractOptions{Compression: "zstd"}); err != nil {
			return nil, usagef("reading %s: %w", from, err)
		}
	case naming.DockerDaemon:
		return a.collectFromDocker(ctx, names, tags, temp)
	default: // a layout, which is read where it lies
	}
	set := &deliver.Set{Dirs: []string{dir}}
	for _, name := range names {
		for _, tag := range tags {
			img, err := layout.Find(dir, name+":"+tag, "")
			var choice *layout.ChoiceError
			if errors.As(err, &choice) && dir == temp {
				choice.Place = "the archive " + from.Name
			}
			if err != nil {
				return nil, notBuilt(err)
			}
			add(set, name, tag, img)
		}
	}
	return set, nil
}

func notBuilt(err error) error {
	return usagef("%w: build it first with `pbrx-go build-images` and the same --prefix and --tag", err)
}

// add makes tags of one image one item.
func add(set *deliver.Set, name, tag string, img *layout.Image) {
	if n := len(set.Items) - 1; n >= 0 && set.Items[n].Name == name && set.Items[n].Image.Descriptor.Digest == img.Descriptor.Digest {
		set.Items[n].Tags = append(set.Items[n].Tags, tag)
		return
	}
	set.Items = append(set.Items, deliver.Item{Name: name, Tags: []string{tag}, Image: img})
}

// collectFromDocker brings the images over from Docker Engine.
func (a *app) collectFromDocker(ctx context.Context, names, tags []string, temp string) (*deliver.Set, error) {
	_, daemon, err := a.findDocker(ctx)
	if err != nil {
		return nil, err
	}
	defer daemon.Close()
	set := &deliver.Set{Dirs: []string{temp}}
	var ids []string
	for _, name := range names {
		for _, tag := range tags {
			img, err := daemon.Image(ctx, name+":"+tag)
			if err != nil {
				return nil, notBuilt(err)
			}
			add(set, name, tag, img)
		}
	}
	for _, item := range set.Items {
		ids = append(ids, item.Image.Descriptor.Digest.String())
	}
	fetched, err := (&deliver.Kept{Daemon: daemon}).Fetch(ctx, ids, temp, "zstd")
	if err != nil {
		return nil, err
	}
	for n := range set.Items {
		set.Items[n].Image = fetched[n]
	}
	return set, nil
}
