package embedded_test

import (
	"errors"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/engine/embedded"
)

func TestDefaultStateDir(t *testing.T) {
	for _, c := range []struct {
		name string
		euid int
		env  map[string]string
		want string
	}{
		{"root", 0, map[string]string{"XDG_STATE_HOME": "/x", "HOME": "/root"}, "/var/lib/pbrx-go/engine"},
		{"user", 1000, map[string]string{"HOME": "/home/u"}, "/home/u/.local/state/pbrx-go/engine"},
		{"user with XDG", 1000, map[string]string{"XDG_STATE_HOME": "/x", "HOME": "/home/u"}, "/x/pbrx-go/engine"},
		{"a relative value is ignored", 1000, map[string]string{"XDG_STATE_HOME": "x", "HOME": "/home/u"}, "/home/u/.local/state/pbrx-go/engine"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := embedded.DefaultStateDir(func(k string) string { return c.env[k] }, c.euid); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestSurroundingsError(t *testing.T) {
	cause := errors.New("no such file")
	for _, c := range []struct {
		err  embedded.SurroundingsError
		want string
	}{
		{embedded.SurroundingsError{Problem: "it is not there"}, "it is not there"},
		{embedded.SurroundingsError{Problem: "it is not there", Remedy: "make it"}, "it is not there: make it"},
		{embedded.SurroundingsError{Problem: "opening it", Err: cause, Remedy: "make it"}, "opening it: no such file: make it"},
	} {
		if got := c.err.Error(); got != c.want {
			t.Errorf("got %q, want %q", got, c.want)
		}
		if errors.Unwrap(&c.err) != c.err.Err {
			t.Errorf("%q does not give its cause", c.want)
		}
	}
}
