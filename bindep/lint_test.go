package bindep

import (
	"fmt"
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
		// Profiles of the user.
		{"foo [compile test doc tests docs rest text devstack pdf-docs kafka defaults py37]", ""},
		{"foo [dpkg]", `f:1:6: the profile "dpkg" is not that of a platform, did you mean "platform:dpkg"?`},
		{"foo [!debian-12 (a apk)]", `f:1:6: the profile "debian-12" is not that of a platform, did you mean "platform:debian-12"?` + "\n" +
			`f:1:20: the profile "apk" is not that of a platform, did you mean "platform:apk"?`},
		{"foo [plattform:apk]", `f:1:6: the profile "plattform:apk" is not that of a platform, did you mean "platform:apk"?`},
		{"foo [platforms:rpm]", `f:1:6: the profile "platforms:rpm" is not that of a platform, did you mean "platform:rpm"?`},
		{"foo [platform-rpm]", `f:1:6: the profile "platform-rpm" is not that of a platform, did you mean "platform:rpm"?`},
		{"foo [complie tset]", `f:1:6: the profile "complie" may be a slip of the pen, did you mean "compile"?` + "\n" +
			`f:1:14: the profile "tset" may be a slip of the pen, did you mean "test"?`},
		{"f1 [imagebuild]\nf2 [imagebuild]\nf3 [imagebuild]\nf4 [imagebiuld]", `f:4:5: the profile "imagebiuld" may be a slip of the pen, did you mean "imagebuild"?`},
		{"f1 [(imagebuild a)]\nf2 [(imagebuild b)]\nf3 [(!imagebuild)]\nf4 [imagebiuld]", `f:4:5: the profile "imagebiuld" may be a slip of the pen, did you mean "imagebuild"?`},
		{"f1 [imagebuild]\nf2 [imagebuild]\nf4 [imagebiuld]", ""}, // which of the two is meant?
		{"f1 [etcd-v2]\nf2 [etcd-v2]\nf3 [etcd-v2]\nf4 [etcd-v3]", ""},
		{"f1 [imagebuild]\nf2 [imagebuild]\nf3 [imagebuild]\nf4 [imagebuilds]", ""},
		{"foo [test ()]", `f:1:11: "()" always matches, write in it what must hold, or remove it`},
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

const never = "no distribution and no profiles make this line active, "

func TestLintNever(t *testing.T) {
	for _, c := range []struct{ selectors, want string }{
		// Some distribution and some profiles do.
		{"platform:rpm platform:dpkg", ""},
		{"a b !c", ""},
		{"a (!a)", ""},
		{"!a (b)", ""},
		{"(platform:redhat platform:base-py3) (platform:suse)", ""},
		{"(platform:dpkg !platform:debian-12)", ""},
		{"platform:dpkg !platform:debian !platform:ubuntu", ""}, // pop
		{"(platform:ubuntu-22 platform:ubuntu-22.04 platform:ubuntu-jammy platform:base-py3)", ""},
		{"(platform:amzn-2 platform:amazonami-2)", ""},
		{"(platform:ubuntu-trusty platform:ubuntu-trusty-tahr)", ""},
		{"(platform:rhel platform:redhatenterpriseserver-7)", ""},
		{"(platform:darwin platform:brew)", ""},
		{"(platform:alpine test) (platform:suse platform:dpkg)", ""},
		{"platform:redhat !platform:fedora !platform:rhel (platform:base-py2)", ""},
		{"!platform:rpm !platform:dpkg !platform:apk (platform:pacman)", ""},
		// None does.
		{"a !a", "remove what excludes it, or the line"},
		{"a !a (b !b)", "remove what excludes it, or the line"},
		{"!a (a b)", "remove what excludes it, or the line"},
		{"platform:suse !platform:rpm", "remove what excludes it, or the line"},
		{"platform:debian-12 !platform:dpkg", "remove what excludes it, or the line"},
		{"(platform:rpm platform:dpkg)", "all profiles of a group must hold: write those of which one is to suffice without the parentheses"},
		{"(platform:debian-11 platform:debian-12 a)", "all profiles of a group must hold: write those of which one is to suffice without the parentheses"},
		{"(platform:alpine platform:base-py3)", "all profiles of a group must hold: write those of which one is to suffice without the parentheses"},
		{"(platform:centos-7 platform:base-py3)", "all profiles of a group must hold: write those of which one is to suffice without the parentheses"},
		{
			"(platform:redhat platform:base-py3) platform:suse",
			`a group and "platform:suse" must both hold: write (platform:suse) if one of them is to suffice`,
		},
	} {
		want := ""
		if c.want != "" {
			want = "f:1:6: " + never + c.want
		}
		if got := linted(t, "foo ["+c.selectors+"]"); got != want {
			t.Errorf("%s\n got %s\nwant %s", c.selectors, got, want)
		}
	}
}

func TestLintLines(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"foo [a]\nfoo [b]\nfoo [a b]\nfoo [(a b)]\nfoo [a !b]\nbar\n", ""},
		{"foo [a]\n\nfoo [a]\n", `f:3:1: "foo" is on line 1 already, with the same selectors, remove one of the two lines`},
		{"foo [a (b !c)]\nfoo [(!c b b) a a]\n", `f:2:1: "foo" is on line 1 already, with the same selectors, remove one of the two lines`},
		{"foo\nfoo []\n", `f:2:1: "foo" is on line 1 already, with the same selectors, remove one of the two lines`},
		{"foo >=1,<2\nfoo <2,>=1\n", `f:2:1: "foo" is on line 1 already, with the same selectors, remove one of the two lines`},
		{"foo >=1\nfoo >=2\n", ""},
		{"foo [a] >=2\nfoo [a] <2\n", `f:2:1: no version of "foo" is <2 and, as line 1 has it, >=2, make the two lines agree`},
		{"foo [a] >=2\nfoo [b] <2\n", ""},
		{"foo [a] >=2\nfoo <2\n", `f:1:1: no version of "foo" is >=2 and, as line 2 has it, <2, make the two lines agree`},
		{"foo\nfoo [test]\n", `f:2:1: line 1 asks for "foo" everywhere, this line adds nothing, remove one of the two lines`},
		{"foo [test]\nfoo\n", `f:1:1: line 2 asks for "foo" everywhere, this line adds nothing, remove one of the two lines`},
		{"foo\nfoo [test] >=2\n", ""},
		{"foo\nfoo [!platform:apk !a]\n", `f:2:1: line 1 asks for "foo" everywhere, and nothing here takes that back, ` +
			`write [!platform:apk !a] on line 1 and remove this line`},
		{"foo >=1,<2,!=1.5", ""},
		{"foo [a]\nfoo [a] >=2,<1\n", "f:2:11: no version is >=2,<1, correct the constraints"},
		{"foo >=1,<=1", ""},
		{"foo ==1,!=1.0,>=0:1", ""}, // the texts differ, the versions do not
		{"foo >=2,<1", `f:1:7: no version is >=2,<1, correct the constraints`},
		{"foo <3,<1,>=2", `f:1:6: no version is <3,<1,>=2, correct the constraints`},
		{"foo >=1,>=3,<2", `f:1:7: no version is >=1,>=3,<2, correct the constraints`},
		{"foo >1,<=1", `f:1:6: no version is >1,<=1, correct the constraints`},
		{"foo >=1,>1,<=1", `f:1:7: no version is >=1,>1,<=1, correct the constraints`},
		{"foo ==1,==2", `f:1:7: no version is ==1,==2, correct the constraints`},
		{"foo ==1,!=1", `f:1:7: no version is ==1,!=1, correct the constraints`},
		{"foo ==1~rc1,>=1", `f:1:7: no version is ==1~rc1,>=1, correct the constraints`},
		{"foo >=1:1,<2", `f:1:7: no version is >=1:1,<2, correct the constraints`},
	} {
		if got := linted(t, c.src); got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

func linted(t *testing.T, src string) string {
	t.Helper()
	f, err := Parse("f", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, w := range Lint(f) {
		lines = append(lines, w.String())
	}
	return strings.Join(lines, "\n")
}

// A file that nobody wrote must not take hours.
func TestLintLargeFile(t *testing.T) {
	var b strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&b, "foo\nfoo%d [platform:suse !platform:rpm !p%d]\n", i, i)
	}
	f, err := Parse("f", []byte(b.String()))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := len(Lint(f)), 19999+mostSelectors; got != want {
		t.Errorf("%d warnings, want %d", got, want)
	}
}
