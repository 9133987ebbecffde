package builder

import (
	"slices"
	"testing"
	"time"

	"github.com/moby/buildkit/client"
)

// What was taken from the cache has an age, and is old after a week or a month.
func TestAges(t *testing.T) {
	r := &Run{tracker: newTracker(nil)}
	index := Age{Name: "package index of debian-12", Asked: *at(1000), Refresh: "distro", step: "[distro] package index (apt)"}
	tools := Age{Name: "pip and build", Asked: *at(1000), Refresh: "python", step: "[python] tools: pip, build"}
	r.ages = []Age{index, tools}
	r.tracker.update(one(client.Vertex{Digest: "sha256:a", Name: index.step, Started: at(1), Completed: at(1), Cached: true}))
	r.tracker.update(one(client.Vertex{Digest: "sha256:b", Name: tools.step, Started: at(1), Completed: at(2)}))
	if got := r.Ages(); !slices.Equal(got, []Age{index}) {
		t.Errorf("%+v", got)
	}
	const day = 24 * time.Hour
	for _, c := range []struct {
		age  Age
		past time.Duration
		old  bool
		line string
	}{
		{index, 3 * day, false, "package index of debian-12: 3 days old; `--refresh=distro` asks again"},
		{index, 7 * day, false, "package index of debian-12: 7 days old; `--refresh=distro` asks again"},
		{index, 7*day + time.Second, true, "package index of debian-12: 7 days old; `--refresh=distro` asks again"},
		{tools, 30 * day, false, "pip and build: 4 weeks old; `--refresh=python` asks again"},
		{tools, 31 * day, true, "pip and build: 4 weeks old; `--refresh=python` asks again"},
		{tools, -time.Hour, false, "pip and build: Less than a second old; `--refresh=python` asks again"},
	} {
		now := c.age.Asked.Add(c.past)
		if c.age.Old(now) != c.old || c.age.Line(now) != c.line {
			t.Errorf("after %v: %q, old %t", c.past, c.age.Line(now), c.age.Old(now))
		}
	}
}
