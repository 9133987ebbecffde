package bindep

import (
	"errors"
	"strings"
	"testing"
	"text/scanner"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
	"github.com/google/go-cmp/cmp"
)

func TestSyntax(t *testing.T) {
	for _, r := range readTable(t, "syntax.tsv", 4, 104) {
		t.Run(r[0], func(t *testing.T) {
			if got := outcome(input(t, r[1]), "bindep.txt"); got != r[2] {
				t.Errorf("%s (%s)\n got %s\nwant %s", r[1], r[3], got, r[2])
			}
		})
	}
}

func TestErrors(t *testing.T) {
	for _, r := range readTable(t, "errors.tsv", 2, 84) {
		t.Run(r[0], func(t *testing.T) {
			if got := outcome(input(t, r[0]), "f"); got != "error: "+r[1] {
				t.Errorf("%s\n got %s\nwant error: %s", r[0], got, r[1])
			}
		})
	}
}

// outcome is what syntax.tsv says about a text.
func outcome(text, name string) string {
	f, err := Parse(name, []byte(text))
	if err != nil {
		return "error: " + strings.ReplaceAll(err.Error(), "\n", " && ")
	}
	return render(f)
}

// Taking participle out of this package breaks this test: the grammar is
// participle's, and every rejected line carries participle's own error.
func TestParticipleGrammarReadsFile(t *testing.T) {
	parser, err := newParser()
	if err != nil {
		t.Fatal(err)
	}
	want := `LineNode = <skip> | RuleNode .
RuleNode = <name> SelectorsNode? (FirstNode NextNode*)? <end> .
SelectorsNode = <open> (<sp> | ItemNode)* <close> .
ItemNode = GroupNode | ProfileNode .
GroupNode = <lparen> (<sp> | ProfileNode)* <rparen> .
ProfileNode = <bang>? <profile> .
FirstNode = <firstop> VersionNode .
VersionNode = <version> .
NextNode = <nextop> VersionNode .`
	if diff := cmp.Diff(want, parser.String()); diff != "" {
		t.Errorf("grammar (-want +got):\n%s", diff)
	}
	_, err = Parse("bindep.txt", []byte("good\nfoo [a) b]\n"))
	var unexpected *participle.UnexpectedTokenError
	if !errors.As(err, &unexpected) || unexpected.Unexpected.Value != ")" {
		t.Errorf("grammar's error in %v: %v", err, unexpected)
	}
	_, err = Parse("bindep.txt", []byte("good\nfoo [A]\n"))
	var unlexed *lexer.Error
	if !errors.As(err, &unlexed) {
		t.Errorf("no lexer's error in %v", err)
	}
}

func TestPositions(t *testing.T) {
	src := "# é\r\nfoo  [ a  (!b c) ]  >=1,<2 # é\rübar [é]\n"
	_, err := Parse("dir/bindep.txt", []byte(src))
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("no *Error in %v", err)
	}
	pos := func(offset, line, column int) scanner.Position {
		return scanner.Position{Filename: "dir/bindep.txt", Offset: offset, Line: line, Column: column}
	}
	if want := pos(strings.Index(src, "é]"), 3, 7); e.Position() != want {
		t.Errorf("position %#v, want %#v", e.Position(), want)
	}
	f, err := Parse("dir/bindep.txt", []byte(strings.Replace(src, "[é]", "==3", 1)))
	if err != nil {
		t.Fatal(err)
	}
	want := &File{Name: "dir/bindep.txt", Rules: []Rule{
		{
			Pos: pos(6, 2, 1), Name: "foo",
			Selectors: []Selector{
				{Pos: pos(13, 2, 8), Profile: "a"},
				{Pos: pos(16, 2, 11), Group: []Selector{
					{Pos: pos(17, 2, 12), Not: true, Profile: "b"},
					{Pos: pos(20, 2, 15), Profile: "c"},
				}},
			},
			Constraints: []Constraint{
				{Pos: pos(28, 2, 23), Op: ">=", Version: "1"},
				{Pos: pos(31, 2, 26), Op: "<", Version: "2"},
			},
		},
		{
			Pos: pos(38, 3, 1), Name: "übar",
			Constraints: []Constraint{{Pos: pos(46, 3, 8), Op: "==", Version: "3"}},
		},
	}}
	if diff := cmp.Diff(want, f); diff != "" {
		t.Errorf("file (-want +got):\n%s", diff)
	}
}

// Offsets count the bytes of the text as it was given, a byte order mark included.
func TestPositionAfterByteOrderMark(t *testing.T) {
	_, err := Parse("f", []byte("\ufefffoo \nR\n"))
	var list ErrorList
	if !errors.As(err, &list) || len(list) != 3 {
		t.Fatalf("%v", err)
	}
	for i, want := range []scanner.Position{
		{Filename: "f", Offset: 0, Line: 1, Column: 1},
		{Filename: "f", Offset: 6, Line: 1, Column: 4},
		{Filename: "f", Offset: 8, Line: 2, Column: 1},
	} {
		if got := list[i].Position(); got != want {
			t.Errorf("%v: %#v, want %#v", list[i], got, want)
		}
	}
}

func TestVersionLiterals(t *testing.T) {
	valid := []string{"1", "1-2-3", "1--2", "1:2:3", "2:1:3-4", "1.0~rc1+b", "0:1"}
	invalid := []string{"1:", "1:a", "1-", "1---2", "1-2--3", "1-2:3", "v1", ":1", "1--", "1-2-:3"}
	for _, v := range valid {
		if why := checkVersion(v); why != "" {
			t.Errorf("%s: %s", v, why)
		}
	}
	for _, v := range invalid {
		if checkVersion(v) == "" {
			t.Errorf("%s is no version", v)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, r := range readTable(f, "syntax.tsv", 4, 104) {
		f.Add(input(f, r[1]))
	}
	for _, r := range readTable(f, "errors.tsv", 2, 84) {
		f.Add(input(f, r[0]))
	}
	f.Fuzz(func(t *testing.T, src string) {
		file, err := Parse("f", []byte(src))
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Msg == "" || e.Hint == "" || !e.Pos.IsValid() || e.Pos.Offset > len(src) {
				t.Fatalf("%q: not a whole error: %#v", src, err)
			}
			return
		}
		Lint(file)
		again, err := Parse("f", []byte(file.String()))
		if err != nil {
			t.Fatalf("%q prints as %q: %v", src, file.String(), err)
		}
		// Everything but the positions comes back.
		if render(file) != render(again) || file.String() != again.String() {
			t.Fatalf("%q prints as %q and reads back as %q", src, file.String(), again.String())
		}
	})
}

func TestParseStrict(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"foo\nbar", "ok: foo; bar"},
		{"foo # c\r\nbar # \x00\n", "ok: foo; bar"}, // a comment may hold anything
		{"foo\r\n", "error: f:1:4: carriage return, end lines with a newline alone, bindep takes no other on standard input"},
		{"foo\n\r\nbar >=1\r\n", "error: f:2:1: carriage return, end lines with a newline alone, bindep takes no other on standard input && " +
			"f:3:8: carriage return, end lines with a newline alone, bindep takes no other on standard input"},
		{"foo\x00\n", "error: f:1:4: invisible character U+0000, remove it or write a space"},
		{"foo\xff\n", "error: f:1:4: not UTF-8 from here, save the file as UTF-8"},
	} {
		f, err := ParseStrict("f", []byte(c.src), true)
		got := "error: "
		if err != nil {
			got += strings.ReplaceAll(err.Error(), "\n", " && ")
		} else {
			got = render(f)
		}
		if got != c.want {
			t.Errorf("%q\n got %s\nwant %s", c.src, got, c.want)
		}
	}
}

func TestParseStrictFile(t *testing.T) {
	f, err := ParseStrict("f", []byte("foo # c\x00\r\nbar\rbaz"), false)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := render(f), "ok: foo; bar; baz"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// The errors of some lines do not hide the warnings of the others.
func TestCheck(t *testing.T) {
	warnings, err := Check("f", []byte("foo [A]\nbar [platform:apline]\nR\n"))
	if want := "f:1:6: upper case in the profile \"A\", write \"a\"\nf:3:1: package name \"R\" of one character, name a package of two or more characters, or a file of it by its full path"; err == nil || err.Error() != want {
		t.Errorf("%v\nwant %s", err, want)
	}
	if want := `f:2:6: no distribution has the profile "platform:apline", did you mean "platform:alpine"?`; len(warnings) != 1 || warnings[0].String() != want {
		t.Errorf("%v\nwant %s", warnings, want)
	}
}

// participle's own limit; to reach it takes a line of a million tokens and ten seconds, so that the error
// is made here.
func TestTooManySelectors(t *testing.T) {
	l := line{start: scanner.Position{Filename: "f", Line: 3, Column: 1}}
	e := l.diagnose(nil, participle.Errorf(lexer.Position{}, "too many iterations of x (> %d)", participle.MaxIterations))
	if want := "f:3:1: a line of more than 500000 selectors or versions, shorten it"; e.Error() != want {
		t.Errorf("%v\nwant %s", e, want)
	}
}
