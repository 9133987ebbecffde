package definition

import (
	"errors"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// CheckAll is Load for people who want to know what is wrong: where no releases are asked for, all that are defined are tried, one after
// the other, and their problems are said together.
func CheckAll(dir, flag string, opts Options) (*Set, error) {
	set, err := Load(dir, flag, opts)
	file, notFound := Find(dir, flag)
	if len(opts.Releases) > 0 || notFound != nil || file == "" {
		return set, err
	}
	all := &problems{}
	docs := readChain(file, &problems{})
	all.take(err)
	for _, d := range docs {
		release := d.top.get("release")
		if release == nil {
			continue
		}
		for _, name := range release.keys {
			opts.Releases = []Text{{name, release.table[name].key}}
			_, err := Load(dir, flag, opts)
			all.take(err)
		}
	}
	return set, all.err(fileNames(docs))
}

// take adds the problems of an error.
func (p *problems) take(err error) {
	var list setupcfg.ErrorList
	if errors.As(err, &list) {
		p.list = append(p.list, list...)
	}
}
