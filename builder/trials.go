package builder

import (
	"fmt"
	"slices"

	"github.com/moby/buildkit/client/llb"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// trial is one step that tries what images start with: the starts of all those that have the same files and are started alike.
type trial struct {
	name   string
	state  llb.State
	config plan2llb.Config
	starts []start
	// own says that the files are those of one image alone.
	own bool
}

// trials are what is to be tried of images, of which the base image is the first.
func (b *build) trials(project *setupcfg.Project, all []assembly) ([]*trial, error) {
	scripts := slices.Concat(project.ConsoleScripts.Value, project.GUIScripts.Value)
	var out []*trial
	for n, a := range all {
		starts := startsOf(a.image, scripts)
		if n == 0 {
			starts = append(starts, b.initStart()...)
		}
		if len(starts) == 0 && (n > 0 || !b.plan.SystemSitePackages) {
			continue
		}
		if a.dockerfile != nil && !a.dockerfile.FromBase {
			b.warnings = append(b.warnings, fmt.Sprintf("%s: whether %s starts is not looked at: %s does not end in an image that is made from the base image", starts[0].from, starts[0].Name, a.image.Dockerfile))
			continue
		}
		t, err := b.trial(a, starts)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(out, t.alike); i >= 0 {
			out[i].starts = append(out[i].starts, starts...)
			continue
		}
		switch first := !slices.ContainsFunc(out, func(o *trial) bool { return !o.own }); {
		case a.own || !first:
			t.name = "[check " + label(a.image) + "] script"
		default:
			t.name = "[check] scripts"
		}
		if !a.own {
			t.state = all[0].state
		}
		out = append(out, t)
	}
	return out, nil
}

func (b *build) trial(a assembly, starts []start) (*trial, error) {
	raw, err := b.configOf(a)
	if err != nil {
		return nil, err
	}
	config, err := plan2llb.ParseConfig(raw)
	return &trial{state: a.state, config: config, starts: starts, own: a.own}, err
}

// alike says whether one step can try what both start with.
func (t *trial) alike(other *trial) bool {
	a, b := t.config.Config, other.config.Config
	return !t.own && !other.own && a.User == b.User && a.WorkingDir == b.WorkingDir && slices.Equal(a.Env, b.Env)
}
