package definition

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/images/naming"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// Chooses says whether the patterns of scripts give a console script an image; by is the pattern that decided, unset where none did.
func (s *Set) Chooses(script string) (chosen bool, by Text) {
	chosen = s.Scripts == nil
	for _, p := range s.Scripts {
		pattern, not := strings.CutPrefix(p.Value, "!")
		if ok, err := path.Match(pattern, script); err == nil && ok {
			chosen, by = !not, p
		}
	}
	return chosen, by
}

// CheckScripts compares images and patterns with the console scripts that there are, each with its place in the project's files. The error
// is a setupcfg.ErrorList: images that would start nothing, images of scripts that are left out. Patterns without a script are warnings.
func (s *Set) CheckScripts(scripts []Text) ([]setupcfg.Warning, error) {
	p := &problems{}
	for _, image := range s.Images {
		if image.Command != nil || image.WSGI.IsSet() {
			continue
		}
		s.checkScript(p, image, scripts)
		s.checkOwnScript(p, image, scripts)
	}
	var warnings []setupcfg.Warning
	for _, t := range s.Scripts {
		pattern := strings.TrimPrefix(t.Value, "!")
		if t.Value == "*" || slices.ContainsFunc(scripts, func(s Text) bool { ok, err := path.Match(pattern, s.Value); return ok && err == nil }) {
			continue
		}
		warnings = append(warnings, setupcfg.Warning{Pos: t.At, Msg: fmt.Sprintf("scripts: %q fits no console script", t.Value)})
	}
	if len(s.Scripts) > 0 && len(scripts) > 0 && !slices.ContainsFunc(scripts, func(script Text) bool { chosen, _ := s.Chooses(script.Value); return chosen }) {
		warnings = append(warnings, setupcfg.Warning{Pos: s.Scripts[0].At, Msg: "scripts: no console script is chosen", Hint: `begin the list with "*" to leave some out, or write [] for none`})
	}
	return warnings, p.err(s.Files)
}

// checkOwnScript refuses another script in the image that a script has anyway.
func (s *Set) checkOwnScript(p *problems, image Image, scripts []Text) {
	for _, script := range scripts {
		if chosen, _ := s.Chooses(script.Value); chosen && script.Value == image.Name && image.Script.IsSet() && image.Script.Value != image.Name {
			p.add(image.Script.At, "image.%s is the image of the console script %s (%s); leave script out, or call the image otherwise", image.Name, script.Value, line(script))
		}
	}
}

// checkScript checks that an image has a script, which is not left out.
func (s *Set) checkScript(p *problems, image Image, scripts []Text) {
	name, at := image.Name, image.At
	if image.Script.IsSet() {
		name, at = image.Script.Value, image.Script.At
	}
	for _, script := range scripts {
		if own, err := naming.ImageName(script.Value); script.Value != name && (err != nil || own != name || image.Script.IsSet()) {
			continue
		}
		if chosen, by := s.Chooses(script.Value); !chosen && !image.Script.IsSet() {
			where := "which scripts does not choose"
			if by.IsSet() {
				where = fmt.Sprintf("which scripts leaves out by %q (%s)", by.Value, line(by))
			}
			p.add(at, "%q is a console script (%s), %s; change one of them", name, line(script), where)
		}
		return
	}
	near := "there are none"
	if found, ok := bindep.Nearest(name, texts(scripts)); ok {
		script := scripts[slices.IndexFunc(scripts, func(t Text) bool { return t.Value == found })]
		near = line(script) + ": " + found
	} else if len(scripts) > 0 {
		near = "there are " + strings.Join(texts(scripts), ", ")
	}
	p.add(at, "%q is no console script (%s); mend the name or give command", name, near)
}

// line is the file and line of a place.
func line(t Text) string {
	if t.At.Line == 0 {
		return t.At.Filename
	}
	return fmt.Sprintf("%s:%d", t.At.Filename, t.At.Line)
}
