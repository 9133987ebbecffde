package plan2llb

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/moby/buildkit/client/llb"

	"github.com/pbrx-go/pbrx-go/images"
)

// repository is what steps are told of a repository. Its key is a mount, by its place in the list.
type repository struct {
	// Name is empty where nothing of it is kept: then it makes no difference.
	Name       string   `json:"name,omitempty"`
	URI        string   `json:"uri"`
	Suite      string   `json:"suite,omitempty"`
	Components []string `json:"components,omitempty"`
	// Key is the name of the key's file, which apk knows keys by; empty for others.
	Key string `json:"key,omitempty"`
}

// repositories mounts what says where the repositories beside the base's own are, and their keys. Nothing of it is in the image
// afterwards but what packages.py keeps.
func repositories(packageManager string, all []images.Repository) llb.RunOption {
	all = slices.SortedFunc(slices.Values(all), func(a, b images.Repository) int {
		return cmp.Or(cmp.Compare(a.URI, b.URI), cmp.Compare(a.Suite, b.Suite), slices.Compare(a.Components, b.Components), cmp.Compare(a.Name, b.Name))
	})
	var told []repository
	var opts options
	for n, r := range all {
		t := repository{URI: r.URI, Suite: r.Suite, Components: r.Components}
		if r.Keep {
			t.Name = r.Name
		}
		if packageManager == "apk" {
			t.Key = keyName(r.Key)
		}
		told = append(told, t)
		opts = append(opts, mountContent(runDir+"/keys/"+strconv.Itoa(n), r.Key, nil))
	}
	if len(told) == 0 {
		return options{}
	}
	data, _ := json.Marshal(told) // strings can be
	return append(opts, textFile(runDir+"/repositories.json", data))
}

// keyName is the name of a key's file: what its origin calls it, or what it is called where it was put.
func keyName(key images.Content) string {
	if name := path.Base(key.Origin); strings.HasSuffix(name, ".pub") {
		return name
	}
	return path.Base(key.Path)
}

// repositoryNames are the names of repositories, in their order, and the lines that ask for them.
func repositoryNames(all []images.Repository) (names, from []string) {
	for _, r := range all {
		names, from = append(names, r.Name), append(from, r.From)
	}
	return names, from
}

// mountContent mounts what an origin was found to be, read-only: nothing but its content is part of the key. others are the file
// systems of images, by their reference.
func mountContent(dest string, content images.Content, others map[string]llb.State) llb.RunOption {
	opts := []llb.MountOption{llb.Readonly}
	if p := path.Clean("/" + content.Path); p != "/" {
		opts = append(opts, llb.SourcePath(p))
	}
	return llb.AddMount(dest, contentState(content, others), opts...)
}

// contentState is the file system in which a content is at its path. Where nobody has it, that is said when the state is solved.
func contentState(content images.Content, others map[string]llb.State) llb.State {
	st, found := others[content.Image]
	switch {
	case content.Image == "" && content.Local != "":
		return local(content.Local)
	case content.Image != "" && found:
		return st
	}
	return llb.Scratch().Async(func(context.Context, llb.State, *llb.Constraints) (llb.State, error) {
		return llb.State{}, fmt.Errorf("nobody fetched %s (%s%s): please report this", content.Origin, content.Image, content.Local)
	})
}

// local is a local source, with all that it holds.
func local(name string) llb.State {
	return llb.Local(name, llb.SharedKeyHint(name), llb.WithCustomName("[internal] "+name))
}
