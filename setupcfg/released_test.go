package setupcfg

import (
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// TestReleased reads what sdists declare and compares it with the wheel of the same release: a pinned part of what
// .ci/confirm-metadata does with many more. Each file of testdata/released is a txtar of a project's files, the
// facts of its wheel, and as "want" what Load makes of it. A wheel that contradicted a fact would be an error.
func TestReleased(t *testing.T) {
	files, err := filepath.Glob("testdata/released/*.txtar")
	if err != nil || len(files) != 10 {
		t.Fatalf("%d projects in testdata/released, want 10, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			comment, archive := readArchive(t, file)
			fsys, wheel := fstest.MapFS{}, map[string]string{}
			for _, f := range archive[:len(archive)-1] {
				if name, ok := strings.CutPrefix(f.name, "wheel/"); ok {
					wheel[name] = f.text
				} else {
					fsys[f.name] = &fstest.MapFile{Data: []byte(f.text)}
				}
			}
			p, err := Load(fsys)
			if err != nil {
				t.Fatal(err)
			}
			w, err := ParseWheel([]byte(wheel[metadataFile]), []byte(wheel[entryPointsFile]))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Complete(w); err != nil {
				t.Errorf("the wheel contradicts what was read:\n%v", err)
			}
			last := &archive[len(archive)-1]
			got := describe(p, nil)
			if *update {
				last.text = got
				writeArchive(t, file, comment, archive)
				return
			}
			if diff := cmp.Diff(last.text, got); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}
