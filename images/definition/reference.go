package definition

import (
	"fmt"
	"slices"
	"strings"
)

// Reference is the page that documents all keys, in Markdown. It is docs/configuration.md.
func Reference() string {
	var b strings.Builder
	b.WriteString(referenceStart)
	set := func(r row) bool {
		return slices.Contains(r.in, topLevel) && !slices.Contains(r.in, oneImage)
	}
	shared := func(r row) bool { return slices.Contains(r.in, topLevel) && slices.Contains(r.in, oneImage) }
	b.WriteString("\n## Keys of the whole set\n\nAt the top level, and in `[release.R]` but for `extends`, `name`, `default-release` and `release`.\n\n")
	b.WriteString(keyTable(set))
	b.WriteString("\n## What images hold and how they run\n\nAt the top level (and in `[release.R]`) for the base image and so for all images; in `[image.X]` for that image only.\n\n")
	b.WriteString(keyTable(shared))
	for _, t := range []table{oneImage, project, user, repository, oneFile, oneRun, onePackage, oneOrigin} {
		fmt.Fprintf(&b, "\n%s\n\n", heading(t))
		said := func(r row) bool { // before, or below where origins are
			return t == oneImage && shared(r) || (t == oneFile || t == onePackage) && slices.Contains(r.in, oneOrigin)
		}
		b.WriteString(keyTable(func(r row) bool { return slices.Contains(r.in, t) && !said(r) }))
	}
	b.WriteString(referenceEnd)
	return b.String()
}

// heading is the heading of a kind of table, with what is to be known of it as a whole.
func heading(t table) string {
	switch t {
	case oneImage:
		return "## `[image.X]`\n\nX is the name of the image. If it is a console script, its image is refined; otherwise an image is declared, which needs `script`, `command` or `wsgi`. All of the table before, and:"
	case project:
		return "## `[project.H]`\n\nOne of `git` with `ref`, and `path`. The handle H is that of the main project if it is the `name` of the set."
	case user:
		return "## `[user.H]`"
	case repository:
		return "## `[repository.H]`"
	case oneFile:
		return "## `[file.\"DEST\"]`\n\nAn origin with these keys; or `link`, or `directory`, in its place."
	case oneRun:
		return "## `[[run]]`\n\nIt runs again whenever what lies below it changes; in an image that is every change of the source."
	case onePackage:
		return "## Entries of `packages`\n\nA string is a line of bindep.txt. A table is an origin, of a package file, or has:"
	default:
		return "## Where something comes from\n\nEntries of `constraints`, `requirements` and `packages`, `[file]`, `key` and `source` have exactly one of `url`, `git`, `image`, `project`, `text`, or `path` alone. What is downloaded needs `sha256`."
	}
}

// keyTable is a Markdown table of rows.
func keyTable(has func(row) bool) string {
	var b strings.Builder
	b.WriteString("| key | value | default | meaning | in |\n|---|---|---|---|---|\n")
	for _, r := range rows() {
		if has(r) {
			fmt.Fprintf(&b, "| `%s` | %s: `%s` | %s | %s | %s |\n", r.key, r.typ.words(), r.example, r.def, r.meaning, r.layer)
		}
	}
	return b.String()
}

const referenceStart = `# The optional configuration

This page is made from the program's table of keys (images/definition); a test fails if it is stale.

An untouched project needs none of this. What bindep.txt, setup.cfg and pyproject.toml do not say can be said in ` + "`pbrx-go.toml`" + ` beside them, in the
table ` + "`[tool.pbrx-go]`" + ` of pyproject.toml, or in a file that ` + "`--config FILE`" + ` names. Both of the first two are an error. A directory without a
project can have one as well: it then says what is installed with ` + "`[project.NAME]`" + ` or ` + "`requirements`" + `.

    pbrx-go config check [DIR]     all that is wrong, with file, line and column
    pbrx-go config show [DIR]      every value that counts, and who set it
    pbrx-go config show --all      repositories that the definitions below take at several refs
    pbrx-go config schema          a JSON Schema for editors

## What wins

A flag, then its variable ` + "`PBRX_GO_<FLAG>`" + `, the releases in the order given (` + "`--release R`" + `, repeatable), the file, the files that it extends, what the project
says, what is built in. Single values replace, tables are joined by key, lists are appended: an entry with the name of an earlier one (of the requirement, of the package)
takes its place. ` + "`constraints`, `command`, `args`, `entrypoint`, `scripts` and `commands`" + ` replace as a whole, and so does a list given by a flag.

Paths begin at the file that has them, and do not lead out of its git work tree. Each file of a chain of ` + "`extends`" + ` gets its own layers of accounts and distro packages,
so that all that extend it share them; what names ` + "`{name}`" + ` belongs to the file that sets it.

## Words in braces

` + "`{{` and `}}`" + ` are braces themselves. There is nothing else: no environment, no conditions.

| in braces | is | in |
|---|---|---|
| ` + "`name`, `release`" + ` | of the set; the chosen release, empty if none | every string but ` + "`extends`, `name`, `default-release`, `text`" + ` |
| ` + "`arch`, `machine`" + ` | amd64, arm64; x86_64, aarch64 | ` + "`url`, `path`" + ` of an origin, ` + "`[repository]`" + ` |
| ` + "`codename`, `version-id`" + ` | those of the base's os-release | the same |
| ` + "`prefix`, `site-packages`" + ` | of the Python that the project is installed into | destinations and links of ` + "`file`, `out`, `commands`, `command`, `entrypoint`, `env`" + ` |
`

const referenceEnd = `
## Layers

The last column above says where a key ends up, and so what is made again when it changes.

| layer | is |
|---|---|
| L0 | the base |
| L1 | accounts and their directories, a layer for each file of the chain |
| L2 | distro packages, a layer for each file of the chain |
| L2f | files that are pinned by a digest, a commit or their text, outside of Python's prefix |
| L3 | Python dependencies |
| L4 | the wheels of the project and of ` + "`[project.H]`" + ` |
| L5 | other files |
| L6 | ` + "`run`" + ` of the base image |
| L7 | packages, dependencies and files of one image |
| L8 | ` + "`run`" + ` of one image |

` + "`config only`" + ` is in the configuration of images, and changes no layer.

## What is left out on purpose

Ports, health checks and signals are the business of what runs the container. What belongs to the machine and not to the project (` + "`engine`, `output`, `tag`, `mirror`, `cache-*`, `progress`" + `)
is a flag or a variable only. There are no secrets in files, and ` + "`env`, `labels`" + ` refuse what looks like one.
`
