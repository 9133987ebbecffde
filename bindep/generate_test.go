package bindep

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator writes bindep.txts and os-releases that are right, nearly right and wrong. The
// same seed gives the same ones.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 0))} }

func (g generator) one(of ...string) string { return of[g.IntN(len(of))] }

// often is true n times of 100.
func (g generator) often(n int) bool { return g.IntN(100) < n }

// text is a bindep.txt, after "+" as a file or after "-" as standard input.
func (g generator) text() string {
	var b strings.Builder
	b.WriteString(g.one("+", "+", "-"))
	if g.often(1) {
		b.WriteString("\ufeff")
	}
	end := "\n"
	if g.often(10) {
		end = g.one("\r\n", "\r", "\n\n", "\n\r")
	}
	for range g.IntN(5) {
		line := g.line()
		if g.often(25) {
			line = g.damage(line)
		}
		b.WriteString(line + end)
	}
	if g.often(15) {
		b.WriteString(g.line()) // no newline at the end
	}
	return b.String()
}

func (g generator) line() string {
	switch g.IntN(12) {
	case 0:
		return strings.Repeat(" ", g.IntN(3))
	case 1:
		return strings.Repeat(" ", g.IntN(2)) + g.comment()
	}
	line := g.name()
	if g.often(75) {
		line += g.blank(1) + "[" + g.selectors() + "]"
	}
	if g.often(30) {
		line += g.blank(1) + g.constraint()
		for g.often(30) {
			line += "," + g.constraint()
		}
	}
	if g.often(15) {
		line += g.blank(0) + g.comment()
	}
	return line
}

func (g generator) blank(least int) string {
	if g.often(80) {
		return strings.Repeat(" ", least)
	}
	return strings.Repeat(" ", least+g.IntN(3))
}

func (g generator) comment() string {
	return "#" + g.one("", " why", " [a] >=1", "é\u2028", " # ", "\t", "platform:apk", "\u0085", "\v\f")
}

func (g generator) name() string {
	if g.often(85) {
		return g.one("foo", "lib"+g.letters(), "gcc-c++", "python3."+fmt.Sprint(g.IntN(20)), "/usr/bin/"+g.letters(), "dev-libs/"+g.letters(), "m4", "é_x", "٣x", "x²", "Ⅷa")
	}
	return g.letters() + g.one("", ".", "+", "-", "_", "/", "ß", "ſ", "ǅ")
}

func (g generator) letters() string {
	var b strings.Builder
	for range g.IntN(4) + 1 {
		b.WriteByte("abxyzAZ019"[g.IntN(10)])
	}
	return b.String()
}

func (g generator) selectors() string {
	var b strings.Builder
	b.WriteString(g.blank(0))
	for range g.IntN(5) {
		if g.often(25) {
			b.WriteString("(" + g.blank(0))
			for range g.IntN(4) {
				b.WriteString(g.profile() + g.blank(1))
			}
			b.WriteString(")")
		} else {
			b.WriteString(g.profile())
		}
		b.WriteString(g.blank(1))
	}
	return b.String()
}

func (g generator) profile() string {
	profile := g.one("a", "b", "c", "default", "compile", "test",
		"platform:apk", "platform:dpkg", "platform:rpm", "platform:redhat", "platform:suse", "platform:alpine-3.20", "platform:debian-12",
		"platform:base-py3", "platform:base-py2", "platform:ubuntu-trusty", "platform:rhel-9", "platform:apline", "platform:", "platform",
		"9.-:", ":", "-", ".", "d²", "٣")
	if g.often(30) {
		return "!" + profile
	}
	return profile
}

func (g generator) constraint() string {
	return g.one("<", "<=", "==", "!=", ">=", ">") + g.version()
}

// version is mostly a Debian version.
func (g generator) version() string {
	v := ""
	if g.often(15) {
		v = g.one("0", "1", "01", "12") + ":"
	}
	v += fmt.Sprint(g.IntN(12))
	for range g.IntN(4) {
		v += g.one(".", "~", "+", "-", "", ".0", "a", "Z", "rc", "é") + g.one("0", "00", "1", "2", "10", "a", "b", "", "~", "٣")
	}
	switch {
	case g.often(2):
		v = g.one("", "v", "_", "²") + v + g.one("-", "_1", "^git", "²", ":", "--")
	case g.often(15):
		v += "-" + g.one("1", "0", "2ubuntu1", "1~bpo", "r1", "1.el9")
	}
	return v
}

// damage deletes, doubles, inserts or swaps a few characters.
func (g generator) damage(line string) string {
	chars := []rune(line)
	for range g.IntN(2) + 1 {
		at := g.IntN(len(chars) + 1)
		rest := append([]rune(nil), chars[at:]...)
		switch g.IntN(4) {
		case 0:
			chars = append(chars[:at], rest[min(1, len(rest)):]...)
		case 1:
			chars = append(append(chars[:at], rest[:min(1, len(rest))]...), rest...)
		default:
			odd := []rune("  \t#[]()!<>=~,:;-_./@*%^\\\u00a0\u200b\u0301\ufeff\r\x00éA0²ß'\"")
			chars = append(append(chars[:at], odd[g.IntN(len(odd))]), rest...)
		}
	}
	line = string(chars)
	if g.often(1) {
		line += g.one("\xff", "\xc3", "\xed\xa0\x80")
	}
	return line
}

// osRelease is an os-release of a distribution that bindep knows, or nearly.
func (g generator) osRelease() string {
	quote := func(s string) string {
		q := g.one("", "\"", "\"", "'")
		if q == "" && strings.ContainsAny(s, " ()") {
			q = "\""
		}
		return q + s + q
	}
	lines := []string{
		"ID=" + quote(g.one(append(distroIDs(), "ol", "opensuse-leap", "Fedora", "openEuler", "SLES", "arch linux", "centos-stream", "xyz")...)),
		"NAME=" + quote(g.one("Red Hat Enterprise Linux Server", "Red Hat Workstation", "Linux", "")),
	}
	number := fmt.Sprint(g.IntN(30))
	if g.often(60) {
		number += g.one(".0", ".04", ".10", ".4.2", ".4.0", "rc1", "beta", ".dev1", "-SP3", "a.1", ".post1", "+x", "~1", ".x", "!1", "_1", " LTS", ".04a1", "-1")
	}
	if g.often(85) {
		lines = append(lines, "VERSION_ID="+quote(number))
	}
	if g.often(50) {
		lines = append(lines, "VERSION="+quote(number+g.one("", " (Blue Onyx)", " (LTS-SP2)", ", Trusty Tahr", " (a) (b c)", " (Core", " ()", ", 3")))
	}
	if g.often(30) {
		lines = append(lines, g.one("VERSION_CODENAME=", "UBUNTU_CODENAME=")+quote(g.one("", "noble", "Two Words", "kali-rolling")))
	}
	if g.often(20) {
		lines = append(lines, "PRETTY_NAME="+quote("Some Linux "+g.one("", number, "release "+number, number+" (x)", number+" LTS")))
	}
	g.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	return strings.Join(lines, "\n") + g.one("\n", "", "\n# c\n", "\nX='a\nb'\n")
}
