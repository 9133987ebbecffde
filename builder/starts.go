package builder

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// start is one thing that happens when an image starts, and that a check tries.
type start struct {
	plan2llb.EntryPoint
	from string
}

// startsOf are those of an image: the entry point of its script, or of the one that its command names, its WSGI application, the program of
// another command, and that of an entry point in place of the init. What follows such a program are arguments, but after "--", as an init has it.
func startsOf(image images.Image, scripts []setupcfg.Script) []start {
	var all []start
	program := image.Script
	if len(image.Cmd) > 0 {
		program = image.Cmd[0]
	}
	entry := image.Config.Entrypoint
	starts := program == image.Script || entry == nil || len(*entry) == 0 || (*entry)[len(*entry)-1] == "--"
	i := slices.IndexFunc(scripts, func(s setupcfg.Script) bool { return s.Name == program })
	if i >= 0 && starts {
		all = append(all, scriptStart(scripts[i]))
	}
	if image.WSGI != "" {
		module, attribute, _ := strings.Cut(image.WSGI, ":")
		all = append(all, start{plan2llb.EntryPoint{Name: image.WSGI, Kind: plan2llb.WSGI, Module: module, Attribute: attribute}, image.WSGIFrom})
	}
	if entry != nil && len(*entry) > 0 {
		all = append(all, start{plan2llb.EntryPoint{Name: (*entry)[0], Kind: plan2llb.Command}, image.Config.EntrypointFrom})
	}
	if i < 0 && starts && program != image.Script {
		all = append(all, start{plan2llb.EntryPoint{Name: program, Kind: plan2llb.Command}, cmp.Or(image.CmdFrom, image.From)})
	}
	return all
}

// initStart is that of the init that somebody chose, which is before every command unless an entry point takes its place.
func (b *build) initStart() []start {
	at := b.opts.Plan.InitPath
	if at == "" || at != b.plan.Init.Path || b.plan.Images[0].Config.Entrypoint != nil {
		return nil
	}
	return []start{{plan2llb.EntryPoint{Name: at, Kind: plan2llb.Command}, b.opts.Plan.InitFrom}}
}

// scriptStart is that of a script.
func scriptStart(s setupcfg.Script) start {
	module, attribute, _ := strings.Cut(s.Value, ":")
	return start{plan2llb.EntryPoint{Name: s.Name, Module: strings.TrimSpace(module), Attribute: strings.TrimSpace(attribute)}, s.Pos.String()}
}
