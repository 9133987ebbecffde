package setupcfg

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// confirmProgram prints random texts and what Python's configparser makes of them in the three
// readings, one JSON document a line. The first line says which Python it is.
const confirmProgram = `
import configparser, io, json, random, sys
random.seed(int(sys.argv[1]))
tokens = ['[a]', '[b]', '[DEFAULT]', '[ a ]', '[', ']', 'k', 'j', 'x-y', 'x_y', 'K', '=', ':', ' ', '  ', '\t', '\n', '\n', '\n',
          '# c', '; d', '"', '` + "`" + `', '"""', "'", '%', '%%', '%(k)s', '%(J)s', '\\', 'v', 'one', 'two>=2', '[x]', '\r\n', '\r', '-',
          '\u00a0', '\x1c', '\x0b', '\u2028', '\u0085', '\ufeff', '\ue000', '\ue000v', '\ue000n', '\u00e9', '=1', '\n\n', '\n  ', '\n    ', '\n[a]\n', 'k = ', 'j = ']

def read(text, reading):
    p = configparser.RawConfigParser() if reading == 'raw' else configparser.ConfigParser()
    if reading == 'setuptools':
        p.optionxform = str
    try:
        p.read_file(io.TextIOWrapper(io.BytesIO(text.encode()), encoding='utf-8'))
        fold = (lambda k: k.replace('-', '_')) if reading == 'pbr' else str
        return {'sections': {s: {fold(k): v for k, v in p.items(s)} for s in p.sections()}}
    except configparser.Error as e:
        return {'error': {'MultilineContinuationError': 'ParsingError'}.get(type(e).__name__, type(e).__name__)}

print(json.dumps(sys.version))
for i in range(int(sys.argv[2])):
    text = '[s]\n' if random.random() < .7 else ''
    text += ''.join(random.choice(tokens) for _ in range(random.randint(1, 30)))
    print(json.dumps({'input': text, 'want': {r: read(text, r) for r in ('raw', 'setuptools', 'pbr')}}))
`

// confirmInputs is how many generated inputs are compared: PBRX_GO_TEST_CONFIRM_INPUTS, else 30000.
func confirmInputs(t *testing.T) int {
	t.Helper()
	text := os.Getenv("PBRX_GO_TEST_CONFIRM_INPUTS")
	if text == "" {
		return 30000
	}
	count, err := strconv.Atoi(text)
	if err != nil || count < 1 {
		t.Fatalf("PBRX_GO_TEST_CONFIRM_INPUTS=%q is no number", text)
	}
	return count
}

// generated are the inputs that a program for the machine's python3 makes from a seed, with what Python reads in them,
// and how many were asked for.
func generated(t *testing.T, program string, seed int) (count int, inputs *json.Decoder) {
	t.Helper()
	count = confirmInputs(t)
	cmd := exec.Command("python3", "-c", program, strconv.Itoa(seed), strconv.Itoa(count))
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("running python3: %v", err)
	}
	return count, json.NewDecoder(bytes.NewReader(out))
}

// TestConfirmConfigparser compares with the python3 of the machine.
func TestConfirmConfigparser(t *testing.T) {
	if os.Getenv("PBRX_GO_TEST_CONFIRM") != "1" {
		t.Skip("compares with Python's configparser only if PBRX_GO_TEST_CONFIRM=1")
	}
	count, dec := generated(t, confirmProgram, 7)
	var version string
	if err := dec.Decode(&version); err != nil {
		t.Fatal(err)
	}
	inputs, accepted, differ := 0, 0, 0
	for dec.More() {
		var c struct {
			Input string
			Want  map[Reading]outcome
		}
		if err := dec.Decode(&c); err != nil {
			t.Fatal(err)
		}
		inputs++
		for _, reading := range readings() {
			want := c.Want[reading]
			if want.Error == "" && reading == ReadRaw {
				accepted++
			}
			got := read([]byte(c.Input), reading)
			if want.Error == "" && want.Sections == nil {
				want.Sections = map[string]map[string]string{}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				if differ++; differ <= 10 {
					t.Errorf("%q as %s: Python (-), here (+):\n%s", c.Input, reading, diff)
				}
			}
		}
	}
	if inputs != count || accepted < count/30 {
		t.Errorf("%d inputs, of which Python accepts %d: too few to say anything", inputs, accepted)
	}
	t.Logf("%d inputs in three readings, %d accepted by RawConfigParser, %d differences, Python %s", inputs, accepted, differ, version)
}
