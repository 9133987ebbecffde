package cli

import (
	"github.com/spf13/cobra"
)

const exitCodesHelp = `Exit codes: 0 done; 1 the build failed; 2 wrong usage or bad input file; 3 the
surroundings failed (engine, base, registry, network, disk); 130 and 143 interrupted.`

func newRoot(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:   "pbrx-go",
		Short: "Container images out of what a Python project already declares",
		Long: `pbrx-go turns what a Python project already declares into container images:
bindep.txt says which distro packages are needed to compile and to run, setup.cfg or
pyproject.toml its name, console scripts and extras. Out come <project>-base and one
image per console script, holding only what runs.

` + exitCodesHelp + "\n`pbrx-go run`" + ` exits with the script's status, and 125 for a failure of its own.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error {
			return a.bindEnv(cmd)
		},
	}
	root.SetFlagErrorFunc(flagError)
	for _, add := range []func(*app) *cobra.Command{
		newBuildImages, newPushImages, newRun, newPlan, newConfig, newProject, newSetupcfg, newBindep, newInstallSiblings, newDoctor, newCache, newVersion,
	} {
		root.AddCommand(add(a))
	}
	root.SetOut(a.streams.Out) // the command for completion takes it as it is now
	root.InitDefaultCompletionCmd()
	if completion, _, err := root.Find([]string{"completion"}); err == nil {
		completion.RunE = func(cmd *cobra.Command, _ []string) error { return cmd.Help() } // refuses unknown shells, as its Args say
	}
	return root
}
