package origins

import (
	"context"
	"encoding/json"
	"os"
	"regexp"
	"strconv"
	"strings"
)

// describedFile is beside a checkout.
const describedFile = "described.json"

// nodeLength is how much of a commit's name setuptools-scm takes, with the g before it.
const nodeLength = 10

// Description is what git describe says of a commit, asked as setuptools-scm asks of a clean tree: with --tags --long --abbrev=40 --match *[0-9]*.
type Description struct {
	// Text is all of it: v1.2-3-g and the commit's name; empty where the history has no tag with a number.
	Text string `json:"text"`
	// Tag is the nearest one, Distance how many commits follow it, Node g and the commit's name.
	Tag      string `json:"tag"`
	Distance int    `json:"distance"`
	Node     string `json:"node"`
}

// Version is what setuptools-scm makes of it with its default schemes (guess-next-dev, node-and-date); empty where it cannot be
// known, such as with a tag that is no plain version.
func (d Description) Version() string {
	m := regexp.MustCompile(`^(?:[\w-]+-)?[vV]?((?:\d+!)?\d+(?:\.\d+)*)(?:[-._]?((?:a|b|rc)\d+))?(\.(?:post|dev)\d+)?(?:\+.*)?$`).FindStringSubmatch(d.Tag)
	if m == nil {
		return ""
	}
	tagged := m[1] + m[2] + m[3]
	switch {
	case d.Distance == 0:
		return tagged
	case strings.HasPrefix(m[3], ".dev"): // which it refuses
		return ""
	}
	next := regexp.MustCompile(`\d+$`).ReplaceAllStringFunc(tagged, func(number string) string {
		n, err := strconv.Atoi(number)
		if err != nil {
			return number
		}
		return strconv.Itoa(n + 1)
	})
	return next + ".dev" + strconv.Itoa(d.Distance) + "+" + d.Node[:min(nodeLength, len(d.Node))]
}

// describe writes what git says of the commit of a work tree.
func (s *store) describe(ctx context.Context, tree, file string) error {
	d, err := s.description(ctx, tree)
	if err != nil {
		return err
	}
	data, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

// description asks git; that it has no tag to name is no error.
func (f *Fetcher) description(ctx context.Context, tree string) (Description, error) {
	text, err := f.git(ctx, gitRun{dir: tree}, "describe", "--tags", "--long", "--abbrev=40", "--match", "*[0-9]*")
	if err != nil {
		if ctx.Err() == nil && strings.Contains(err.Error(), "describe") {
			return Description{}, nil // "No names found, cannot describe anything", "No tags can describe"
		}
		return Description{}, err
	}
	return parseDescription(word(text)), nil
}

// parseDescription takes it apart.
func parseDescription(text string) Description {
	d := Description{Text: text}
	if m := regexp.MustCompile(`^(.+)-(\d+)-(g[0-9a-f]+)$`).FindStringSubmatch(text); m != nil {
		d.Tag, d.Node = m[1], m[3]
		d.Distance, _ = strconv.Atoi(m[2]) // which are digits; a number too long for one is no distance
	}
	return d
}

func readDescription(file string) (d Description, err error) {
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &d)
	}
	return d, err
}
