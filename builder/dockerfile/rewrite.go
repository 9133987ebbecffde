package dockerfile

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	"google.golang.org/protobuf/proto"
)

// StepPrefix begins the names of all steps of Dockerfiles.
const StepPrefix = "[Dockerfile."

// prefix begins the names of the file's steps.
func (f *File) prefix() string { return "[" + f.Name + ":" }

// output is what BuildKit's compiler made, with names and times of ours. The names of a definition are set when it is
// written, which is why it is written twice: a state may be used in several sessions, each with files of its own. LLB compares outputs, so it is always a pointer.
type output struct {
	file  string
	epoch time.Time
	state llb.State
}

// Vertex is the last step.
func (o *output) Vertex(ctx context.Context, c *llb.Constraints) llb.Vertex {
	inner, err := o.rewritten(ctx, c)
	if err != nil {
		return o.state.Output().Vertex(ctx, c) // ToInput tells the error
	}
	return inner.Vertex(ctx, c)
}

// ToInput refers to the last step.
func (o *output) ToInput(ctx context.Context, c *llb.Constraints) (*pb.Input, error) {
	inner, err := o.rewritten(ctx, c)
	if err != nil {
		return nil, err
	}
	return inner.ToInput(ctx, c)
}

func (o *output) rewritten(ctx context.Context, c *llb.Constraints) (llb.Output, error) {
	def, err := o.marshal(ctx, c)
	if err != nil {
		return nil, err
	}
	op, err := llb.NewDefinitionOp(def)
	if err != nil {
		return nil, fmt.Errorf("reading the steps of %s: %w", o.file, err)
	}
	return op.Output(), nil
}

// marshal writes the steps down and changes their names and times.
func (o *output) marshal(ctx context.Context, c *llb.Constraints) (*pb.Definition, error) {
	written, err := o.state.Marshal(ctx, llb.LocalUniqueID(c.LocalUniqueID))
	if err != nil {
		return nil, err
	}
	return o.stamp(written.ToPB())
}

// stamp names the file's steps after their lines and gives what they copy out of the context the epoch as its time. A step that is
// changed has another digest, and so have all that build on it.
func (o *output) stamp(def *pb.Definition) (*pb.Definition, error) {
	out := &pb.Definition{Metadata: map[string]*pb.OpMetadata{}, Source: &pb.Source{Locations: map[string]*pb.Locations{}}}
	if def.Source != nil {
		out.Source.Infos = def.Source.Infos
	}
	moved, context := map[string]string{}, map[string]bool{}
	for _, data := range def.Def {
		old := digestOf(data)
		var op pb.Op
		if err := op.UnmarshalVT(data); err != nil {
			return nil, fmt.Errorf("reading a step of %s: %w", o.file, err)
		}
		changed := false
		for _, input := range op.Inputs {
			if now, ok := moved[input.Digest]; ok && now != input.Digest {
				input.Digest, changed = now, true
			}
		}
		line := lineOf(def, old)
		if line > 0 && o.stampFiles(&op, context) {
			changed = true
		}
		if changed {
			var err error
			if data, err = (proto.MarshalOptions{Deterministic: true}).Marshal(&op); err != nil {
				return nil, fmt.Errorf("writing a step of %s: %w", o.file, err)
			}
		}
		now := digestOf(data)
		moved[old] = now
		context[now] = op.GetSource().GetIdentifier() == "local://"+ContextLocal
		out.Def = append(out.Def, data)
		if m := def.Metadata[old]; m != nil {
			if _, command, ok := strings.Cut(m.Description["llb.customname"], "] "); ok && line > 0 { // [STAGE N/M] COMMAND
				m.Description["llb.customname"] = fmt.Sprintf("[%s:%d] %s", o.file, line, command)
			}
			out.Metadata[now] = m
		}
		if def.Source != nil && def.Source.Locations[old] != nil {
			out.Source.Locations[now] = def.Source.Locations[old]
		}
	}
	return out, nil
}

// stampFiles sets the times of what a step copies out of the context, and says whether it did.
func (o *output) stampFiles(op *pb.Op, context map[string]bool) (changed bool) {
	for _, action := range op.GetFile().GetActions() {
		from := int(action.SecondaryInput)
		c := action.GetCopy()
		if c == nil || c.Timestamp != -1 || from < 0 || from >= len(op.Inputs) || !context[op.Inputs[from].Digest] {
			continue
		}
		c.Timestamp, changed = o.epoch.UnixNano(), true
	}
	return changed
}

// lineOf is the line that a step comes from, 0 where it comes from none.
func lineOf(def *pb.Definition, d string) int {
	for _, at := range def.GetSource().GetLocations()[d].GetLocations() {
		for _, r := range at.Ranges {
			if r.Start != nil {
				return int(r.Start.Line)
			}
		}
	}
	return 0
}

func digestOf(data []byte) string { return digest.FromBytes(data).String() }

// at is an error at a place.
func at(place []parser.Range, err error) error { return parser.WithLocation(err, place) }
