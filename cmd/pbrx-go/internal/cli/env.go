package cli

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// environment is the process's environment, read once.
type environment map[string]string

func readEnv(environ []string) environment {
	env := environment{}
	for _, e := range environ {
		if name, value, ok := strings.Cut(e, "="); ok {
			env[name] = value
		}
	}
	return env
}

// get is os.Getenv for the environment that was read.
func (e environment) get(name string) string { return e[name] }

// variable is the name of the environment variable of a flag.
func variable(flag string) string {
	return "PBRX_GO_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// bindEnv gives every flag that was not set on the command line the value of its variable. Flags that
// can be repeated take several values, separated by white space, as pip's variables do.
func (a *app) bindEnv(cmd *cobra.Command) error {
	var failed error
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		value := a.env[variable(f.Name)]
		if f.Changed || value == "" || f.Name == "help" || failed != nil {
			return
		}
		values := []string{value}
		if _, ok := f.Value.(pflag.SliceValue); ok {
			values = strings.Fields(value)
		}
		if err := cmd.Flags().SetAnnotation(f.Name, variableAnnotation, []string{variable(f.Name)}); err != nil {
			failed = err
		}
		for _, v := range values {
			if err := cmd.Flags().Set(f.Name, v); err != nil {
				failed = usagef("%s=%s, the environment variable: %w", variable(f.Name), value, flagError(cmd, err))
			}
		}
	})
	return failed
}
