package bindep

import (
	"bufio"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// row is a line of one of the tables in testdata, its cells apart.
type row []string

// readTable reads rows of tab-separated cells; lines that begin with "#" are comments.
func readTable(t testing.TB, name string, cells, rows int) []row {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var table []row
	for in := bufio.NewScanner(f); in.Scan(); {
		if strings.HasPrefix(in.Text(), "#") {
			continue
		}
		r := row(strings.Split(in.Text(), "\t"))
		if len(r) != cells {
			t.Fatalf("%s: %d cells instead of %d: %q", name, len(r), cells, in.Text())
		}
		table = append(table, r)
	}
	// A table that loses its rows must not pass.
	if len(table) != rows {
		t.Fatalf("%s: %d rows instead of %d", name, len(table), rows)
	}
	return table
}

// input is the text of a cell: a quoted string, or "fixture X".
func input(t testing.TB, cell string) string {
	t.Helper()
	if letter, ok := strings.CutPrefix(cell, "fixture "); ok {
		src, err := os.ReadFile(filepath.Join("testdata", "fixture-"+strings.ToLower(letter)+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		return string(src)
	}
	text, err := strconv.Unquote(cell)
	if err != nil {
		t.Fatalf("unquoting %s: %v", cell, err)
	}
	return text
}

// render prints rules in the notation of syntax.tsv.
func render(f *File) string {
	if len(f.Rules) == 0 {
		return "ok: no rules"
	}
	var lines []string
	for _, r := range f.Rules {
		text := r.Name
		if len(r.Selectors) > 0 {
			text += " sel{" + join(r.Selectors, " ") + "}"
		}
		if len(r.Constraints) > 0 {
			text += " ver{" + join(r.Constraints, " ") + "}"
		}
		lines = append(lines, text)
	}
	return "ok: " + strings.Join(lines, "; ")
}
