package gitdir

import "testing"

// What is written anew has another time than what was: a store that knows the size and the time of what it has would keep that.
func TestTimesOfWrittenFiles(t *testing.T) {
	one, other := timeOf([]byte("1d\trefs/heads/main\n")), timeOf([]byte("2d\trefs/heads/main\n"))
	if one == other || one <= 0 || other <= 0 || one != timeOf([]byte("1d\trefs/heads/main\n")) {
		t.Errorf("the times are %d and %d", one, other)
	}
}
