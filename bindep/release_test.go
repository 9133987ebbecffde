package bindep

import "testing"

// TestConfirm compares the same with the released bindep.
func TestReleaseBefore(t *testing.T) {
	for _, c := range []struct {
		version    string
		ok, before bool
	}{
		{"8", true, false},
		{"8.0", true, false},
		{"7.9", true, true},
		{"8.dev1", true, true},
		{"8.post1.dev2", true, false},
		{"8rc1.post1", true, true},
		{"8.0-1", true, false},
		{"8+local.1", true, false},
		{"1!2", true, false},
		{"99999999999999999999", true, false},
		{"v7", true, true},
		{"8.x", false, false},
		{"8 lts", false, false},
		{"", false, false},
	} {
		r, ok := parseRelease(c.version)
		if ok != c.ok || ok && r.before([]int{8}) != c.before {
			t.Errorf("%q: %t, before 8 %t", c.version, ok, r.before([]int{8}))
		}
	}
}
