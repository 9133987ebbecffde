package bindep

import (
	"fmt"
	"strings"
	"testing"
)

// bulk is a bindep.txt of at least size bytes.
func bulk(size int) []byte {
	var b strings.Builder
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "# comment %d\nlibfoo%d-dev [compile !test platform:dpkg (a%d !b)] >=1.%d,!=2:1.4-3 # why\n\n", i, i, i, i)
	}
	return []byte(b.String())
}

// oneLine is one rule of at least size bytes.
func oneLine(size int) []byte {
	var b strings.Builder
	b.WriteString("foo [")
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "a-profile-of-the-number-%d ", i)
	}
	b.WriteString("]\n")
	return []byte(b.String())
}

// What is twice as long must not take much more than twice as long: see the times of 5 and 10 MB.
func BenchmarkParse(b *testing.B) {
	for _, c := range []struct {
		name string
		make func(int) []byte
	}{{"lines", bulk}, {"oneline", oneLine}} {
		for _, mb := range []int{5, 10} {
			b.Run(fmt.Sprintf("%s-%dMB", c.name, mb), func(b *testing.B) {
				src := c.make(mb << 20)
				b.SetBytes(int64(len(src)))
				for b.Loop() {
					if _, err := Parse("f", src); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
