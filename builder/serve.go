package builder

import (
	"fmt"
	"slices"

	"github.com/pbrx-go/pbrx-go/images"
)

// serve gives images of WSGI applications that say no command one of a server that the image has: gunicorn, else uwsgi,
// on port 8000.
func (b *build) serve(d *dependencies) error {
	var problems images.PlanError
	for n := range b.plan.Images {
		image := &b.plan.Images[n]
		if image.WSGI == "" || image.Cmd != nil {
			continue
		}
		names := d.names(0)
		if n > 0 {
			names = slices.Concat(names, d.names(n))
		}
		switch {
		case slices.Contains(names, "gunicorn"):
			image.Cmd = []string{"gunicorn", "--bind", "0.0.0.0:8000", image.WSGI}
		case slices.Contains(names, "uwsgi"), slices.Contains(names, "pyuwsgi"): // which has wheels, and the same program
			image.Cmd = []string{"uwsgi", "--http-socket", "0.0.0.0:8000", "--master", "--need-app", "--module", image.WSGI}
		default:
			problems = append(problems, fmt.Errorf("%s: %s has no server that could run %s: add gunicorn or uwsgi to requirements, or give command", image.WSGIFrom, image.Name, image.WSGI))
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}
