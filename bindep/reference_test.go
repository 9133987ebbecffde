package bindep

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// released is the bindep that ours is compared with.
const released = "bindep==2.14.0"

// confirming says whether the tests compare with the released bindep, and whether with all
// there is or with a sample of it.
func confirming(t *testing.T) (full bool) {
	t.Helper()
	switch os.Getenv("PBRX_GO_TEST_CONFIRM") {
	case "full":
		return true
	case "1":
		return false
	}
	t.Skip("confirm: set PBRX_GO_TEST_CONFIRM=1 to compare with the bindep on PyPI")
	return false
}

// reference is a process of the released bindep; see testdata/reference.py.
type reference struct {
	in  io.WriteCloser
	out *bufio.Reader
	cmd *exec.Cmd
}

func startReference(t *testing.T, python string) *reference {
	t.Helper()
	// -I and UTF-8 mode: nothing of this machine's setting has a say.
	cmd := exec.Command(python, "-I", "-X", "utf8", filepath.Join("testdata", "reference.py"))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("the reference ended with %v", err)
		}
	})
	return &reference{in: in, out: bufio.NewReader(out), cmd: cmd}
}

// ask puts questions of one kind and reads the answers, of which there must be want.
func ask[T any](t *testing.T, r *reference, kind string, question any, want int) []T {
	t.Helper()
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(map[string]any{kind: question}); err != nil {
		t.Fatal(err)
	}
	if _, err := r.in.Write(line.Bytes()); err != nil {
		t.Fatalf("asking the reference: %v", err)
	}
	reply, err := r.out.ReadBytes('\n')
	if err != nil {
		t.Fatalf("reading the reference's answer: %v", err)
	}
	var answers []T
	if err := json.Unmarshal(reply, &answers); err != nil {
		t.Fatal(err)
	}
	if len(answers) != want {
		t.Fatalf("%d answers to %d questions", len(answers), want)
	}
	return answers
}

// bytewise is a text with a character for each byte: not all of them are UTF-8.
func bytewise(text string) string {
	chars := make([]rune, len(text))
	for i := range len(text) {
		chars[i] = rune(text[i])
	}
	return string(chars)
}

func installBindep(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	python := filepath.Join(dir, "bin", "python")
	for _, argv := range [][]string{
		{"python3", "-m", "venv", dir},
		{python, "-m", "pip", "install", "--quiet", released},
		{python, "-m", "pip", "list"},
	} {
		out, err := exec.Command(argv[0], argv[1:]...).CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %v\n%s", argv, err, out)
		}
		t.Logf("%s", strings.TrimSpace(string(out)))
	}
	return python
}
