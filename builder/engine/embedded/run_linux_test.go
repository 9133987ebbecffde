package embedded_test

import (
	"context"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
	"github.com/pbrx-go/pbrx-go/images"
)

// Commands in the image leave what they write, less what is temporary, and have neither a network nor a source that they could change.
func TestRunInImage(t *testing.T) {
	b := newBench(t, alpine(t))
	source := b.write("source/word", "from the source\n", 0o644)
	source.Path, source.Folder = "source", true
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }))
	t.Cleanup(server.Close)
	fetch := []string{"python3", "-c", "import urllib.request; urllib.request.urlopen('" + server.URL + "')"}
	step := images.RunStep{From: "pbrx-go.toml:7:1", Source: &source, Env: []string{"WORD=said"}, Cache: []string{"/var/cache/ours"}, Commands: [][]string{
		{"sh", "-c", "cp word /srv/word; echo $WORD $FIRST $PWD $HOME > /srv/said; echo x | tee /tmp/x /run/x /root/x /var/cache/apk/x /var/cache/ours/x"},
		{"ln", "-s", "word", "/srv/link"}, {"chown", "1:2", "/srv/word"}}}
	options := plan2llb.RunOptions{What: "zuul", Base: b.base, Env: []string{"PATH=/usr/local/bin:/usr/bin:/bin", "FIRST=first"}}
	var layers []map[string]string
	for _, b.again = range []bool{false, true, false} {
		b.log.ran = nil
		b.mustSolve(func(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler) error {
			st, _ := compiler.Run(b.state(), step, options)
			added, err := layer(ctx, c, b.state(), st)
			if err != nil {
				return err
			}
			layers = append(layers, added)
			said, err := readOf(ctx, c, st, "/srv/said")
			if want := "said first /src /root\n"; said != want {
				t.Errorf("it says %q, want %q", said, want)
			}
			return err
		})
	}
	if len(b.log.ran) > 0 {
		t.Errorf("the third time these ran: %q", b.log.ran)
	}
	if got, want := filesOf(layers[0]), []string{"/srv/link", "/srv/said", "/srv/word"}; !slices.Equal(got, want) {
		t.Errorf("the layer has %q, want %q", layers[0], want)
	}
	if want := "-rw-r--r-- 1:2 315532800 "; !strings.HasPrefix(layers[0]["/srv/word"], want) {
		t.Errorf("/srv/word is %q, want %q", layers[0]["/srv/word"], want)
	}
	if !maps.Equal(layers[0], layers[1]) {
		t.Errorf("run again, the layer is %q and was %q", layers[1], layers[0])
	}
	for _, m := range []struct {
		name, want string
		step       images.RunStep
	}{
		{"the first that fails ends it", "run: sh -c echo no good; exit 3 ended with status 3: no good", images.RunStep{Commands: [][]string{{"true"}, {"sh", "-c", "echo no good; exit 3"}, {"sleep", "1000"}}}},
		{"no such program", "run: nosuch: No such file or directory", images.RunStep{Commands: [][]string{{"nosuch"}}}},
		{"the source is no place to write to", "run: touch new ended with status 1: touch: new: Read-only file system", images.RunStep{Source: &source, Commands: [][]string{{"touch", "new"}}}},
		{"no network", "run: " + strings.Join(fetch, " ") + " ended with status 1: urllib.error.URLError: <urlopen error [Errno 111] Connection refused>", images.RunStep{Commands: [][]string{fetch}}},
		{"a network", "", images.RunStep{Network: true, Commands: [][]string{fetch}}},
	} {
		t.Run(m.name, func(t *testing.T) {
			b := b.sub(t)
			err := b.solve(func(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler) error {
				st, _ := compiler.Run(b.state(), m.step, options)
				_, err := ref(ctx, c, st)
				return err
			})
			if got := strings.TrimPrefix(b.said("pbrx-go: "), "(nothing)"); (err == nil) != (m.want == "") || got != m.want {
				t.Errorf("%v: it says %q, want %q", err, got, m.want)
			}
		})
	}
}

// Commands in another image share its file system and a copy of the source; what they made is files of the image.
func TestRunElsewhere(t *testing.T) {
	b := newBench(t, alpine(t))
	source := b.write("source/word", "from the source\n", 0o644)
	b.write("source/more/word", "more\n", 0o644)
	source.Path, source.Folder = "source", true
	step := images.RunStep{From: "pbrx-go.toml:7:1", In: "docker://golang", Source: &source, Env: []string{"WORD=said"}, Cache: []string{"/go/cache"}, Commands: [][]string{
		{"sh", "-c", "mkdir -p bin /opt/tool && cat word more/word > bin/words && echo $WORD $FIRST > /opt/tool/said && echo >> /go/cache/count"},
		{"sh", "-c", "cp /opt/tool/said bin/said && chmod 0700 bin/said"}},
		Out: []images.Output{{Path: "bin/said", Dest: "/usr/bin/said"}, {Path: "/opt/tool", Dest: "/opt/tool"}, {Path: "/src/bin", Dest: "tool/static"}}}
	options := plan2llb.RunOptions{What: "zuul", Base: b.base, Env: []string{"PATH=/usr/bin:/bin", "FIRST=first"}, In: b.state()}
	for _, want := range [][]string{{"[files] late", "[run zuul] sh -c cp /opt/tool/said bin/said && chmod 0700 bin/said", "[run zuul] " + strings.Join(step.Commands[0], " ")}, nil} {
		b.log.ran = nil
		b.mustSolve(func(ctx context.Context, c gateway.Client, compiler *plan2llb.Compiler) error {
			st, made := compiler.Run(b.state(), step, options)
			if st.Output() == nil || len(made) != 3 || made[2].Dest != "tool/static" {
				t.Fatalf("made is %+v", made)
			}
			if text, err := readOf(ctx, c, made[2].State, made[2].Path+"/words"); err != nil || text != "from the source\nmore\n" {
				t.Errorf("%v: the words are %q", err, text)
			}
			files, others := plan2llb.MadeFiles(made[:2])
			target := plan2llb.Target{Python: b.base.Python.Executable}
			added, err := layer(ctx, c, b.state(), compiler.Overlay(b.state(), compiler.Files(b.state(), target, files, others, "late")))
			if got, want := filesOf(added), []string{"/opt/tool/said", "/usr/bin/said"}; !slices.Equal(got, want) || !strings.HasPrefix(added["/usr/bin/said"], "-rwxr-xr-x 0:0 315532800") {
				t.Errorf("%v: the files are %q, want %q", err, added, want)
			}
			return err
		})
		slices.Sort(b.log.ran)
		if !slices.Equal(b.log.ran, want) {
			t.Errorf("these ran: %q, want %q", b.log.ran, want)
		}
	}
}
