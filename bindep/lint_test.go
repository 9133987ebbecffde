package bindep

import (
	"strings"
	"testing"
)

func TestLint(t *testing.T) {
	for _, c := range []struct{ rule, want string }{
		{"foo [a platform:apk !platform:debian-bookworm (platform:base-py3 platform:centos-7)]", ""},
		{"foo [platform:alpine-3.20 platform:opensuse-tumbleweed platform:rhel-9 platform:darwin platform:redhatenterpriseserver-7]", ""},
		{"foo [platform:apline]", `f:1:6: no distribution has the profile "platform:apline", did you mean "platform:alpine"?`},
		{"foo [!platform:apline-3.20]", `f:1:6: no distribution has the profile "platform:apline-3.20", did you mean "platform:alpine-3.20"?`},
		{"foo [platform:centos7]", `f:1:6: no distribution has the profile "platform:centos7", did you mean "platform:centos-7"?`},
		{"foo [(a platform:rmp)]", `f:1:9: no distribution has the profile "platform:rmp", did you mean "platform:rpm"?`},
		{"foo [platform:redhat-7]", `f:1:6: no distribution has the profile "platform:redhat-7", did you mean "platform:redhat"?`},
		{"foo [platform:xyzzy]", `f:1:6: no distribution has the profile "platform:xyzzy", see the profiles of a distribution with: pbrx-go bindep platform`},
		{"foo [platform:]", `f:1:6: no distribution has the profile "platform:", see the profiles of a distribution with: pbrx-go bindep platform`},
		{"foo [platform:dkpg platform:fedroa]", `f:1:6: no distribution has the profile "platform:dkpg", did you mean "platform:dpkg"?` + "\n" +
			`f:1:20: no distribution has the profile "platform:fedroa", did you mean "platform:fedora"?`},
	} {
		f, err := Parse("f", []byte(c.rule))
		if err != nil {
			t.Fatal(err)
		}
		var lines []string
		for _, w := range Lint(f) {
			lines = append(lines, w.String())
		}
		if got := strings.Join(lines, "\n"); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.rule, got, c.want)
		}
	}
}
