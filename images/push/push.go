package push

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/pbrx-go/pbrx-go/images/archive"
)

// jobs is how many things are done at a time.
const jobs = 4

// Push sends the images of a set and then writes their tags. It returns what was
// written, NAME:TAG@DIGEST in the order of the set. A push that breaks off is an *Error;
// a set that cannot be pushed (names, tags, missing or damaged manifests) is an error of
// another type, all its problems at once, and nothing was sent. When ctx ends, Push ends,
// and writes no further tag.
func Push(ctx context.Context, set []Image, open archive.Opener, o Options) ([]string, error) {
	targets, err := plan(set, open)
	if err != nil {
		return nil, err
	}
	p := &pusher{o: o.withDefaults(), open: open, targets: targets, transports: map[string]*schemes{}}
	defer p.hangUp()
	var all, done []string
	for _, t := range targets {
		for _, tag := range t.Tags {
			all = append(all, t.Name+":"+tag)
		}
	}
	if err := p.content(ctx); err != nil {
		name := set[0].Name
		var f *failure
		if errors.As(err, &f) {
			name, err = f.name, f.err
		}
		return nil, &Error{Name: name, Untagged: all, Err: err}
	}
	for _, t := range targets {
		for _, tag := range t.Tags {
			ref := t.Name + ":" + tag
			if lost, err := p.tag(ctx, t, tag); err != nil {
				e := &Error{Name: ref, Tagged: all[:len(done)], Untagged: all[len(done):], Err: err}
				if lost {
					e.lost = ref
				}
				return done, e
			}
			done = append(done, ref+"@"+t.Descriptor.Digest.String())
		}
	}
	return done, nil
}

// pusher is one push.
type pusher struct {
	o       Options
	open    archive.Opener
	targets []*target
	logging sync.Mutex
	// transports are the ways to the registries, by host.
	transports map[string]*schemes
}

// hangUp closes the connections that were kept for further requests.
func (p *pusher) hangUp() {
	for _, t := range p.transports {
		t.base.CloseIdleConnections()
	}
}

func (p *pusher) log(format string, args ...any) {
	p.logging.Lock()
	defer p.logging.Unlock()
	p.o.Log(fmt.Sprintf(format, args...))
}

// content puts everything but the tags where it belongs.
func (p *pusher) content(ctx context.Context) error {
	owners := p.owners()
	for _, step := range []func(context.Context, map[blobKey]*repository) error{p.connect, p.look, p.sendFirst, p.sendOthers, p.manifests} {
		if err := step(ctx, owners); err != nil {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			return err
		}
	}
	return nil
}

// blobKey is a blob in a registry.
type blobKey struct {
	registry string
	digest   digest.Digest
}

func keyOf(r *repository, d v1.Descriptor) blobKey { return blobKey{r.RegistryStr(), d.Digest} }

// owners tells for each blob the first repository of the set that has it: it goes there first,
// and is mounted from there by the others.
func (p *pusher) owners() map[blobKey]*repository {
	owners := map[blobKey]*repository{}
	for _, t := range p.targets {
		for _, d := range t.blobs {
			if key := keyOf(t.repo, d); owners[key] == nil {
				owners[key] = t.repo
			}
		}
	}
	return owners
}

// each does something for some targets at a time, and names the target in the error.
func (p *pusher) each(ctx context.Context, targets []*target, do func(context.Context, *target) error) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(jobs)
	for _, t := range targets {
		g.Go(func() error {
			if err := do(ctx, t); err != nil {
				return &failure{t.Name, t.repo.explain(err)}
			}
			return nil
		})
	}
	return g.Wait()
}

// connect reaches every repository once.
func (p *pusher) connect(ctx context.Context, owners map[blobKey]*repository) error {
	sources := map[*repository][]name.Repository{}
	var first []*target
	for _, t := range p.targets {
		if _, known := sources[t.repo]; !known {
			first = append(first, t)
			sources[t.repo] = nil
		}
		for _, d := range t.blobs {
			if from := owners[keyOf(t.repo, d)]; from != t.repo {
				sources[t.repo] = appendNew(sources[t.repo], from.Repository)
			}
		}
		if len(p.o.CertsDirs) > 0 {
			t.repo.certs = filepath.Join(p.o.CertsDirs[0], t.repo.host)
		}
		if p.transports[t.repo.host] != nil {
			continue
		}
		certs, err := tlsConfig(p.o.CertsDirs, t.repo.host)
		if err != nil {
			return &failure{t.Name, err}
		}
		p.transports[t.repo.host] = newTransport(t.repo.RegistryStr(), certs, p.o.Stall)
	}
	return p.each(ctx, first, func(ctx context.Context, t *target) error {
		return p.retry(ctx, "connecting to "+t.repo.host, func(ctx context.Context) error {
			return t.repo.connect(ctx, p.o, p.transports[t.repo.host], sources[t.repo])
		})
	})
}

func appendNew(list []name.Repository, r name.Repository) []name.Repository {
	for _, known := range list {
		if known == r {
			return list
		}
	}
	return append(list, r)
}

// look finds the images that are there already.
func (p *pusher) look(ctx context.Context, _ map[blobKey]*repository) error {
	return p.each(ctx, p.targets, func(ctx context.Context, t *target) error {
		return p.retry(ctx, "asking for manifest "+short(t.Descriptor.Digest), func(ctx context.Context) (err error) {
			t.present, err = t.repo.has(ctx, t.manifests[len(t.manifests)-1])
			return err
		})
	})
}

// sendFirst sends each blob to one repository of its registry, sendOthers to the rest.
func (p *pusher) sendFirst(ctx context.Context, owners map[blobKey]*repository) error {
	return p.send(ctx, func(r *repository, d v1.Descriptor) (bool, *repository) { return owners[keyOf(r, d)] == r, nil })
}

func (p *pusher) sendOthers(ctx context.Context, owners map[blobKey]*repository) error {
	return p.send(ctx, func(r *repository, d v1.Descriptor) (bool, *repository) {
		owner := owners[keyOf(r, d)]
		return owner != r, owner
	})
}

// send sends the blobs that wanted chooses, each once to a repository.
func (p *pusher) send(ctx context.Context, wanted func(*repository, v1.Descriptor) (bool, *repository)) error {
	type job struct {
		repo   *repository
		digest digest.Digest
	}
	done := map[job]bool{}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(jobs)
	for _, t := range p.targets {
		for _, d := range t.blobs {
			ok, source := wanted(t.repo, d)
			if !ok || t.present || done[job{t.repo, d.Digest}] {
				continue
			}
			done[job{t.repo, d.Digest}] = true
			g.Go(func() error {
				if err := p.sendBlob(ctx, t, d, source); err != nil {
					return &failure{t.Name, t.repo.explain(err)}
				}
				return nil
			})
		}
	}
	return g.Wait()
}

func (p *pusher) sendBlob(ctx context.Context, t *target, d v1.Descriptor, source *repository) error {
	b := &blob{desc: d, open: p.open}
	err := p.retry(ctx, fmt.Sprintf("sending blob %s (%d bytes)", short(d.Digest), d.Size), func(ctx context.Context) error {
		return t.repo.upload(ctx, b, source)
	})
	if err != nil {
		return err
	}
	what := "is there"
	if b.sent.Load() {
		what = "sent"
	}
	p.log("%s: blob %s (%d bytes) %s", t.Name, short(d.Digest), d.Size, what)
	return nil
}

// manifests writes what names the blobs, by digest.
func (p *pusher) manifests(ctx context.Context, _ map[blobKey]*repository) error {
	type job struct {
		repo   *repository
		digest digest.Digest
	}
	seen := map[job]bool{}
	var missing []*target
	for _, t := range p.targets {
		if key := (job{t.repo, t.Descriptor.Digest}); !t.present && !seen[key] {
			seen[key] = true
			missing = append(missing, t)
		}
	}
	return p.each(ctx, missing, func(ctx context.Context, t *target) error {
		for _, m := range t.manifests {
			err := p.retry(ctx, "writing manifest "+short(m.desc.Digest), func(ctx context.Context) error {
				return t.repo.put(ctx, m, t.repo.Digest(m.desc.Digest.String()))
			})
			if err != nil {
				return err
			}
		}
		p.log("%s: manifest %s written", t.Name, short(t.Descriptor.Digest))
		return nil
	})
}

// tag writes one tag. lost says that the registry was asked and did not answer.
func (p *pusher) tag(ctx context.Context, t *target, tag string) (lost bool, err error) {
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	err = p.retry(ctx, "writing the tag", func(ctx context.Context) error {
		err := t.repo.put(ctx, t.manifests[len(t.manifests)-1], t.repo.Tag(tag))
		var answer *transport.Error
		if err != nil && !errors.As(err, &answer) {
			lost = true
		}
		return err
	})
	if err != nil {
		return lost, t.repo.explain(err)
	}
	p.log("%s:%s written", t.Name, tag)
	return false, nil
}
