package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// The list that every case has; m is the module.
var expected = []expectation{
	{pkg: "m/a", tests: "TestNeeds*", reason: "needs a thing"},
	{pkg: "m/a", tests: "TestLaptop", reason: "slow", laptopOnly: true},
}

func TestReport(t *testing.T) {
	const passes = `
{"Action":"run","Package":"m/a","Test":"TestOne"}
{"Action":"output","Package":"m/a","Test":"TestOne","Output":"=== RUN   TestOne\n"}
{"Action":"output","Package":"m/a","Test":"TestOne","Output":"said by what passes\n"}
{"Action":"pass","Package":"m/a","Test":"TestOne"}
`
	const packagePasses = `{"Action":"pass","Package":"m/a","Elapsed":1.25}` + "\n"
	skips := func(name string) string {
		return strings.ReplaceAll(`
{"Action":"run","Package":"m/a","Test":"NAME"}
{"Action":"output","Package":"m/a","Test":"NAME","Output":"    a_test.go:3: no thing here\n"}
{"Action":"output","Package":"m/a","Test":"NAME","Output":"--- SKIP: NAME (0.00s)\n"}
{"Action":"skip","Package":"m/a","Test":"NAME"}
`, "NAME", name)
	}
	for _, c := range []struct {
		name, events string
		ci           bool
		want         string
		ok           bool
	}{
		{
			name: "passing", events: passes + packagePasses,
			want: "ok    m/a 1.2s\n1 passed, 0 failed, 0 skipped\n", ok: true,
		},
		{
			name: "an expected skip", events: passes + skips("TestNeedsThing") + packagePasses,
			want: "skip: m/a TestNeedsThing: a_test.go:3: no thing here (expected: needs a thing)\nok    m/a 1.2s\n1 passed, 0 failed, 1 skipped\n", ok: true,
		},
		{
			name: "an unlisted skip", events: passes + skips("TestOther") + packagePasses,
			want: "FAIL: m/a TestOther was skipped: a_test.go:3: no thing here: not in .ci/expected-skips.txt\nok    m/a 1.2s\nFAIL: m/a TestOther was skipped\n1 passed, 0 failed, 1 skipped\n",
		},
		{
			name: "a subtest of an expected name", events: passes + skips("TestNeedsThing/sub") + packagePasses,
			want: "FAIL: m/a TestNeedsThing/sub was skipped: a_test.go:3: no thing here: not in .ci/expected-skips.txt\nok    m/a 1.2s\nFAIL: m/a TestNeedsThing/sub was skipped\n1 passed, 0 failed, 1 skipped\n",
		},
		{
			name: "laptop-only on a laptop", events: passes + skips("TestLaptop") + packagePasses,
			want: "skip: m/a TestLaptop: a_test.go:3: no thing here (expected: slow)\nok    m/a 1.2s\n1 passed, 0 failed, 1 skipped\n", ok: true,
		},
		{
			name: "laptop-only in CI", events: passes + skips("TestLaptop") + packagePasses, ci: true,
			want: "FAIL: m/a TestLaptop was skipped: a_test.go:3: no thing here: only laptops may skip it (.ci/expected-skips.txt), and CI=true\nok    m/a 1.2s\nFAIL: m/a TestLaptop was skipped\n1 passed, 0 failed, 1 skipped\n",
		},
		{
			name: "a failing test",
			events: `
{"Action":"run","Package":"m/a","Test":"TestTwo"}
{"Action":"output","Package":"m/a","Test":"TestTwo","Output":"    a_test.go:9: got 1, want 2\n"}
{"Action":"output","Package":"m/a","Test":"TestTwo","Output":"--- FAIL: TestTwo (0.00s)\n"}
{"Action":"fail","Package":"m/a","Test":"TestTwo"}
{"Action":"output","Package":"m/a","Output":"FAIL\tm/a\t0.1s\n"}
{"Action":"fail","Package":"m/a","Elapsed":0.1}
`,
			want: "FAIL: m/a TestTwo\n    a_test.go:9: got 1, want 2\n--- FAIL: TestTwo (0.00s)\nFAIL\tm/a\t0.1s\nFAIL: m/a failed\n0 passed, 1 failed, 0 skipped\n",
		},
		{
			name: "a package that does not compile",
			events: `
{"Action":"build-output","ImportPath":"m/a [m/a.test]","Output":"a_test.go:3:1: undefined: x\n"}
{"Action":"build-fail","ImportPath":"m/a [m/a.test]"}
{"Action":"output","Package":"m/a","Output":"FAIL\tm/a [build failed]\n"}
{"Action":"fail","Package":"m/a","FailedBuild":"m/a [m/a.test]"}
`,
			want: "a_test.go:3:1: undefined: x\nFAIL\tm/a [build failed]\nFAIL: m/a failed\n0 passed, 1 failed, 0 skipped\n",
		},
		{
			name: "a test that never ends", ci: true,
			events: `
{"Action":"run","Package":"m/a","Test":"TestHang"}
{"Action":"output","Package":"m/a","Test":"TestHang","Output":"waiting\n"}
{"Action":"fail","Package":"m/a","Elapsed":9}
`,
			want: "FAIL: m/a TestHang did not end\nwaiting\nFAIL: m/a failed\n0 passed, 1 failed, 0 skipped\n",
		},
		{
			name: "test files without a test that runs", events: passes + packagePasses + `{"Action":"output","Package":"m/b","Output":"ok  \tm/b\t0.1s [no tests to run]\n"}
{"Action":"pass","Package":"m/b","Elapsed":0.1}
`,
			want: "ok    m/a 1.2s\nFAIL: m/b ended well, but not all of its tests ran\nok  \tm/b\t0.1s [no tests to run]\nFAIL: m/b ran no test\n1 passed, 0 failed, 0 skipped\n",
		},
		{
			name: "no test files at all", events: `{"Action":"skip","Package":"m/c"}` + "\n",
			want: "?     m/c has no tests\nFAIL: no test ran\n0 passed, 0 failed, 0 skipped\n",
		},
		{
			name: "what go says before it starts", events: "go: updates to go.mod needed\n",
			want: "go: updates to go.mod needed\nFAIL: no test ran\n0 passed, 0 failed, 0 skipped\n",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			var out strings.Builder
			r := newReport(expected, c.ci, &out)
			events := strings.ReplaceAll(strings.TrimPrefix(c.events, "\n"), "\n\n", "\n")
			if err := r.read(bufio.NewReader(strings.NewReader(events))); err != nil {
				t.Fatal(err)
			}
			if ok := r.finish(); ok != c.ok || out.String() != c.want {
				t.Errorf("ok is %t, want %t, and the report is\n%s\nwant\n%s", ok, c.ok, out.String(), c.want)
			}
		})
	}
}

func TestReadExpected(t *testing.T) {
	name := filepath.Join(t.TempDir(), "skips.txt")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# head\n\na/b TestX*  # needs x\na TestY laptop-only # slow\n")
	got, err := readExpected(name, "m")
	want := []expectation{{"m/a/b", "TestX*", "needs x", false}, {"m/a", "TestY", "slow", true}}
	if err != nil || len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}

	write("a TestX\na # why\na TestX sometimes # why\na [ # why\n")
	_, err = readExpected(name, "m")
	wantErr := name + ":1:1: a skip without a reason: end the line with # and why\n" +
		name + ":2:1: no expected skip: write package test-pattern [laptop-only]  # reason\n" +
		name + ":3:1: no expected skip: write package test-pattern [laptop-only]  # reason\n" +
		name + ":4:1: the pattern \"[\": syntax error in pattern"
	if err == nil || err.Error() != wantErr {
		t.Errorf("got %v, want %v", err, wantErr)
	}
}
