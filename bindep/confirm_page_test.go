package bindep

import (
	"fmt"
	"strings"
)

// page is the table of results, in Markdown.
func (c *confirmation) page() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# What was compared with the reference

`+"`make confirm-bindep`"+` runs %s, as PyPI has it, beside ours and writes this page. The os-release of each
distribution is given to bindep's distro library in a root of its own; its grammar is compiled once. Otherwise bindep runs unchanged. Ours
reads standard input, and files with a NUL character, as with `+"`--strict`"+`. Every file is
read for %d distributions (%s), each with %d sets of profiles. "Refused" are inputs that neither
of the two accepts.

| | inputs | refused | comparisons | differences | of a known reason |
|---|---:|---:|---:|---:|---:|
`, released, len(confirmedOn()), strings.Join(confirmedOn(), ", "), setsOfProfiles)
	total := confirmed{what: "**all**"}
	for _, r := range c.rows {
		r.write(&b)
		total.inputs += r.inputs
		total.refused += r.refused
		total.comparisons += r.comparisons
		total.differences += r.differences
		total.explained += r.explained
	}
	total.write(&b)
	b.WriteString(`
The known reason:

- versions with raised or circled digits: bindep fails where its comparison gets to such a digit, ours says before that it is no version.

## The sdists

| sdist | rules | comparisons | differences |
|---|---:|---:|---:|
`)
	for _, r := range c.files {
		fmt.Fprintf(&b, "| %s | %d | %d | %d |\n", r.what, r.rules, r.comparisons, r.differences)
	}
	return b.String()
}

func (r confirmed) write(b *strings.Builder) {
	fmt.Fprintf(b, "| %s | %d | %d | %d | %d | %d |\n", r.what, r.inputs, r.refused, r.comparisons, r.differences, r.explained)
}
