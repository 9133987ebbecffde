package embedded

import "testing"

func TestNotLinux(t *testing.T) {
	want := "the embedded engine runs on Linux only, not on darwin: choose another engine with --engine: docker, or the address of a buildkitd"
	if got := notLinux("darwin").Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
