package builder

import (
	"context"
	"errors"
	"sync"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/images/blobs"
)

// lateStores is a store that must be offered when a session begins and is known only
// later: the base is opened inside the session, once the engine has said its platform.
type lateStores struct{ late *lateStore }

func (l *lateStores) stores() map[string]content.Store {
	l.late = &lateStore{Store: blobs.New(func(digest.Digest) (string, []byte, bool) { return "", nil, false })}
	return map[string]content.Store{storeName: l.late}
}

func (l *lateStores) set(s content.Store) {
	l.late.mu.Lock()
	defer l.late.mu.Unlock()
	l.late.real = s
}

type lateStore struct {
	content.Store // refuses everything that writes
	mu            sync.Mutex
	real          content.Store
}

func (s *lateStore) get() (content.Store, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.real == nil {
		return nil, errors.New("the base image is not open yet")
	}
	return s.real, nil
}

// Info tells the size of a blob of the base.
func (s *lateStore) Info(ctx context.Context, d digest.Digest) (content.Info, error) {
	real, err := s.get()
	if err != nil {
		return content.Info{}, err
	}
	return real.Info(ctx, d)
}

// ReaderAt opens a blob of the base.
func (s *lateStore) ReaderAt(ctx context.Context, desc v1.Descriptor) (content.ReaderAt, error) {
	real, err := s.get()
	if err != nil {
		return nil, err
	}
	return real.ReaderAt(ctx, desc)
}
