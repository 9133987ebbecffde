package bindep

import (
	"errors"
	"io/fs"
	"testing"
	"testing/fstest"
)

func TestFind(t *testing.T) {
	file, dir := &fstest.MapFile{}, &fstest.MapFile{Mode: fs.ModeDir}
	for _, c := range []struct {
		fsys    fstest.MapFS
		want    string
		wantErr string
	}{
		{fstest.MapFS{"bindep.txt": file}, "bindep.txt", ""},
		{fstest.MapFS{"other-requirements.txt": file}, "other-requirements.txt", ""},
		{fstest.MapFS{"bindep.txt": dir, "other-requirements.txt": file}, "other-requirements.txt", ""},
		{fstest.MapFS{"bindep.txt": file, "other-requirements.txt": file}, "", "both bindep.txt and other-requirements.txt exist, keep one of them"},
		{fstest.MapFS{"sub/bindep.txt": file}, "", "looking for bindep.txt or other-requirements.txt: file does not exist"},
	} {
		got, err := Find(c.fsys)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got != c.want || text != c.wantErr {
			t.Errorf("%v: %q, %q; want %q, %q", c.fsys, got, text, c.want, c.wantErr)
		}
	}
	if _, err := Find(fstest.MapFS{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v is not fs.ErrNotExist", err)
	}
}
