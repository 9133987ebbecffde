package cli

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/builder/engine/embedded"
)

func newDoctor(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Show the engines found, what is missing and the command that mends it",
		Args:  atMost(0, "none"),
		RunE: func(cmd *cobra.Command, _ []string) error {
			w := tabwriter.NewWriter(a.streams.Out, 0, 0, 2, ' ', 0)
			broken := false
			for _, f := range embedded.Check(cmd.Context(), a.stateDir()) {
				fmt.Fprintf(w, "embedded\t%s\t%s\t%s\n", f.Level, f.Name, f.Detail)
				if f.Remedy != "" {
					fmt.Fprintf(w, "\t\t\t→ %s\n", f.Remedy)
				}
				broken = broken || f.Level == embedded.LevelFail
			}
			w.Flush()
			if broken {
				return &builder.EngineError{Doing: "looking for an engine", Err: errors.New("none can build here"), Hint: "mend what is listed as fail"}
			}
			return nil
		},
	}
}
