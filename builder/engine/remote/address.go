package remote

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	// Each adds its scheme to those that connhelper knows.
	_ "github.com/moby/buildkit/client/connhelper/dockercontainer"
	_ "github.com/moby/buildkit/client/connhelper/kubepod"
	_ "github.com/moby/buildkit/client/connhelper/nerdctlcontainer"
	_ "github.com/moby/buildkit/client/connhelper/npipe"
	_ "github.com/moby/buildkit/client/connhelper/podmancontainer"
	_ "github.com/moby/buildkit/client/connhelper/ssh"
)

// scheme is a kind of address.
type scheme struct {
	name string
	// form is what such an address looks like.
	form string
	// query are the settings that may follow the question mark.
	query []string
	// check says what is wrong with an address that has no user, query or fragment it must not have.
	check func(*url.URL) error
	// user says that a user's name may stand before the host.
	user bool
	// program is what carries the connection, nothing where we dial ourselves.
	program string
	// limit is how long opening may take.
	limit time.Duration
	// hint is what to do when nobody answers; %s is the host.
	hint string
}

const (
	quick = 10 * time.Second
	slow  = 30 * time.Second // a program has to start on the other side
)

// schemes are all there are, as people should try them.
func schemes() []scheme {
	const inside = "is it running, with buildkitd and buildctl in it?"
	return []scheme{
		{name: "unix", form: "unix://PATH", check: checkUnix, limit: quick, hint: "is buildkitd running there?"},
		{name: "tcp", form: "tcp://HOST:PORT", check: checkTCP, limit: quick, hint: "is buildkitd running there, and is the port open?"},
		{name: "ssh", form: "ssh://[USER@]HOST[:PORT][/SOCKET]", check: checkSSH, user: true, program: "ssh", limit: slow,
			hint: "`ssh %s buildctl debug workers` must work without asking anything"},
		{name: "docker-container", form: "docker-container://NAME", query: []string{"context"}, check: checkName, program: "docker", limit: slow,
			hint: "see `docker ps`: " + inside},
		{name: "podman-container", form: "podman-container://NAME", check: checkName, program: "podman", limit: slow,
			hint: "see `podman ps`: " + inside},
		{name: "nerdctl-container", form: "nerdctl-container://NAME", query: []string{"namespace"}, check: checkName, program: "nerdctl", limit: slow,
			hint: "see `nerdctl ps`: " + inside},
		{name: "kube-pod", form: "kube-pod://POD", query: []string{"context", "namespace", "container"}, check: checkName, program: "kubectl", limit: slow,
			hint: "see `kubectl get pod %s`: " + inside},
		{name: "npipe", form: "npipe:////./pipe/NAME", check: checkPipe, limit: quick, hint: "is buildkitd running there?"},
	}
}

// Check says whether address is one that [Open] understands, by its scheme and form; nothing is
// dialled. The error begins with the address, a password in it masked, and ends with what to do.
func Check(address string) error {
	_, _, err := parse(address)
	return err
}

// parse takes an address apart.
func parse(address string) (*url.URL, scheme, error) {
	fail := func(format string, args ...any) (*url.URL, scheme, error) {
		return nil, scheme{}, fmt.Errorf("%q: %w", masked(address), fmt.Errorf(format, args...))
	}
	all := schemes()
	name, _, found := strings.Cut(address, "://")
	if !found || !isScheme(name) {
		return fail("this is no address: it begins with one of %s", names(all))
	}
	i := slices.IndexFunc(all, func(s scheme) bool { return s.name == name })
	if i < 0 {
		return fail("there is no scheme %s://: use one of %s", name, names(all))
	}
	s := all[i]
	u, err := url.Parse(address)
	if err != nil {
		// Its own text holds the address, with everything secret in it.
		var cause *url.Error
		if errors.As(err, &cause) && !strings.Contains(address, "@") {
			err = cause.Err
		} else {
			err = errors.New("it cannot be read")
		}
		return fail("%w: the form is %s", err, s.form)
	}
	if _, secret := u.User.Password(); secret {
		return fail("an address must not hold a password: leave it out, and use a key")
	}
	if u.User != nil && !s.user {
		return fail("there is no user in such an address: the form is %s", s.form)
	}
	if u.Fragment != "" || strings.Contains(address, "#") {
		return fail("nothing may follow a #: the form is %s", s.form)
	}
	if err := checkQuery(u, s.query); err != nil {
		return fail("%w", err)
	}
	if err := s.check(u); err != nil {
		return fail("%w: the form is %s", err, s.form)
	}
	return u, s, nil
}

// names lists the schemes that work on this system.
func names(all []scheme) string {
	var list []string
	for _, s := range all {
		if s.name != "npipe" || runtime.GOOS == "windows" {
			list = append(list, s.name+"://")
		}
	}
	return strings.Join(list, ", ")
}

// masked is the address as it may be shown: without the password that a confused user has put into it.
func masked(address string) string {
	name, rest, found := strings.Cut(address, "://")
	if !found || !isScheme(name) {
		name, rest = "", address
	} else {
		name += "://"
	}
	at := strings.LastIndexByte(rest, '@')
	colon := strings.IndexByte(rest, ':')
	if name == "unix://" || at < 0 || colon < 0 || colon > at {
		return address
	}
	return name + rest[:colon+1] + "***" + rest[at:]
}

func isScheme(s string) bool { return regexp.MustCompile(`^[a-z][a-z0-9+.-]*$`).MatchString(s) }

// word is what may become an argument of a program: it cannot be taken for an option, and
// means nothing to a shell.
func word(s string) bool { return regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.@-]*$`).MatchString(s) }

func checkQuery(u *url.URL, allowed []string) error {
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil || u.ForceQuery {
		return errors.New("what follows the ? cannot be read: write ?name=value&name=value")
	}
	var unknown []string
	for name, values := range query {
		switch {
		case !slices.Contains(allowed, name):
			unknown = append(unknown, name)
		case len(values) != 1 || !word(values[0]):
			return fmt.Errorf("%s must be one name of letters, digits, -, _ and .: mend what follows %s=", name, name)
		}
	}
	slices.Sort(unknown)
	switch {
	case len(unknown) == 0:
		return nil
	case len(allowed) == 0:
		return errors.New("nothing may follow a ?: leave it out")
	}
	return fmt.Errorf("there is no setting %s: it may be %s", unknown[0], strings.Join(allowed, ", "))
}

func checkUnix(u *url.URL) error {
	if u.Host != "" || !strings.HasPrefix(u.Path, "/") || u.Path == "/" {
		return errors.New("the path of the socket must begin with a slash (unix:///run/buildkit/buildkitd.sock)")
	}
	return nil
}

func checkTCP(u *url.URL) error {
	switch {
	case u.Hostname() == "":
		return errors.New("there is no host")
	case u.Port() == "":
		return errors.New("there is no port")
	case u.Path != "":
		return errors.New("nothing may follow the port")
	}
	return checkPort(u)
}

func checkPort(u *url.URL) error {
	if u.Port() == "" {
		return nil
	}
	if n, err := strconv.ParseUint(u.Port(), 10, 16); err != nil || n == 0 {
		return fmt.Errorf("%s is no port", u.Port())
	}
	return nil
}

func checkSSH(u *url.URL) error {
	if !regexp.MustCompile(`^[A-Za-z0-9_.:%-]+$`).MatchString(u.Hostname()) || strings.HasPrefix(u.Hostname(), "-") {
		return errors.New("there is no host")
	}
	if u.User != nil && !word(u.User.Username()) {
		return errors.New("the user's name may have letters, digits, -, _, . and @")
	}
	// It is read by a shell on the other side.
	if u.Path != "" && !regexp.MustCompile(`^/[A-Za-z0-9_./-]+$`).MatchString(u.Path) {
		return errors.New("the path of the socket may have letters, digits, -, _, . and /")
	}
	return checkPort(u)
}

func checkName(u *url.URL) error {
	switch {
	case u.Host == "":
		return errors.New("there is no name")
	case !word(u.Host):
		return errors.New("the name may have letters, digits, ., - and _")
	case u.Path != "":
		return errors.New("nothing may follow the name")
	}
	return nil
}

func checkPipe(u *url.URL) error {
	switch {
	case runtime.GOOS != "windows":
		return errors.New("only Windows has named pipes")
	case u.Host != "" || !strings.HasPrefix(u.Path, "//./pipe/"):
		return errors.New("this is no pipe")
	}
	return nil
}
