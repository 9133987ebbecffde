package dockerfile

import (
	"fmt"
	"slices"

	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"
)

// UnsupportedError says that a Dockerfile asks for what the engine cannot do.
type UnsupportedError struct {
	// At is the place in the Dockerfile, Ability what BuildKit calls that which the engine lacks.
	At, Ability string
}

// Error is one line that begins with the place.
func (e *UnsupportedError) Error() string {
	return e.At + ": the BuildKit of this engine cannot do that: it has no " + e.Ability
}

// check compares what the steps need with what the engine can do.
func (f *File) check(def *pb.Definition, caps apicaps.CapSet) error {
	for _, data := range def.Def {
		d := digestOf(data)
		line := lineOf(def, d)
		if line == 0 {
			continue
		}
		for _, id := range abilities(data, def.Metadata[d]) {
			if caps.Supports(id) != nil {
				return &UnsupportedError{At: fmt.Sprintf("%s:%d:1", f.Name, line), Ability: string(id)}
			}
		}
	}
	return nil
}

// abilities are what a step needs of an engine. LLB writes them down with a step, but for those of copying (BuildKit 0.33): an
// engine without them would copy something else and say nothing.
func abilities(data []byte, m *pb.OpMetadata) []apicaps.CapID {
	var out []apicaps.CapID
	for id, required := range m.GetCaps() {
		if required {
			out = append(out, apicaps.CapID(id))
		}
	}
	slices.Sort(out)
	var op pb.Op
	if op.UnmarshalVT(data) != nil { // it was written a moment ago
		return out
	}
	for _, action := range op.GetFile().GetActions() {
		c := action.GetCopy()
		if len(c.GetIncludePatterns())+len(c.GetExcludePatterns()) > 0 {
			out = append(out, pb.CapFileCopyIncludeExcludePatterns)
		}
		if len(c.GetRequiredPaths()) > 0 {
			out = append(out, pb.CapFileCopyRequiredPaths)
		}
		if c.GetAlwaysReplaceExistingDestPaths() {
			out = append(out, pb.CapFileCopyAlwaysReplaceExistingDestPaths)
		}
		if c.GetModeStr() != "" {
			out = append(out, pb.CapFileCopyModeStringFormat)
		}
	}
	return out
}
