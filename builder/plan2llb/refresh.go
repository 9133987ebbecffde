package plan2llb

import (
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
)

// Answers from elsewhere that are kept until somebody asks for new ones.
const (
	// RefreshBase: what a reference to the base image stands for, and what was learnt of the image.
	RefreshBase = "base"
	// RefreshDistro: the distribution's package index. Packages are installed again where it has changed.
	RefreshDistro = "distro"
	// RefreshPython: versions out of the Python package index.
	RefreshPython = "python"
	// RefreshGit: what a branch or tag of a requirement's repository stands for. Constraints out of git are never kept.
	RefreshGit = "git"
)

// Refresh is the set of answers to ask for again.
type Refresh []string

// ParseRefresh reads lists of words, separated by commas. An error names the words that there are.
func ParseRefresh(lists ...string) (Refresh, error) {
	all := []string{RefreshBase, RefreshDistro, RefreshPython, RefreshGit}
	var r Refresh
	for _, list := range lists {
		for word := range strings.SplitSeq(list, ",") {
			if !slices.Contains(all, word) {
				return nil, fmt.Errorf("there is no %q: use %s", word, strings.Join(all, ", "))
			}
			if !r.Has(word) {
				r = append(r, word)
			}
		}
	}
	return r, nil
}

// Has says whether any of these is asked for again.
func (r Refresh) Has(words ...string) bool {
	return slices.ContainsFunc(words, func(word string) bool { return slices.Contains(r, word) })
}

// refresh has a step run again where one of the answers it has is to be asked for again. The step keeps its key: what
// it finds now is what later builds take.
func (c *Compiler) refresh(words ...string) llb.RunOption {
	if c.in.Refresh.Has(words...) {
		return llb.IgnoreCache
	}
	return options{}
}
