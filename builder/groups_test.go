package builder

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
)

// distributionNames are a hundred and a few.
func distributionNames() []string {
	var names []string
	for n := range 110 {
		names = append(names, fmt.Sprintf("distribution-%03d", n*7))
	}
	return names
}

// A distribution more or less changes the group that it is in, and divides or joins that; all others stay.
func TestOneNameMovesNoOther(t *testing.T) {
	names := distributionNames()
	before := group(names, groupSize)
	if n := len(before); n < 6 || n > 30 {
		t.Fatalf("%d names make %d groups", len(names), n)
	}
	for n, name := range names {
		without := slices.Delete(slices.Clone(names), n, n+1)
		gone, come := 0, 0
		after := group(without, groupSize)
		for _, g := range before {
			if !slices.ContainsFunc(after, func(o []string) bool { return slices.Equal(o, g) }) {
				gone++
			}
		}
		for _, g := range after {
			if !slices.ContainsFunc(before, func(o []string) bool { return slices.Equal(o, g) }) {
				come++
			}
		}
		if gone > 2 || come > 1 {
			t.Errorf("without %s %d groups are gone and %d new", name, gone, come)
		}
	}
}

func TestLargeWheelsAreAlone(t *testing.T) {
	sizes := map[string]int64{"b": largeWheel, "d": largeWheel - 1, "a": largeWheel * 4}
	if got, want := layerGroups([]string{"d", "b", "a"}, sizes), [][]string{{"a"}, {"b"}, {"d"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

// Container engines take 127 layers.
func TestGroupsAreNotTooMany(t *testing.T) {
	names, sizes := []string{}, map[string]int64{}
	for n := range 2000 {
		names = append(names, fmt.Sprintf("distribution-%04d", n))
		sizes[names[n]] = largeWheel * int64(n%10)
	}
	got := layerGroups(names, sizes)
	if len(got) > mostGroups || len(got) < mostGroups/8 {
		t.Errorf("%d groups", len(got))
	}
	if all := slices.Concat(got...); len(all) != len(names) {
		t.Errorf("%d of %d names", len(all), len(names))
	}
}

func TestNamesOfGroups(t *testing.T) {
	for want, names := range map[string][]string{"a": {"a"}, "a, b": {"a", "b"}, "a … c (3)": {"a", "b", "c"}} {
		if got := groupName(names); got != want {
			t.Errorf("%q is called %q, want %q", names, got, want)
		}
	}
}
