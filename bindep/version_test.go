package bindep

import (
	"strconv"
	"testing"
)

func TestHolds(t *testing.T) {
	for _, r := range readTable(t, "versions.tsv", 5, 37) {
		got := "error"
		if ok, err := (Constraint{Op: r[2], Version: r[3]}).Holds(r[1]); err == nil {
			got = strconv.FormatBool(ok)
		}
		if got != r[4] {
			t.Errorf("%s: %s %s%s: %s, want %s", r[0], r[1], r[2], r[3], got, r[4])
		}
	}
}

// The last hyphen begins the revision.
func TestHoldsRevision(t *testing.T) {
	if ok, err := (Constraint{Op: ">", Version: "1-3"}).Holds("1-2-3"); !ok || err != nil {
		t.Errorf("1-2-3 >1-3: %t, %v", ok, err)
	}
}

func TestHoldsErrors(t *testing.T) {
	for _, c := range []struct {
		installed string
		c         Constraint
		want      string
	}{
		{"1_2", Constraint{Op: ">", Version: "1"}, `comparing versions: "1_2" is no version: it holds another character than letters, decimal digits and . + ~ : -`},
		{"abc", Constraint{Op: "<", Version: "1"}, `comparing versions: "abc" is no version: it does not start with a digit`},
		{"1", Constraint{Op: ">=", Version: "1-"}, `comparing versions: "1-" is no version: it ends with a hyphen`},
		{"1", Constraint{Op: "~", Version: "1"}, `comparing versions: unknown operator "~"`},
		{"1²", Constraint{Op: ">", Version: "1"}, `comparing versions: "1²" is no version: it holds another character than letters, decimal digits and . + ~ : -`},
	} {
		if ok, err := c.c.Holds(c.installed); ok || err == nil || err.Error() != c.want {
			t.Errorf("%s %s: %t, %v\nwant %s", c.installed, c.c, ok, err, c.want)
		}
	}
}

// Digits of other scripts count as in Python.
func TestDigitsOfOtherScripts(t *testing.T) {
	f, err := Parse("f", []byte("foo [a²٣①] >=٣.1\n"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := f.String(), "foo [a²٣①] >=٣.1\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for installed, want := range map[string]bool{"3.1": true, "2.9": false, "४": true, "0٣.1": true, "𝟛.1": true, "𝟚.9": false, "1-2-3": false} {
		if ok, err := f.Rules[0].Constraints[0].Holds(installed); ok != want || err != nil {
			t.Errorf("%s: %t, %v, want %t", installed, ok, err, want)
		}
	}
}
