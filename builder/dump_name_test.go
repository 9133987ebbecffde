package builder

import (
	"testing"
	"testing/fstest"

	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// Where only the wheel knows what the project is called, there is no image to compile.
func TestDumpWithoutName(t *testing.T) {
	project, err := setupcfg.Load(fstest.MapFS{"setup.py": {Data: []byte("setup(**keywords)\n")}})
	if err != nil {
		t.Fatal(err)
	}
	got, err := (&Run{}).Dump(t.Context(), images.Input{Project: project})
	const want = "writing the LLB of the images: what the project is called is known from its wheel only"
	if err == nil || err.Error() != want || got != nil {
		t.Errorf("%q, %v; want %s", got, err, want)
	}
}
