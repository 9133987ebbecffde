package plan2llb

import (
	"maps"
	"slices"
	"testing"

	"github.com/moby/buildkit/client/llb"
)

// Each word has exactly the steps run again that ask for that answer.
func TestRefresh(t *testing.T) {
	for word, want := range map[string][]string{
		RefreshDistro: {"[distro] package index (apt)"},
		RefreshPython: {"[dependencies] resolve", ToolsStep},
		RefreshGit:    {"[dependencies] resolve"},
		RefreshBase:   {}, // the probe is no part of an image, see below
	} {
		in := inputs()
		in.Refresh = Refresh{word}
		_, st := image(t, in)
		def, err := st.Marshal(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		again := []string{}
		for _, m := range def.Metadata {
			if m.IgnoreCache {
				again = append(again, m.Description["llb.customname"])
			}
		}
		slices.Sort(again)
		if !slices.Equal(again, want) {
			t.Errorf("%s runs %q again, want %q", word, again, want)
		}
		probe, err := New(in).Probe("/usr/bin/python3").Marshal(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.ContainsFunc(slices.Collect(maps.Values(probe.Metadata)), func(m llb.OpMetadata) bool { return m.IgnoreCache }); got != (word == RefreshBase) {
			t.Errorf("%s runs the probe again: %t", word, got)
		}
	}
}

func TestParseRefresh(t *testing.T) {
	for _, c := range []struct {
		lists []string
		want  Refresh
		err   string
	}{
		{nil, nil, ""},
		{[]string{"base,distro,python,git"}, Refresh{"base", "distro", "python", "git"}, ""},
		{[]string{"git,git", "python", "git"}, Refresh{"git", "python"}, ""},
		{[]string{"pip"}, nil, `there is no "pip": use base, distro, python, git`},
		{[]string{"python,"}, nil, `there is no "": use base, distro, python, git`},
		{[]string{""}, nil, `there is no "": use base, distro, python, git`},
	} {
		got, err := ParseRefresh(c.lists...)
		if !slices.Equal(got, c.want) || (err == nil) != (c.err == "") || err != nil && err.Error() != c.err {
			t.Errorf("%q: %q, %v; want %q, %s", c.lists, got, err, c.want, c.err)
		}
	}
}
