package builder

import (
	"cmp"
	"slices"
	"strings"

	"github.com/moby/buildkit/client"
	"github.com/opencontainers/go-digest"
)

// redacted stands where a credential was, as pip writes it.
const redacted = "****"

// redactor takes credentials out of what steps print, before anybody sees or keeps it. git, hooks and build backends
// print URLs as they are. A credential may be printed in two pieces: what could be the beginning of one is held back until more
// comes, or the step ends.
type redactor struct {
	replacer *strings.Replacer
	secrets  []string
	held     map[output]string
}

// output is one of the two outputs of a step.
type output struct {
	vertex digest.Digest
	number int
}

func newRedactor(secrets []string) *redactor {
	r := &redactor{held: map[output]string{}, secrets: slices.DeleteFunc(slices.Clone(secrets), func(s string) bool { return s == "" })}
	// At one place, the longest counts: the replacer takes the first in this order.
	slices.SortFunc(r.secrets, func(a, b string) int { return cmp.Or(len(b)-len(a), cmp.Compare(a, b)) })
	r.secrets = slices.Compact(r.secrets)
	var pairs []string
	for _, s := range r.secrets {
		pairs = append(pairs, s, redacted)
	}
	r.replacer = strings.NewReplacer(pairs...)
	return r
}

// text is a text without credentials.
func (r *redactor) text(s string) string { return r.replacer.Replace(s) }

// logs are the logs without credentials. done are the steps that print no more.
func (r *redactor) logs(logs []*client.VertexLog, done func(digest.Digest) bool) []*client.VertexLog {
	if len(r.secrets) == 0 {
		return logs
	}
	var out []*client.VertexLog
	for _, l := range logs {
		at := output{l.Vertex, l.Stream}
		data := r.held[at] + string(l.Data)
		delete(r.held, at)
		whole := r.settled(data)
		if done(l.Vertex) {
			whole = len(data)
		}
		if rest := data[whole:]; rest != "" {
			r.held[at] = rest
		}
		if whole > 0 {
			c := *l
			c.Data = []byte(r.text(data[:whole]))
			out = append(out, &c)
		}
	}
	return out
}

// rest is what was held back of a step that is done.
func (r *redactor) rest(v *client.Vertex) []*client.VertexLog {
	var out []*client.VertexLog
	for number := range 3 { // its streams; 0 is none
		at := output{v.Digest, number}
		if data, ok := r.held[at]; ok {
			delete(r.held, at)
			out = append(out, &client.VertexLog{Vertex: v.Digest, Stream: number, Data: []byte(r.text(data)), Timestamp: *v.Completed})
		}
	}
	return out
}

// settled is how much of the data ends before what may be the beginning of a credential.
func (r *redactor) settled(data string) int {
	end := len(data)
	for _, s := range r.secrets {
		for n := min(len(s)-1, len(data)); n > 0; n-- {
			// Not within a credential that is there as a whole: that one would be taken apart.
			if strings.HasSuffix(data, s[:n]) && len(data)-n < end {
				end = len(data) - n
			}
		}
	}
	return r.outside(data, end)
}

// outside moves a place that is inside of a credential to where that begins.
func (r *redactor) outside(data string, end int) int {
	for moved := true; moved; {
		moved = false
		for _, s := range r.secrets {
			for from := max(0, end-len(s)+1); from < end; from++ {
				if strings.HasPrefix(data[from:], s) {
					end, moved = from, true
					break
				}
			}
		}
	}
	return end
}
