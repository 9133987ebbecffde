package plan2llb

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"
	"github.com/opencontainers/go-digest"
	"google.golang.org/protobuf/encoding/protojson"
)

// Dump writes the LLB of a state as text that can be compared: operations in the order of the
// definition, numbered, inputs by number instead of by digest, and of file contents their size only.
func Dump(ctx context.Context, st llb.State) (string, error) {
	// Local sources are told apart from those of other sessions by a random word; here there are none.
	def, err := st.Marshal(ctx, llb.LinuxAmd64, llb.LocalUniqueID("session"))
	if err != nil {
		return "", fmt.Errorf("writing LLB: %w", err)
	}
	var out strings.Builder
	numbers := map[string]int{}
	for n, raw := range def.Def {
		var op pb.Op
		if err := op.UnmarshalVT(raw); err != nil {
			return "", fmt.Errorf("reading LLB back: %w", err)
		}
		d := digest.FromBytes(raw)
		numbers[d.String()] = n
		name := ""
		if meta, ok := def.Metadata[d]; ok {
			name = meta.Description["llb.customname"]
		}
		fmt.Fprintf(&out, "%d: %s\n", n, name)
		for _, in := range op.Inputs {
			fmt.Fprintf(&out, "    input %d.%d\n", numbers[in.Digest], in.Index)
		}
		text, err := describe(&op)
		if err != nil {
			return "", err
		}
		out.WriteString(text)
	}
	return out.String(), nil
}

// describe prints an operation without its inputs, which are numbers by now.
func describe(op *pb.Op) (string, error) {
	op.Inputs, op.Platform, op.Constraints = nil, nil, nil
	if exec := op.GetExec(); exec != nil && exec.Meta != nil { // no part of the plan, and it may have passwords
		exec.Meta.ProxyEnv = nil
	}
	var sizes []string
	for _, action := range op.GetFile().GetActions() {
		if mk := action.GetMkfile(); mk != nil {
			sizes = append(sizes, fmt.Sprintf("%d bytes", len(mk.Data)))
			mk.Data = nil
		}
	}
	// protojson adds blanks at random on purpose; encoding/json takes them out again.
	raw, err := protojson.Marshal(op)
	if err != nil {
		return "", fmt.Errorf("printing LLB: %w", err)
	}
	var tree map[string]any
	if err := json.Unmarshal(raw, &tree); err != nil {
		return "", fmt.Errorf("printing LLB: %w", err)
	}
	putSizes(tree, sizes)
	pretty, err := json.MarshalIndent(tree, "    ", "  ")
	if err != nil {
		return "", fmt.Errorf("printing LLB: %w", err)
	}
	return "    " + string(pretty) + "\n", nil
}

// putSizes writes the sizes of files where their contents would be.
func putSizes(tree map[string]any, sizes []string) {
	file, _ := tree["file"].(map[string]any)
	actions, _ := file["actions"].([]any)
	for _, a := range actions {
		action, _ := a.(map[string]any)
		if mk, ok := action["mkfile"].(map[string]any); ok && len(sizes) > 0 {
			mk["data"], sizes = sizes[0], sizes[1:]
		}
	}
}
