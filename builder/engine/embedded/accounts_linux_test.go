package embedded_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
)

// keeperLevel has an account with all that one can have.
func keeperLevel(groups ...string) images.Level {
	return images.Level{From: "pbrx-go.toml", Accounts: []images.Account{
		{Name: "zuul", UID: 42425, GID: 42425, Group: "zuul", Home: "/", From: "pbrx-go.toml:9:1"},
		{Name: "keeper", UID: 42424, GID: 42424, Group: "keeper", Groups: append([]string{"adm"}, groups...), Home: "/var/lib/keeper", Shell: "/bin/sh", Comment: "Keeps the light",
			Directories: []string{"/var/lib/keeper", "/srv", "/etc/keeper/conf.d"}, From: "pbrx-go.toml:4:1"},
	}}
}

func TestAccountsOfDebian(t *testing.T) {
	b := newBench(t, debian(t))
	testAccounts(b, map[string]string{
		"/etc/passwd": "keeper:x:42424:42424:Keeps the light:/var/lib/keeper:/bin/sh\nzuul:x:42425:42425::/:/usr/sbin/nologin\n",
		"/etc/group":  "adm:x:4:keeper\nkeeper:x:42424:\nzuul:x:42425:\n", "/etc/shadow": "keeper:!:::::::\nzuul:!:::::::\n", "/etc/gshadow": "adm:*::keeper\nkeeper:!::\nzuul:!::\n"})
	t.Run("clashes", func(t *testing.T) {
		for want, change := range map[string]func(a *images.Account){
			`account keeper: uid 33 is "www-data" in the base; choose another uid or take that name`:                        func(a *images.Account) { a.UID = 33 },
			`account www-data: "www-data" has the uid 33 in the base, not 42424; choose that uid or another name`:           func(a *images.Account) { a.Name = "www-data" },
			`account keeper: gid 33 is "www-data" in the base; choose another gid or take that group`:                       func(a *images.Account) { a.GID = 33 },
			`account keeper: the group "tape" has the gid 26 in the base, not 42424; choose that gid, or another group`:     func(a *images.Account) { a.Group = "tape" },
			`account keeper: there is no group "nosuch"; make it with [user.X] group, or install the package that makes it`: func(a *images.Account) { a.Groups = []string{"nosuch"} },
			`account keeper: /etc/passwd cannot be made: there is a file in its place`:                                      func(a *images.Account) { a.Directories = []string{"/etc/passwd"} },
		} {
			b := b.sub(t)
			level := keeperLevel()
			change(&level.Accounts[1])
			err := b.solve(func(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler) error {
				_, err := ref(ctx, c, compiler.Accounts(b.state(), b.base.Python.Executable, level))
				return err
			})
			if got := b.said("pbrx-go: "); err == nil || got != want {
				t.Errorf("%v: it says %q, want %q", err, got, want)
			}
		}
	})
	t.Run("a package makes the same account", func(t *testing.T) {
		b := b.sub(t)
		script := "#!/bin/sh\nset -e\ngetent passwd keeper >/dev/null || useradd --system keeper\ngroupadd --system lamps\nadduser --system --quiet --group wick\n" +
			"touch /var/lib/keeper/made\nchown keeper:keeper /var/lib/keeper/made\nchown wick:wick /usr/share/lamp/said\n"
		level := keeperLevel("lamps")
		level.Accounts = append(level.Accounts, images.Account{Name: "wick", UID: 442, GID: 442, Group: "wick", Home: "/"})
		level.PackageFiles = []images.PackageFile{{Content: b.write("lamp.deb", string(debPackage(t, "lamp", script)), 0o644)}}
		b.mustSolve(func(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler) error {
			index, _ := compiler.Index(b.base, nil)
			made := compiler.Accounts(b.state(), b.base.Python.Executable, level)
			installed := compiler.PackagesOn(made, b.base, index, level.DistroContent, "runtime")
			st, joined := compiler.JoinGroups(installed, b.base.Python.Executable, level)
			if !joined {
				t.Error("there is no step that joins the group")
			}
			added, err := layer(ctx, c, made, installed)
			if err != nil {
				return err
			}
			for name, want := range map[string]string{"/var/lib/keeper/made": "-rw-r--r-- 42424:42424 ", "/usr/share/lamp/said": "-rw-r--r-- 442:442 "} {
				if !strings.HasPrefix(added[name], want) {
					t.Errorf("%s is %q, want %q", name, added[name], want)
				}
			}
			text, err := readOf(ctx, c, st, "/etc/group")
			if want := ":keeper\n"; err != nil || !strings.HasSuffix(text, want) || !strings.Contains(text, "\nlamps:x:") {
				t.Errorf("%v: the groups are %q", err, text)
			}
			if added, err = layer(ctx, c, installed, st); err == nil && !slices.Equal(filesOf(added), []string{"/etc/group", "/etc/gshadow"}) {
				t.Errorf("the step that joins groups adds %q", filesOf(added))
			}
			return err
		})
	})
}

func TestAccountsOfAlpine(t *testing.T) {
	b := newBench(t, alpine(t))
	want := map[string]string{
		"/etc/passwd": "keeper:x:42424:42424:Keeps the light:/var/lib/keeper:/bin/sh\nzuul:x:42425:42425::/:/sbin/nologin\n",
		"/etc/group":  "adm:x:4:root,daemon,keeper\nkeeper:x:42424:\nzuul:x:42425:\n", "/etc/shadow": "keeper:!:::::::\nzuul:!:::::::\n"}
	testAccounts(b, want)
	t.Run("without any", func(t *testing.T) {
		b := b.sub(t)
		b.less = []string{"/etc/passwd", "/etc/group", "/etc/shadow", "/sbin/nologin", "/usr/sbin/nologin"}
		level := keeperLevel()
		level.Accounts[1].Groups = nil
		b.mustSolve(func(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler) error {
			st := compiler.Accounts(b.state(), b.base.Python.Executable, level)
			added, err := layer(ctx, c, b.state(), st)
			if err != nil {
				return err
			}
			if want := []string{"/etc/group", "/etc/passwd"}; !slices.Equal(filesOf(added), want) {
				t.Errorf("it adds %q, want %q", filesOf(added), want)
			}
			text, err := readOf(ctx, c, st, "/etc/passwd")
			if want := "keeper:!:42424:42424:Keeps the light:/var/lib/keeper:/bin/sh\nzuul:!:42425:42425::/:/bin/false\n"; text != want {
				t.Errorf("/etc/passwd is %q, want %q", text, want)
			}
			return err
		})
	})
}

// testAccounts makes accounts and looks for what that adds to files.
func testAccounts(b *bench, want map[string]string) {
	b.Helper()
	var layers []map[string]string
	for _, b.again = range []bool{false, true} {
		b.mustSolve(func(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler) error {
			st := compiler.Accounts(b.state(), b.base.Python.Executable, keeperLevel())
			added, err := layer(ctx, c, b.state(), st)
			if err != nil {
				return err
			}
			layers = append(layers, added)
			for name, rows := range want {
				if got, err := rowsAdded(ctx, c, b.state(), st, name); err != nil || got != rows {
					b.Errorf("%v: new in %s is %q, want %q", err, name, got, rows)
				}
			}
			for name, want := range map[string]string{"/var/lib/keeper": "drwxr-xr-x 42424:42424 315532800", "/etc/keeper/conf.d": "drwxr-xr-x 42424:42424 315532800",
				"/etc/keeper": "drwxr-xr-x 0:0 315532800", "/srv": "drwxr-xr-x 42424:42424 "} {
				if !strings.HasPrefix(added[name], want) {
					b.Errorf("%s is %q, want %q", name, added[name], want)
				}
			}
			return nil
		})
	}
	b.again = false
	if !maps.Equal(layers[0], layers[1]) {
		b.Errorf("the layer is %q and then %q", layers[0], layers[1])
	}
	if got := filesOf(layers[0]); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
		b.Errorf("the layer has the files %q", got)
	}
}

// rowsAdded are the lines of a file that it does not have in another state.
func rowsAdded(ctx context.Context, c gateway.Client, before, after llb.State, name string) (string, error) {
	old, err := readOf(ctx, c, before, name)
	if err != nil {
		return "", err
	}
	text, err := readOf(ctx, c, after, name)
	var added strings.Builder
	for line := range strings.Lines(text) {
		if !strings.Contains("\n"+old, "\n"+line) {
			added.WriteString(line)
		}
	}
	return added.String(), err
}
