package plan2llb

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/solver/pb"

	"github.com/pbrx-go/pbrx-go/images"
)

// commands are the command lines of a state, each with the mounts that are secrets, in the order of their steps.
func commands(t *testing.T, st llb.State) (argv [][]string, secrets []string) {
	t.Helper()
	for _, dt := range marshal(t, st).Def {
		var op pb.Op
		if err := op.UnmarshalVT(dt); err != nil {
			t.Fatal(err)
		}
		exec := op.GetExec()
		if exec == nil {
			continue
		}
		argv = append(argv, exec.Meta.Args)
		for _, m := range exec.Mounts {
			if m.MountType == pb.MountType_SECRET {
				secrets = append(secrets, m.SecretOpt.ID+" "+m.Dest)
			}
		}
	}
	return argv, secrets
}

// A first Python is installed by plain calls of the package manager; the one that stays by the step programs, which a
// copy of the first runs.
func TestFirstPython(t *testing.T) {
	for manager, want := range map[string][]string{
		"apt": {"apt-get update -q", "apt-get install -q -y python3"},
		"apk": {"apk add --no-cache --no-progress python3"},
		"dnf": {"dnf install -y python3"},
	} {
		c := New(inputs())
		program, _, _ := strings.Cut(want[0], " ")
		base := images.Base{PackageManager: manager, DistroName: "x", Python: images.Python{Executable: DistroPythonPath}}
		by := c.With(c.Portable(manager, program))
		index, _ := by.Index(base, nil)
		root := by.Packages(base, index, []images.Package{{Name: DistroPython, From: images.NoPython}}, "runtime")
		argv, secrets := commands(t, root)
		const portable = "/tmp/pbrx/python/loader --library-path /tmp/pbrx/python/shared /tmp/pbrx/python/bin/python3 -B /tmp/pbrx/steps/packages.py "
		want = append(want, "/usr/bin/python3 -B /tmp/pbrx/steps/portable.py", portable+"index "+manager, portable+"install "+manager+" "+managers()[manager].index+" python3")
		for _, line := range argv {
			n := slices.IndexFunc(want, func(w string) bool { return strings.HasPrefix(strings.Join(line, " "), w) })
			if n < 0 {
				t.Errorf("%s: there is %q", manager, line)
				continue
			}
			want = slices.Delete(want, n, n+1)
		}
		if len(want) > 0 {
			t.Errorf("%s: there is no %q", manager, want)
		}
		if !slices.ContainsFunc(secrets, func(s string) bool { return strings.HasPrefix(s, SecretCA+" /etc/") }) {
			t.Errorf("%s: the first Python is fetched without the host's certificates: %q", manager, secrets)
		}
		if on := c.On(root, Config{}); len(on.Steps()) != len(c.Steps()) || len(c.Steps()) < 4 {
			t.Errorf("%s: the steps are %v, elsewhere %v", manager, c.Steps(), on.Steps())
		}
	}
	if conf := BootstrapAptConf(false); bytes.Contains(conf, []byte("SourceParts")) || !bytes.Contains(BootstrapAptConf(true), []byte("SourceParts")) {
		t.Error("apt's configuration names other sources, or does not where it should")
	}
}
