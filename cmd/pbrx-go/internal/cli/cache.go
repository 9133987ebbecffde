package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/docker/go-units"
	"github.com/moby/buildkit/client"
	"github.com/spf13/cobra"

	"github.com/pbrx-go/pbrx-go/builder"
)

func newCache(a *app) *cobra.Command {
	cmd := group("cache", "The embedded engine's store")
	du := &cobra.Command{
		Use:   "du",
		Short: "Show what the store holds",
		Args:  atMost(0, "none"),
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.cacheUsage(cmd.Context()) },
	}
	keep := ""
	prune := &cobra.Command{
		Use:   "prune",
		Short: "Remove what is not in use, or all but the newest SIZE",
		Args:  atMost(0, "none"),
		RunE:  func(cmd *cobra.Command, _ []string) error { return a.cachePrune(cmd.Context(), keep) },
	}
	prune.Flags().StringVar(&keep, "keep", "0", "keep the newest `SIZE`, as in 5GB")
	cmd.AddCommand(du, prune)
	return cmd
}

// parseSize reads a number of bytes: 500MB, 20GB (decimal), 1GiB (binary).
func parseSize(s string) (int64, error) {
	parse := units.FromHumanSize
	if strings.Contains(s, "iB") {
		parse = units.RAMInBytes
	}
	n, err := parse(s)
	if err != nil {
		return 0, fmt.Errorf("%q is no size: write it as in 500MB or 20GB", s)
	}
	return n, nil
}

// withEngine runs something against the embedded engine's store.
func (a *app) withEngine(ctx context.Context, command string, do func(*client.Client) error) (err error) {
	e, err := a.openEngine(ctx, engineFlags{engine: "embedded"}, "pbrx-go "+command, time.Unix(0, 0))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.close()) }()
	if err := do(e.Client); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return &builder.EngineError{Doing: "asking the engine for its store", Err: err}
	}
	return nil
}

func (a *app) cacheUsage(ctx context.Context) error {
	return a.withEngine(ctx, "cache du", func(c *client.Client) error {
		records, err := c.DiskUsage(ctx)
		if err != nil {
			return err
		}
		slices.SortStableFunc(records, func(x, y *client.UsageInfo) int { return cmp.Compare(y.Size, x.Size) })
		w := tabwriter.NewWriter(a.streams.Out, 0, 0, 2, ' ', 0)
		var total int64
		for _, r := range records {
			total += r.Size
			fmt.Fprintf(w, "%s\t%s\t%s\n", units.HumanSize(float64(r.Size)), r.RecordType, firstLine(r.Description))
		}
		fmt.Fprintf(w, "%s\ttotal\t%d records in %s\n", units.HumanSize(float64(total)), len(records), a.stateDir())
		return w.Flush()
	})
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

func (a *app) cachePrune(ctx context.Context, keep string) error {
	size, err := parseSize(keep)
	if err != nil {
		return usagef("--keep: %w", err)
	}
	return a.withEngine(ctx, "cache prune", func(c *client.Client) error {
		removed := make(chan client.UsageInfo)
		var total int64
		done := make(chan struct{})
		go func() {
			defer close(done)
			for r := range removed {
				total += r.Size
			}
		}()
		err := c.Prune(ctx, removed, client.PruneAll, client.WithKeepOpt(0, 0, size, 0))
		close(removed)
		<-done
		fmt.Fprintf(a.streams.Out, "removed %s\n", units.HumanSize(float64(total)))
		return err
	})
}
