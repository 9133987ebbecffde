package definition

import (
	"cmp"
	"fmt"
	"slices"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// most is how many problems are said at once.
const most = 20

// problems collects what is wrong.
type problems struct{ list setupcfg.ErrorList }

func (p *problems) add(pos scanner.Position, format string, args ...any) {
	p.list = append(p.list, &setupcfg.Error{Pos: pos, Msg: fmt.Sprintf(format, args...)})
}

// err is an ErrorList of the first problems by their place, each once; nil if there are none. The files are in the order of the chain.
func (p *problems) err(files []string) error {
	list := slices.Clone(p.list)
	slices.SortStableFunc(list, func(a, b *setupcfg.Error) int {
		return cmp.Or(cmp.Compare(slices.Index(files, a.Pos.Filename), slices.Index(files, b.Pos.Filename)),
			cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Column, b.Pos.Column))
	})
	list = slices.CompactFunc(list, func(a, b *setupcfg.Error) bool { return a.Error() == b.Error() })
	if len(list) == 0 {
		return nil
	}
	return list[:min(len(list), most)]
}
