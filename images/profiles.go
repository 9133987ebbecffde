package images

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// ScriptProfile is the profile of bindep.txt that is on for the image of a script: the script's canonical name (PEP 503). It is empty where that
// is a word with another meaning, which selects nothing for the image.
func ScriptProfile(script string) string {
	name := setupcfg.Canonical(script)
	if script == "" || slices.Contains([]string{bindep.CompileProfile, bindep.DefaultProfile, "test", "doc"}, name) {
		return ""
	}
	return name
}

// NearProfiles warns of profiles that look like the name of a script, and are not: such lines are for no image.
func NearProfiles(file *bindep.File, scripts []string) []bindep.Warning {
	var names []string
	for _, s := range scripts {
		if name := ScriptProfile(s); name != "" {
			names = append(names, name)
		}
	}
	var out []bindep.Warning
	for _, profile := range file.Profiles() {
		if strings.Contains(profile, ":") || slices.Contains(names, profile) {
			continue
		}
		near := nearest(setupcfg.Canonical(profile), names)
		if near == "" {
			continue
		}
		word := regexp.MustCompile(`[\[( !]` + regexp.QuoteMeta(profile) + `[\]) ]`)
		i := slices.IndexFunc(file.Rules, func(r bindep.Rule) bool { return word.MatchString(r.String()) })
		if i < 0 {
			continue
		}
		out = append(out, bindep.Warning{Pos: file.Rules[i].Pos, Msg: fmt.Sprintf("the profile %q is on for no image", profile),
			Hint: fmt.Sprintf("write %s, which is on for the image of that script, if that is meant", near)})
	}
	return out
}

// warnProfiles is NearProfiles for the plan.
func (p *Plan) warnProfiles(in Input, all []program) {
	if in.Bindep == nil {
		return
	}
	var scripts []string
	for _, s := range all {
		scripts = append(scripts, s.Name)
	}
	for _, w := range NearProfiles(in.Bindep, scripts) {
		p.Warnings = append(p.Warnings, w.String())
	}
}
