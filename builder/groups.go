package builder

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
)

const (
	// groupSize is how many wheels a group has on average.
	groupSize = 8
	// largeWheel is the size in bytes from which on a wheel is a group of its own.
	largeWheel = 5 << 20
	// mostGroups is how many groups an image may have: container engines take 127 layers.
	mostGroups = 80
)

// group splits names into groups of about size, in alphabetical order. Where a group begins depends on the name
// alone with which it does: a name more, or one less, changes the group that it is in and no other.
func group(names []string, size int) [][]string {
	var groups [][]string
	for n, name := range slices.Sorted(slices.Values(names)) {
		sum := sha256.Sum256([]byte(name))
		if n == 0 || binary.BigEndian.Uint32(sum[:])%uint32(size) == 0 {
			groups = append(groups, nil)
		}
		last := len(groups) - 1
		groups[last] = append(groups[last], name)
	}
	return groups
}

// layerGroups groups the wheels of an image: large ones alone and first, because they change least, and as many groups
// as an image may have at most.
func layerGroups(names []string, sizes map[string]int64) [][]string {
	for size, large := groupSize, int64(largeWheel); ; size, large = size*2, large*2 {
		var alone, rest [][]string
		var small []string
		for _, name := range slices.Sorted(slices.Values(names)) {
			if sizes[name] >= large {
				alone = append(alone, []string{name})
			} else {
				small = append(small, name)
			}
		}
		if rest = group(small, size); len(alone)+len(rest) <= mostGroups {
			return append(alone, rest...)
		}
	}
}

// groupName names a group for people, by its first and last.
func groupName(names []string) string {
	if len(names) <= 2 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s … %s (%d)", names[0], names[len(names)-1], len(names))
}
