package builder

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/docker/go-units"
	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
)

// Age is when somebody was asked for an answer that the build took from the cache.
type Age struct {
	// Name is what the answer is, such as "package index of debian-12".
	Name  string    `json:"name"`
	Asked time.Time `json:"asked"`
	// Refresh is the word of --refresh that has it asked for again.
	Refresh string `json:"refresh"`

	step string
}

// Answers are old when distributions and projects will have mended something since: Debian makes point releases and
// security updates by the week, Python projects new versions by the month.
const (
	oldDistro = 7 * 24 * time.Hour
	oldPython = 30 * 24 * time.Hour
)

// Old says whether to warn of it.
func (a Age) Old(now time.Time) bool {
	limit := oldPython
	if a.Refresh == plan2llb.RefreshDistro {
		limit = oldDistro
	}
	return now.Sub(a.Asked) > limit
}

// Line says how old it is and what renews it. The clocks of engines elsewhere may be ahead.
func (a Age) Line(now time.Time) string {
	return fmt.Sprintf("%s: %s old; `--refresh=%s` asks again", a.Name, units.HumanDuration(max(0, now.Sub(a.Asked))), a.Refresh)
}

// age remembers when a step asked, which it wrote into a file (common.asked) that nothing later is keyed by. a needs no time.
func (r *Run) age(ctx context.Context, c gateway.Client, st llb.State, file string, a Age) error {
	var written struct {
		Asked int64 `json:"asked"`
	}
	if err := readJSON(ctx, c, st, file, &written); err != nil {
		return err
	}
	r.cached = append(r.cached, st)
	if written.Asked == 0 { // an answer to another question
		return nil
	}
	a.Asked = time.Unix(written.Asked, 0).UTC()
	r.ages = append(slices.DeleteFunc(r.ages, func(old Age) bool { return old.Name == a.Name }), a)
	return nil
}

// Ages are the answers that were taken from the cache, in the order of their steps. What was asked for just now is none.
func (r *Run) Ages() []Age {
	cached := map[string]bool{}
	for _, s := range r.tracker.steps() {
		cached[s.Name] = s.Cached
	}
	return slices.DeleteFunc(slices.Clone(r.ages), func(a Age) bool { return !cached[a.step] })
}
