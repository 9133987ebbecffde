package definition

import (
	"regexp"
	"strings"

	"github.com/pbrx-go/pbrx-go/images/naming"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// warnings are what is legal in a set and probably not what was meant.
func (s *Set) warnings() []setupcfg.Warning {
	var out []setupcfg.Warning
	references := []Text{s.Base, s.Builder}
	s.eachOrigin(func(o *Origin) {
		if o.Kind == FromImage {
			references = append(references, o.Where)
		}
		oneArch := regexp.MustCompile(`amd64|x86_64|arm64|aarch64`).FindString(o.Where.Value)
		if o.Kind == URL && oneArch != "" && len(o.Arch) == 0 && len(s.Platforms) > 1 {
			out = append(out, setupcfg.Warning{Pos: o.Where.At, Msg: "the URL is that of " + oneArch + ", and platforms has more", Hint: "write {arch} or {machine}, or arch = […]"})
		}
	})
	for _, c := range s.contents() {
		for _, r := range c.Runs {
			references = append(references, r.In)
		}
	}
	for _, ref := range references {
		if l, err := naming.ParseLocation(ref.Value); err == nil && l.Transport == naming.Registry && isLatest(l.Name) {
			out = append(out, setupcfg.Warning{Pos: ref.At, Msg: ref.Value + " is another image tomorrow", Hint: "name a version"})
		}
	}
	return out
}

// isLatest says whether a reference to a registry is that of the tag latest, said or not, without a digest.
func isLatest(name string) bool {
	last := name[strings.LastIndexByte(name, '/')+1:]
	_, tag, tagged := strings.Cut(last, ":")
	return last != "" && !strings.Contains(last, "@") && (!tagged || tag == "latest")
}

// contents are those of the base image and of all others.
func (s *Set) contents() []*Content {
	out := []*Content{&s.Content}
	for i := range s.Images {
		out = append(out, &s.Images[i].Content)
	}
	return out
}
