package builder

import (
	"slices"
	"testing"

	"github.com/pbrx-go/pbrx-go/images"
)

// A requirement of the set's own that is not met is an error, once; one of the base, or where a lock file decides, a warning.
func TestJudgeRequirements(t *testing.T) {
	own := unmet{Name: "foo", Version: "1.0", Requires: "bar>=2", Found: "1.5"}
	base := unmet{Name: "python-apt", Version: "2.6", Requires: "gone"}
	const ownText, baseText = "foo 1.0 requires bar>=2, and the image has 1.5", "python-apt 2.6 requires gone, and the image has none"
	const hint = ": versions of dependencies do not go together: constrain one of them with --constraint"
	d := &dependencies{resolution: resolution{Distributions: []distribution{{}}}}
	d.Distributions[0].Name = "foo"
	for _, locked := range []bool{false, true} {
		b := &build{Run: &Run{}, plan: &images.Plan{}, own: d.ownNames("My.Project")}
		want, warnings := []string{ownText + hint}, []string{baseText}
		if locked {
			b.plan.Lock, want, warnings = &images.Lock{}, nil, []string{ownText, baseText}
		}
		b.judgeRequirements([]unmet{own, base})
		b.judgeRequirements([]unmet{own, base})
		var failed []string
		for _, f := range b.failed {
			failed = append(failed, f.String())
		}
		if !slices.Equal(failed, want) || !slices.Equal(b.warnings, warnings) || b.own[0] != "my-project" {
			t.Errorf("locked %t: failed %q, warnings %q, own %q; want %q and %q", locked, failed, b.warnings, b.own, want, warnings)
		}
	}
}
