package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/builder/engine"
	"github.com/pbrx-go/pbrx-go/builder/engine/docker"
	"github.com/pbrx-go/pbrx-go/builder/engine/embedded"
	"github.com/pbrx-go/pbrx-go/builder/engine/remote"
)

func newDoctor(a *app) *cobra.Command {
	var flags engineFlags
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Show the engines found, what each can do, what is missing and the command that mends it",
		Args:  atMost(0, "none"),
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context(), flags) },
	}
	flags.bind(cmd)
	return cmd
}

// levelNone is the level of an engine that is not there, which is nobody's fault.
const levelNone = "none"

// finding is one line of the doctor's.
type finding struct {
	engine, level, name, detail, remedy string
}

// doctor looks at every engine there may be, or at the one that was asked for, and fails where none can build.
func (a *app) doctor(ctx context.Context, f engineFlags) error {
	if err := f.check(a.env); err != nil {
		return err
	}
	quietLogs()
	var all []finding
	usable := false
	look := func(found []finding) {
		all = append(all, found...)
		good := len(found) > 0
		for _, one := range found {
			good = good && one.level != string(embedded.LevelFail) && one.level != levelNone
		}
		usable = usable || good
	}
	switch f.engine {
	case engineAuto:
		if address := a.env["BUILDKIT_HOST"]; address != "" {
			look(a.examineRemote(ctx, address, f.tls))
		}
		look(a.examineDocker(ctx))
		look(a.examineEmbedded(ctx))
	case engineDocker:
		look(a.examineDocker(ctx))
	case engineEmbedded:
		look(a.examineEmbedded(ctx))
	default:
		look(a.examineRemote(ctx, f.engine, f.tls))
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	w := tabwriter.NewWriter(a.streams.Out, 0, 0, 2, ' ', 0)
	for _, one := range all {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", one.engine, one.level, one.name, one.detail)
		if one.remedy != "" {
			fmt.Fprintf(w, "\t\t\t→ %s\n", one.remedy)
		}
	}
	w.Flush()
	if !usable {
		return &builder.EngineError{Doing: "looking for an engine", Err: errors.New("none can build here"), Hint: "do for one of them what stands behind its →"}
	}
	return nil
}

func (a *app) examineEmbedded(ctx context.Context) []finding {
	var out []finding
	for _, f := range embedded.Check(ctx, a.stateDir()) {
		out = append(out, finding{engineEmbedded, string(f.Level), f.Name, f.Detail, f.Remedy})
	}
	return out
}

func (a *app) examineDocker(ctx context.Context) []finding {
	endpoint, d, err := a.findDocker(ctx)
	if err != nil {
		return []finding{failing(engineDocker, err)}
	}
	defer d.Close()
	out := []finding{{engineDocker, "ok", "engine", fmt.Sprintf("Docker Engine %s at %s (%s)", d.Version(), endpoint.Host, endpoint.Source), ""}}
	return append(out, abilities(ctx, engineDocker, &engine.Engine{Client: d.Client()}, d.Containerd()))
}

func (a *app) examineRemote(ctx context.Context, address, tls string) []finding {
	c, err := remote.Open(ctx, address, remote.Options{TLSDir: tls})
	if err != nil {
		return []finding{failing("buildkitd", err)}
	}
	defer c.Close()
	version := "of unknown version"
	if info, err := c.Info(ctx); err == nil {
		version = info.BuildkitVersion.Version
	}
	out := []finding{{"buildkitd", "ok", "engine", fmt.Sprintf("buildkitd %s at %s", version, address), ""}}
	return append(out, abilities(ctx, "buildkitd", &engine.Engine{Client: c}, true))
}

// failing is an engine that cannot be used.
func failing(name string, err error) finding {
	out := finding{engine: name, level: string(embedded.LevelFail), name: "engine", detail: err.Error()}
	var noDocker *docker.Unavailable
	var noRemote *remote.Unavailable
	switch {
	case errors.As(err, &noDocker):
		out.detail, out.remedy = noDocker.Problem(), noDocker.Remedy()
		if noDocker.Reason == docker.NoSocket {
			out.level = levelNone
		}
	case errors.As(err, &noRemote):
		out.detail, out.remedy = noRemote.Problem(), noRemote.Hint
	}
	return out
}

// abilities says what an engine can do that others cannot.
func abilities(ctx context.Context, name string, e *engine.Engine, exports bool) finding {
	can, err := builder.Examine(ctx, e)
	if err != nil {
		return finding{name, string(embedded.LevelFail), "abilities", err.Error(), ""}
	}
	say := map[bool]string{true: "yes", false: "no"}
	words := []string{
		"platform " + can.Platform, "layers merged " + say[can.Merge], "bases read from this machine " + say[can.OCILayout],
		"layer cache exported " + say[exports],
	}
	return finding{name, "ok", "abilities", strings.Join(words, ", "), ""}
}
