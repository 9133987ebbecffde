package builder

import (
	"strings"
	"testing"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"
)

// However a credential comes, in one piece, in many, at the end of all or within another, nobody is told of it.
func TestTrackerHidesCredentials(t *testing.T) {
	secrets := []string{"hunter2", "hunter22", "er2xx", "2222", "a%20b"}
	for _, c := range []struct {
		name   string
		pieces []string
		want   string
	}{
		{"nothing", []string{"hunting\n", "", "h"}, "hunting\nh"},
		{"one piece", []string{"GET https://me:hunter2@host/\n"}, "GET https://me:****@host/\n"},
		{"the longest", []string{"hunter22 hunter2\n"}, "**** ****\n"},
		{"the longest, late", []string{"hunter2", "2", "\n"}, "****\n"},
		{"many pieces", []string{"x hun", "t", "er2", " y a%", "20", "b"}, "x **** y ****"},
		{"no newline", []string{"hunter2"}, "****"},
		{"the beginning only", []string{"hunter", " and hunte"}, "hunter and hunte"},
		{"one runs into the other", []string{"hunter2xx", "\n"}, "****xx\n"},
		{"repeated", []string{"222", "22", "222\n"}, "********\n"},
	} {
		var shown strings.Builder
		tr := newTracker(func(s *client.SolveStatus) {
			for _, l := range s.Logs {
				shown.Write(l.Data)
			}
		}, secrets...)
		tr.update(one(client.Vertex{Digest: "sha256:a", Name: "[project] wheel", Started: at(1)}))
		for _, piece := range c.pieces {
			tr.update(said("sha256:a", piece))
		}
		tr.update(one(client.Vertex{Digest: "sha256:a", Name: "[project] wheel", Started: at(1), Completed: at(2), Error: "hunter2 failed"}))
		v := tr.vertices["sha256:a"]
		kept := strings.Join(v.lines, "\n")
		if len(v.lines) > 0 {
			kept += "\n"
		}
		if kept += string(v.partial); shown.String() != c.want || kept != c.want || v.err != "**** failed" {
			t.Errorf("%s: shown %q, kept %q, want %q; error %q", c.name, shown.String(), kept, c.want, v.err)
		}
	}
}

// What comes in pieces of any size comes out as if it had come in one.
func FuzzRedactor(f *testing.F) {
	f.Add("xabcabcdab abcd", uint8(3))
	f.Add("aaaaaaaaaa", uint8(1))
	f.Add("bcdefabcde", uint8(4))
	f.Fuzz(func(t *testing.T, text string, size uint8) {
		secrets := []string{"abcd", "aaa", "cdef", "abcde", "ab"}
		r := newRedactor(secrets)
		var got strings.Builder
		for data := text; data != ""; {
			n := min(len(data), int(size%7)+1)
			for _, l := range r.logs([]*client.VertexLog{{Vertex: "sha256:a", Stream: 1, Data: []byte(data[:n])}}, func(digest.Digest) bool { return n == len(data) }) {
				got.Write(l.Data)
			}
			data = data[n:]
		}
		if want := newRedactor(secrets).text(text); got.String() != want {
			t.Errorf("%q in pieces of %d: %q, want %q", text, int(size%7)+1, got.String(), want)
		}
	})
}
