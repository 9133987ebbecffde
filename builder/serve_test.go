package builder

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
	"github.com/pbrx-go/pbrx-go/setupcfg"
)

// A WSGI application is run by the server that the image has.
func TestServe(t *testing.T) {
	for server, want := range map[string]string{
		"gunicorn": "gunicorn --bind 0.0.0.0:8000 a:b",
		"uwsgi":    "uwsgi --http-socket 0.0.0.0:8000 --master --need-app --module a:b",
		"pyuwsgi":  "uwsgi --http-socket 0.0.0.0:8000 --master --need-app --module a:b",
		"waitress": "x.toml:1:1: api has no server that could run a:b: add gunicorn or uwsgi to requirements, or give command",
	} {
		b := &build{plan: &images.Plan{Images: []images.Image{{Name: "base"}, {Name: "api", WSGI: "a:b", WSGIFrom: "x.toml:1:1"}}}}
		d := &dependencies{resolution: resolution{Sets: [][]string{{"idna"}, {server}}}, numbers: map[int]int{0: 0, 1: 1}}
		got := ""
		if err := b.serve(d); err != nil {
			got = err.Error()
		} else {
			got = strings.Join(b.plan.Images[1].Cmd, " ")
		}
		if got != want || b.plan.Images[0].Cmd != nil {
			t.Errorf("%s: %s, want %s", server, got, want)
		}
	}
}

// An application that ends by itself misses its configuration; one that raises would die.
func TestJudgeApplications(t *testing.T) {
	app := start{plan2llb.EntryPoint{Name: "a:b", Kind: plan2llb.WSGI, Module: "a", Attribute: "b"}, "x.toml:1:1"}
	for said, want := range map[string][]string{
		`{"script": "a:b", "of": "wsgi", "kind": "raised", "type": "SystemExit", "message": "1", "status": 1}`: {"x.toml:1:1: a:b did not load where there is no network and no configuration: it ends with status 1 while it is loaded (1)"},
		`{"script": "a:b", "of": "wsgi", "kind": "raised", "type": "ValueError", "message": "no"}`:             nil,
	} {
		var l loaded
		if err := json.Unmarshal([]byte(said), &l); err != nil {
			t.Fatal(err)
		}
		b := &build{Run: &Run{}, plan: &images.Plan{}}
		b.judge(&setupcfg.Project{}, []start{app}, []loaded{l})
		if !slices.Equal(b.warnings, want) || len(b.failed) == len(b.warnings) {
			t.Errorf("%s: warnings %q, failed %v; want warnings %q", said, b.warnings, b.failed, want)
		}
	}
}

func TestNumbersOfAccounts(t *testing.T) {
	const passwd, group = "root:x:0:0:root:/root:/bin/sh\nwww:x:33:34::/:/bin/sh\n", "root:x:0:\nwww:x:34:\nadm:x:4:www\n"
	for user, want := range map[string][2]string{
		"www": {"33:34", ""}, "www:adm": {"33:4", ""}, "7:adm": {"7:4", ""}, "www:9": {"33:9", ""}, "mail": {"", "mail"}, "www:mail": {"", "mail"},
	} {
		if numbers, unknown := numbersOf(user, passwd, group); numbers != want[0] || unknown != want[1] {
			t.Errorf("%s is %q, unknown %q; want %q", user, numbers, unknown, want)
		}
	}
}
