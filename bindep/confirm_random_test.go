package bindep

import (
	"slices"
	"strings"
	"sync"
	"unicode"
)

// constraints compares generated versions.
func (c *confirmation) constraints(ref *reference, n int) {
	row := confirmed{what: "version comparisons: the specification's and generated ones"}
	var asked [][]string
	for _, r := range readTable(c.t, "versions.tsv", 5, 37) {
		asked = append(asked, []string{r[1], r[2], r[3]})
	}
	for g := newGenerator(1); len(asked) < n; {
		installed, op, version := g.version(), g.one("<", "<=", "==", "!=", ">=", ">"), g.version()
		if g.often(30) {
			version = g.damage(installed)
		}
		asked = append(asked, []string{installed, op, version})
	}
	for i, theirs := range ask[*bool](c.t, ref, "versions", asked, len(asked)) {
		row.inputs++
		row.comparisons++
		holds, err := Constraint{Op: asked[i][1], Version: asked[i][2]}.Holds(asked[i][0])
		switch {
		case err != nil && theirs == nil:
			row.refused++
		case strings.ContainsFunc(asked[i][0]+asked[i][2], func(r rune) bool { return isDigit(r) && !unicode.IsDigit(r) }):
			row.explained++ // bindep fails only where its comparison gets to the raised digit
		case err != nil || theirs == nil || holds != *theirs:
			c.differ(&row, "%q: bindep says %v, we %t, %v", asked[i], show(theirs), holds, err)
		}
	}
	c.rows = append(c.rows, row)
}

func show(b *bool) any {
	if b == nil {
		return "nothing"
	}
	return *b
}

// distributions compares the platform profiles of generated os-releases.
func (c *confirmation) distributions(ref *reference, n int) {
	row := confirmed{what: "platform profiles of generated os-release files"}
	g := newGenerator(2)
	for row.inputs < n {
		asked := make([]string, 500)
		for i := range asked {
			asked[i] = bytewise(g.osRelease())
		}
		for i, theirs := range ask[[]string](c.t, ref, "platforms", asked, len(asked)) {
			c.distribution(&row, asked[i], theirs)
		}
	}
	c.rows = append(c.rows, row)
}

func (c *confirmation) distribution(row *confirmed, asked string, theirs []string) {
	row.inputs++
	row.comparisons++
	text := make([]byte, 0, len(asked))
	for _, r := range asked {
		text = append(text, byte(r))
	}
	distro, err := ParseOSRelease("os-release", text)
	our := distro.Profiles()
	if err != nil {
		our = nil
	}
	switch {
	case our == nil && theirs == nil:
		row.refused++
	case (our == nil) != (theirs == nil) || !slices.Equal(our, theirs):
		c.differ(row, "%q: bindep says %q, we %q, %v", text, theirs, our, err)
	}
}

// generated compares generated bindep.txts, shared among the processes.
func (c *confirmation) generated(refs []*reference, n int) {
	row := confirmed{what: "generated files"}
	lists := profileLists(c.t, [][]string{
		{"default"}, {"compile"}, {"test"}, {"a", "b"}, {"default", "c", "platform:apk"}, {},
	})
	const batch = 50
	batches := make(chan []string)
	var wg sync.WaitGroup
	for _, ref := range refs {
		wg.Go(func() {
			for texts := range batches {
				c.texts(ref, &row, texts, lists)
			}
		})
	}
	for g := newGenerator(3); n > 0; n -= batch {
		texts := make([]string, batch)
		for i := range texts {
			texts[i] = g.text()
		}
		batches <- texts
	}
	close(batches)
	wg.Wait()
	c.rows = append(c.rows, row)
}
