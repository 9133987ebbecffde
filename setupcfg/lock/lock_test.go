package lock

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the expected results")

// Every folder of testdata is what a real tool made (testdata/README.md): lock.json is what is read of it.
func TestReal(t *testing.T) {
	folders, err := filepath.Glob("testdata/*/pyproject.toml")
	if err != nil || len(folders) < 9 {
		t.Fatalf("%d folders, %v", len(folders), err)
	}
	for _, project := range folders {
		dir := filepath.Dir(project)
		t.Run(filepath.Base(dir), func(t *testing.T) {
			l, err := Read(os.DirFS(dir))
			if err != nil {
				t.Fatal(err)
			}
			for _, w := range l.Warnings {
				t.Errorf("warning: %s", w)
			}
			var got bytes.Buffer
			enc := json.NewEncoder(&got)
			enc.SetEscapeHTML(false)
			enc.SetIndent("", " ")
			if err := enc.Encode(l); err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join(dir, "lock.json")
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("-want +got, -update writes it:\n%s", diff)
			}
		})
	}
}
