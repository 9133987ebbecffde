package enginetest

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/images"
)

// testDyingScripts has a script with an extra of its own die, and then one that the base image has.
func testDyingScripts(t *testing.T, s *suite) {
	for script, want := range map[string]string{
		"hello": "pyproject.toml:15:1: hello would die at start: it ends with status 3 while it is loaded (as it says)",
		"plain": "pyproject.toml:16:1: plain would die at start: it ends with status 3 while it is loaded (as it says)",
	} {
		dir := s.project(t, map[string]string{"tiny.py": script + " dies\n"})
		err := s.mustFail(t.Context(), t, dir)
		var dying *builder.ScriptsError
		if !errors.As(err, &dying) {
			t.Fatalf("the error is %T: %v", err, err)
		}
		if err.Error() != want || !slices.Equal(dying.Tail(), []string{"it says so"}) {
			t.Errorf("the error is %q after %q, want %q", err, dying.Tail(), want)
		}

		b := s.mustBuild(t, dir, func(o *builder.Options, _ *images.Input) { o.Check = builder.CheckWarn })
		if !slices.Contains(b.result.Warnings, want) || len(b.run.FailedChecks()) != 1 {
			t.Errorf("the warnings are %q and the failed checks %v, want %q", b.result.Warnings, b.run.FailedChecks(), want)
		}
		b = s.mustBuild(t, dir, func(o *builder.Options, _ *images.Input) { o.Check, o.NoCache = builder.CheckOff, true })
		if strings.Contains(b.log.String(), "checking by") {
			t.Error("a check ran that was not asked for")
		}
	}
	// As the image's user, in its folder and environment.
	b := s.mustBuild(t, s.project(t, map[string]string{"tiny.py": "nobody dies\n"}))
	for _, want := range []string{
		`checking by {"python":"/usr/bin/python3","user":"1000","workdir":"/usr","env":["PATH=/usr/bin:/bin","LANG=C.UTF-8"],"scripts":[{"name":"plain","module":"tiny","attribute":"main"}]}`,
		`"scripts":[{"name":"hello","module":"tiny","attribute":"main"}]}`,
	} {
		if strings.Count(b.log.String(), want) != 1 {
			t.Errorf("the steps did not print %q once:\n%s", want, b.log)
		}
	}
}
