package naming

import "testing"

func TestImageName(t *testing.T) {
	for _, c := range []struct{ in, want, err string }{
		{in: "zuul-executor", want: "zuul-executor"},
		{in: "oslo.config", want: "oslo.config"},
		{in: "a_b", want: "a_b"},
		{in: "a__b", want: "a__b"},
		{in: "a--b", want: "a--b"},
		{in: "1", want: "1"},
		{in: "Flask", want: "flask"},
		{in: "g++", want: "g"},
		{in: "-x", want: "x"},
		{in: "x-", want: "x"},
		{in: "a___b", want: "a-b"},
		{in: "a..b", want: "a-b"},
		{in: "a-_b", want: "a-b"},
		{in: "é", err: `"é" cannot name an image: no letter or digit that a repository may have is left`},
		{in: "x/y", err: `"x/y" cannot name an image: it holds one of / : @`},
		{in: "", err: `"" cannot name an image: no letter or digit that a repository may have is left`},
		{in: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			err: `"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" cannot name an image: 64 hexadecimal digits are an image's ID: rename it`},
	} {
		got, err := ImageName(c.in)
		if got != c.want || (err == nil) != (c.err == "") || (err != nil && err.Error() != c.err) {
			t.Errorf("ImageName(%q) = %q, %v; want %q, %s", c.in, got, err, c.want, c.err)
		}
	}
}

func TestCheckTag(t *testing.T) {
	for tag, want := range map[string]string{
		"1.0":     "",
		"latest":  "",
		"foo:1.2": `"foo:1.2" is no tag: image names come from the project; use --prefix and --tag`,
		"-x":      `"-x" is no tag: it takes up to 128 letters, digits, _ . and -, the first one no . or -`,
	} {
		got := ""
		if err := CheckTag(tag); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("CheckTag(%q) = %q, want %q", tag, got, want)
		}
	}
}

func TestFullName(t *testing.T) {
	for _, c := range [][3]string{
		{"foo-base", "latest", "docker.io/library/foo-base:latest"},
		{"registry.example.org/team/foo", "1.2", "registry.example.org/team/foo:1.2"},
	} {
		if got, err := FullName(c[0], c[1]); err != nil || got != c[2] {
			t.Errorf("FullName(%q, %q) = %q, %v; want %q", c[0], c[1], got, err, c[2])
		}
	}
}

func TestParseLocation(t *testing.T) {
	for _, c := range []struct {
		in   string
		want Location
		err  string
	}{
		{in: "docker://python:alpine", want: Location{Registry, "python:alpine", ""}},
		{in: "python:alpine", want: Location{Registry, "python:alpine", ""}},
		{in: "docker:25", want: Location{Registry, "docker:25", ""}},
		{in: "localhost:5000/x", want: Location{Registry, "localhost:5000/x", ""}},
		{in: "oci:/d:base:1", want: Location{OCILayout, "/d", "base:1"}},
		{in: "oci:d", want: Location{OCILayout, "d", ""}},
		{in: "rootfs:/a/b:c.tar", want: Location{RootFS, "/a/b:c.tar", ""}},
		{in: "docker-daemon:x:1", want: Location{DockerDaemon, "x:1", ""}},
		{in: "docker://", want: Location{Registry, "", ""}},
		{in: "rootfs:", err: `"rootfs:" has no path behind the transport`},
		{in: "http://x", err: `"http://x" names no transport`},
		{in: "", err: `"" names no transport`},
	} {
		got, err := ParseLocation(c.in)
		if got != c.want || (err == nil) != (c.err == "") || (err != nil && err.Error() != c.err) {
			t.Errorf("ParseLocation(%q) = %+v, %v; want %+v, %s", c.in, got, err, c.want, c.err)
		}
	}
}
