package builder

import (
	"sync"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/opencontainers/go-digest"

	"github.com/pbrx-go/pbrx-go/images/blobs"
)

// storeName is the name under which images that lie on disk are offered to the engine.
const storeName = "base"

// sharedStore has the blobs of images on disk. It must be offered when a session begins, and the images are opened later, inside
// of the session: the base once the engine has said its platform, others where they are used. A blob is found by its digest, so
// that one store does for all of them.
type sharedStore struct {
	mu      sync.Mutex
	sources []blobs.Source
}

func newSharedStore() *sharedStore { return &sharedStore{} }

// add has the store look for blobs in a source, too.
func (s *sharedStore) add(source blobs.Source) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sources = append(s.sources, source)
}

// find is where a blob is: in the first source that has it.
func (s *sharedStore) find(d digest.Digest) (path string, data []byte, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, source := range s.sources {
		if path, data, ok := source(d); ok {
			return path, data, true
		}
	}
	return "", nil, false
}

// stores are what a session offers.
func (s *sharedStore) stores() map[string]content.Store {
	return map[string]content.Store{storeName: blobs.New(s.find)}
}
