package definition

import (
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// together says what of a set does not go together.
func (d *decoder) together(s *Set) {
	d.distinctUsers(s.Users)
	d.distinctNames(s)
	d.beforeBase(s)
	handles := []string{}
	for _, p := range s.Projects {
		handles = append(handles, p.Handle)
	}
	s.eachOrigin(func(o *Origin) {
		if o.Kind == FromProject && !slices.Contains(handles, o.Where.Value) && o.Where.Value != d.name && o.Where.IsSet() {
			d.add(o.Where.At, "project: there is no [project.%s]; %s", o.Where.Value, known(handles))
		}
	})
}

// known lists handles.
func known(handles []string) string {
	if len(handles) == 0 {
		return "there are none"
	}
	return "known are " + strings.Join(handles, ", ")
}

// distinctUsers refuses accounts with one number or one name.
func (d *decoder) distinctUsers(users []User) {
	for i, u := range users {
		for _, other := range users[:i] {
			switch {
			case u.Name == other.Name:
				d.add(u.At, "user.%s has the name of user.%s; choose another", u.Handle, other.Handle)
			case u.UID == other.UID && u.UID != 0:
				d.add(u.At, "user.%s has the uid of user.%s, %d; choose another", u.Handle, other.Handle, u.UID)
			case (u.GID == other.GID) != (u.Group == other.Group) && u.UID != 0 && other.UID != 0:
				d.add(u.At, "user.%s has the group %s, %d, and user.%s %s, %d; give one group one number", u.Handle, u.Group, u.GID, other.Handle, other.Group, other.GID)
			}
		}
	}
}

// distinctNames refuses projects of one name, and an image with the name of the base image.
func (d *decoder) distinctNames(s *Set) {
	for i, p := range s.Projects {
		for _, other := range s.Projects[:i] {
			if setupcfg.Canonical(p.Handle) == setupcfg.Canonical(other.Handle) {
				d.add(p.At, "project.%s and project.%s are one name to pip; keep one", p.Handle, other.Handle)
			}
		}
	}
	for _, image := range s.Images {
		if d.name != "" && image.Name == d.name+"-base" {
			d.add(image.At, "image.%s has the name of the base image; choose another", image.Name)
		}
	}
}

// beforeBase refuses what depends on the base in what counts before the base is known: constraints, and the sources of projects.
func (d *decoder) beforeBase(s *Set) {
	for _, r := range s.Constraints {
		if o := r.Origin; o != nil {
			d.plainOrigin("constraints", o)
		}
	}
	for i := range s.Projects {
		d.plainOrigin("projects", &s.Projects[i].Origin)
	}
}

// plainOrigin refuses what depends on the base in an origin.
func (d *decoder) plainOrigin(what string, o *Origin) {
	if len(o.Arch) > 0 {
		d.add(o.At, "%s are the same on all architectures; leave arch out", what)
	}
	if len(o.SHA256) > 0 && !o.SHA256[AnyArch].IsSet() {
		d.add(o.Where.At, "%s are the same on all architectures; write one sha256", what)
	}
	texts := []Text{o.Part}
	if o.Kind == URL || o.Kind == Path {
		texts = append(texts, o.Where)
	}
	for _, t := range texts {
		if typical(t.Value) != plain(t.Value) {
			d.add(t.At, "%s are read before the base is known, so that %q has words without a value; write them out", what, t.Value)
		}
	}
}

// eachOrigin calls do for all origins of a set.
func (s *Set) eachOrigin(do func(*Origin)) {
	for i := range s.Projects {
		do(&s.Projects[i].Origin)
	}
	for _, r := range s.Constraints {
		if r.Origin != nil {
			do(r.Origin)
		}
	}
	for _, c := range s.contents() {
		c.eachOrigin(do)
	}
}

// eachOrigin calls do for all origins of an image.
func (c *Content) eachOrigin(do func(*Origin)) {
	for i := range c.Packages {
		if o := c.Packages[i].Origin; o != nil {
			do(o)
		}
	}
	for _, r := range c.Requirements {
		if r.Origin != nil {
			do(r.Origin)
		}
	}
	for i := range c.Repositories {
		do(&c.Repositories[i].Key)
	}
	for i := range c.Files {
		if o := c.Files[i].Origin; o != nil {
			do(o)
		}
	}
	for i := range c.Runs {
		if o := c.Runs[i].Source; o != nil {
			do(o)
		}
	}
}
