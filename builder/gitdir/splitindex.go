package gitdir

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// join makes one index of a split one: link says which shared file it goes on from, which entries of that
// are gone and which are replaced by the entries without a path, in that order.
func (x *Index) join(link []byte, dir string) error {
	size := x.newHash().Size()
	if len(link) < size {
		return errors.New("the shared index is not named")
	}
	data, err := os.ReadFile(filepath.Join(dir, "sharedindex."+hex.EncodeToString(link[:size])))
	if err != nil {
		return err
	}
	shared, _, err := parseIndex(data, x.newHash)
	if err != nil {
		return err
	}
	var gone, replaced []int
	if rest := link[size:]; len(rest) > 0 {
		if gone, rest, err = bitmap(rest, len(shared.Entries)); err != nil {
			return err
		}
		if replaced, _, err = bitmap(rest, len(shared.Entries)); err != nil {
			return err
		}
	}
	own := x.Entries
	for _, n := range replaced {
		if len(own) == 0 || own[0].Path != "" {
			return errors.New("it replaces more entries than it has")
		}
		own[0].Path = shared.Entries[n].Path
		shared.Entries[n], own = own[0], own[1:]
	}
	for _, n := range gone {
		shared.Entries[n].Path = ""
	}
	all := slices.DeleteFunc(append(shared.Entries, own...), func(e Entry) bool { return e.Path == "" })
	slices.SortStableFunc(all, func(a, b Entry) int {
		if order := strings.Compare(a.Path, b.Path); order != 0 {
			return order
		}
		return int(a.flags>>12&3) - int(b.flags>>12&3) // which side of a merge it is
	})
	x.Entries, x.sparse = all, x.sparse || shared.sparse
	return nil
}

// bitmap reads a set of numbers below limit that is compressed as EWAH, and returns what follows it.
func bitmap(data []byte, limit int) (set []int, rest []byte, err error) {
	damaged := errors.New("a bitmap of the split index ends too early")
	if len(data) < 8 {
		return nil, nil, damaged
	}
	words := uint64(binary.BigEndian.Uint32(data[4:]))
	if data = data[8:]; uint64(len(data)) < words*8+4 {
		return nil, nil, damaged
	}
	word := func(n uint64) uint64 { return binary.BigEndian.Uint64(data[n*8:]) }
	base := uint64(0)
	add := func(bits uint64) {
		for bit := uint64(0); bit < 64; bit++ {
			if n := base*64 + bit; bits>>bit&1 == 1 && n < uint64(limit) {
				set = append(set, int(n))
			}
		}
		base++
	}
	for n := uint64(0); n < words; n++ {
		marker := word(n)
		bits := -(marker & 1)
		for run := marker >> 1 & 0xffffffff; run > 0 && base*64 < uint64(limit); run-- {
			add(bits)
		}
		for literals := marker >> 33; literals > 0 && n+1 < words; literals-- {
			n++
			add(word(n))
		}
	}
	return set, data[words*8+4:], nil
}
