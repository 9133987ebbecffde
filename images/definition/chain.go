package definition

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/scanner"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// longest is how many files a chain may have.
const longest = 4

// readChain reads a file and those that it extends, outermost first. What it finds wrong keeps the rest from being read.
func readChain(file string, p *problems) []*document {
	var docs []*document
	asked := scanner.Position{Filename: "--config"}
	for file != "" {
		src, err := os.ReadFile(file)
		if err != nil {
			if len(docs) == 0 {
				p.list = append(p.list, &setupcfg.Error{Msg: "reading the configuration " + file + ": " + reason(err)})
			} else {
				p.add(asked, "extends %s: %s; correct the path, which is relative to this file", file, reason(err))
			}
			return nil
		}
		d := parse(file, src, p)
		if d == nil {
			return nil
		}
		docs = slices.Insert(docs, 0, d)
		if file, asked = d.parent(docs, p); file == "" && asked.IsValid() {
			return nil
		}
	}
	findRoots(docs)
	for level, d := range docs {
		d.level = level
	}
	return docs
}

// parent is the file that a document extends, in its work tree if it is in one, and where it says so. A place without a file is an error.
func (d *document) parent(docs []*document, p *problems) (string, scanner.Position) {
	n := d.top.get("extends")
	if n == nil || n.kind != isString { // the type is checked with all others
		return "", scanner.Position{}
	}
	if tree := workTree(d.dir); tree != "" || filepath.IsAbs(n.text) {
		d.roots = []string{tree}
		if problem := d.escapes(n.text); problem != "" {
			p.add(n.at, "%s", problem)
			return "", n.at
		}
	}
	file := filepath.Join(d.dir, n.text)
	for _, other := range docs {
		if resolve(other.file) == resolve(file) {
			p.add(n.at, "extends %q comes back to %s; leave one extends out", n.text, other.file)
			return "", n.at
		}
	}
	if len(docs) == longest {
		p.add(n.at, "the chain of extends is longer than %d files: %s; join two of them", longest, strings.Join(fileNames(docs), ", "))
		return "", n.at
	}
	return file, n.at
}

func fileNames(docs []*document) []string {
	var out []string
	for _, d := range docs {
		out = append(out, d.file)
	}
	return out
}
