package plan2llb

import (
	"encoding/json"
	"reflect"
	"slices"
	"testing"
	"time"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images"
)

func TestSetEnv(t *testing.T) {
	for _, c := range []struct{ env, want []string }{
		{nil, []string{"A=1"}},
		{[]string{"B=2"}, []string{"B=2", "A=1"}},
		{[]string{"A=0", "B=2"}, []string{"A=1", "B=2"}},
		{[]string{"AA=0", "a=0"}, []string{"AA=0", "a=0", "A=1"}},
	} {
		before := slices.Clone(c.env)
		if got := setEnv(c.env, "A", "1"); !slices.Equal(got, c.want) || !slices.Equal(c.env, before) {
			t.Errorf("setEnv(%q) = %q, want %q; it left %q", before, got, c.want, c.env)
		}
	}
}

func TestSearchPath(t *testing.T) {
	const usual = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
	for _, c := range []struct {
		env  []string
		want string
	}{
		{nil, usual},
		{[]string{"PATH="}, usual},
		{[]string{"XPATH=/x", "PATH=/a:/b"}, "/a:/b"},
	} {
		if got := SearchPath(c.env); got != c.want {
			t.Errorf("SearchPath(%q) = %q, want %q", c.env, got, c.want)
		}
	}
}

func TestHistory(t *testing.T) {
	when := time.Unix(1, 0)
	before := when.Add(-time.Hour)
	made := func(by string) v1.History { return v1.History{Created: &when, CreatedBy: by} }
	layers := []Layer{{Content: "project", CreatedBy: "us"}}
	for _, c := range []struct {
		name   string
		base   []v1.History
		layers int
		want   []v1.History
	}{
		{"of scratch", nil, 0, []v1.History{made("us")}},
		{"the base says nothing", nil, 2, []v1.History{made("base image"), made("base image"), made("us")}},
		{"the base says everything", []v1.History{{Created: &before, CreatedBy: "a"}, {Created: &before, CreatedBy: "b", EmptyLayer: true}}, 1,
			[]v1.History{{Created: &before, CreatedBy: "a"}, {Created: &before, CreatedBy: "b", EmptyLayer: true}, made("us")}},
		{"empty layers are none, and times are filled in", []v1.History{{CreatedBy: "a"}, {CreatedBy: "b", EmptyLayer: true}}, 2,
			[]v1.History{made("a"), {Created: &when, CreatedBy: "b", EmptyLayer: true}, made("base image"), made("us")}},
		{"the base forgot one", []v1.History{{CreatedBy: "a"}}, 2, []v1.History{made("a"), made("base image"), made("us")}},
	} {
		if got := history(c.base, c.layers, layers, when); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// base is a configuration with Docker's extensions and a field of the future.
const base = `{"architecture": "arm64", "os": "linux", "variant": "v8", "author": "somebody", "created": "2020-02-02T02:02:02Z",
"config": {"User": "app", "Env": ["LANG=C", "PATH=/usr/bin"], "Entrypoint": ["/entry"], "Cmd": ["python3"], "WorkingDir": "/srv",
 "Volumes": {"/data": {}}, "ExposedPorts": {"80/tcp": {}}, "StopSignal": "SIGINT", "Labels": {"kept": "yes", "org.opencontainers.image.title": "theirs"},
 "Healthcheck": {"Test": ["CMD", "true"], "Interval": 1000000000}, "Shell": ["/bin/ash", "-c"], "OnBuild": ["RUN true"]},
"rootfs": {"type": "layers", "diff_ids": ["sha256:1212121212121212121212121212121212121212121212121212121212121212"]},
"history": [{"created_by": "theirs"}]}`

func TestImageConfig(t *testing.T) {
	config, err := ParseConfig([]byte(base))
	if err != nil {
		t.Fatal(err)
	}
	in := inputs()
	in.Config = config
	in.Platform = v1.Platform{OS: "linux", Architecture: "arm64", Variant: "v8"}
	plan := &images.Plan{Environment: "/opt/foo", Project: images.Project{Name: "foo", Version: "1.2"}}
	img := images.Image{Name: "registry.example/team/foo-run", Script: "foo-run", Cmd: []string{"foo-run"}}
	raw, err := New(in).ImageConfig(plan, img, "/usr/bin/tini", []Layer{{"project", "us"}})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"architecture": "arm64", "os": "linux", "variant": "v8", "author": "somebody", "created": "1980-01-01T00:00:00Z",
"config": {"User": "app", "Env": ["LANG=C", "PATH=/opt/foo/bin:/usr/bin", "VIRTUAL_ENV=/opt/foo"], "Entrypoint": ["/usr/bin/tini", "--"], "Cmd": ["foo-run"],
 "WorkingDir": "/srv", "Volumes": {"/data": {}}, "ExposedPorts": {"80/tcp": {}}, "StopSignal": "SIGINT",
 "Labels": {"kept": "yes", "org.opencontainers.image.title": "foo-run", "org.opencontainers.image.version": "1.2"},
 "Healthcheck": {"Test": ["CMD", "true"], "Interval": 1000000000}, "Shell": ["/bin/ash", "-c"], "OnBuild": ["RUN true"]},
"rootfs": {"type": "layers", "diff_ids": null},
"history": [{"created": "1980-01-01T00:00:00Z", "created_by": "theirs"}, {"created": "1980-01-01T00:00:00Z", "created_by": "us"}]}`
	var got, wanted any
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &wanted); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, wanted) {
		t.Errorf("got\n%s\nwant\n%s", raw, want)
	}
	if in.Config.Config.Labels["org.opencontainers.image.title"] != "theirs" || in.Config.Config.Env[1] != "PATH=/usr/bin" {
		t.Errorf("the base's own configuration was changed: %+v", in.Config.Config)
	}
}

// Commands with a network mark what they made a part of: their image, all images where they are the base image's, or make a part of the wheel.
func TestNotReproducibleLabel(t *testing.T) {
	run := images.RunStep{Network: true}
	elsewhere := func(dest string) images.RunStep {
		return images.RunStep{Network: true, In: "x", Out: []images.Output{{Path: "a", Dest: dest}}}
	}
	for name, c := range map[string]struct {
		base, own []images.RunStep
		want      [3]bool
	}{
		"none":               {nil, []images.RunStep{{}}, [3]bool{}},
		"own":                {nil, []images.RunStep{run}, [3]bool{false, true, false}},
		"base":               {[]images.RunStep{run}, nil, [3]bool{true, true, true}},
		"own, a file":        {nil, []images.RunStep{elsewhere("/a")}, [3]bool{false, true, false}},
		"own, for the wheel": {nil, []images.RunStep{elsewhere("a")}, [3]bool{true, true, true}},
	} {
		plan := &images.Plan{Images: []images.Image{{Name: "base", Runs: c.base}, {Name: "own", Runs: c.own}, {Name: "other"}}}
		for n, image := range plan.Images {
			raw, err := New(inputs()).ImageConfig(plan, image, "", nil)
			if err != nil {
				t.Fatal(err)
			}
			config, err := ParseConfig(raw)
			if err != nil {
				t.Fatal(err)
			}
			if _, marked := config.Config.Labels[NotReproducibleLabel]; marked != c.want[n] {
				t.Errorf("%s: the image %s is marked: %t", name, image.Name, marked)
			}
		}
	}
}

// Without an init, a script and an environment the base's own words stay.
func TestImageConfigOfTheBaseImage(t *testing.T) {
	config, err := ParseConfig([]byte(base))
	if err != nil {
		t.Fatal(err)
	}
	in := inputs()
	in.Config = config
	raw, err := New(in).ImageConfig(&images.Plan{Project: images.Project{Name: "foo"}}, images.Image{Name: "foo-base"}, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseConfig(raw)
	if err != nil {
		t.Fatal(err)
	}
	if c := got.Config; !slices.Equal(c.Entrypoint, []string{"/entry"}) || !slices.Equal(c.Cmd, []string{"python3"}) || !slices.Equal(c.Env, []string{"LANG=C", "PATH=/usr/bin"}) {
		t.Errorf("entrypoint %q, command %q, environment %q", c.Entrypoint, c.Cmd, c.Env)
	}
	if _, has := got.Config.Labels[v1.AnnotationVersion]; has {
		t.Error("a version that nobody knows is a label")
	}
}

// A language is set where the base has none; a definition's own word stays.
func TestImageConfigLocale(t *testing.T) {
	for _, c := range []struct{ base, own, want []string }{
		{[]string{"PATH=/bin"}, nil, []string{"PATH=/bin", "LANG=C.UTF-8"}},
		{[]string{"PATH=/bin", "LC_ALL=POSIX"}, nil, []string{"PATH=/bin", "LC_ALL=POSIX"}},
		{[]string{"LC_CTYPE=C", "PATH=/bin"}, nil, []string{"LC_CTYPE=C", "PATH=/bin"}},
		{[]string{"PATH=/bin"}, []string{"LANG=de_DE.UTF-8"}, []string{"PATH=/bin", "LANG=de_DE.UTF-8"}},
	} {
		in := inputs()
		in.Config = Config{}
		in.Config.Config.Env = c.base
		raw, err := New(in).ImageConfig(&images.Plan{}, images.Image{Name: "foo", Config: images.Config{Env: c.own}}, "", nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := ParseConfig(raw); err != nil || !slices.Equal(got.Config.Env, c.want) {
			t.Errorf("%q with %q: %q, %v, want %q", c.base, c.own, got.Config.Env, err, c.want)
		}
	}
}

func TestParseConfigRefusesWhatIsNone(t *testing.T) {
	_, err := ParseConfig([]byte("<html>"))
	if want := "reading the configuration of the base image: invalid character '<' looking for beginning of value"; err == nil || err.Error() != want {
		t.Errorf("the error is %v, want %s", err, want)
	}
}
