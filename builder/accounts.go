package builder

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"
	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/pbrx-go/pbrx-go/images"
)

// accounts puts the numbers of the base's accounts for the names that images run as.
func (b *build) accounts(ctx context.Context, c gateway.Client, root llb.State) error {
	var problems images.PlanError
	for n := range b.plan.Images {
		config := &b.plan.Images[n].Config
		if config.User == "" || !strings.ContainsFunc(config.User, func(r rune) bool { return r != ':' && (r < '0' || r > '9') }) {
			continue
		}
		passwd, err := readFile(ctx, c, root, "/etc/passwd")
		if err != nil {
			return err
		}
		group, err := readFile(ctx, c, root, "/etc/group")
		if err != nil {
			return err
		}
		numbers, unknown := numbersOf(config.User, string(passwd), string(group))
		if unknown != "" {
			problem := fmt.Errorf("%s: the image has no account %q: declare it as [user.%s], or write numbers", config.UserFrom, unknown, unknown)
			if !slices.ContainsFunc(problems, func(e error) bool { return e.Error() == problem.Error() }) {
				problems = append(problems, problem)
			}
			continue
		}
		config.User = numbers
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

// numbersOf is USER[:GROUP] in numbers by a passwd and a group file; unknown is a name that they do not have.
func numbersOf(user, passwd, group string) (numbers, unknown string) {
	name, groupName, both := strings.Cut(user, ":")
	uid, gid := find(passwd, name, 2), find(passwd, name, 3)
	if uid == "" {
		return "", name
	}
	if both {
		if gid = find(group, groupName, 2); gid == "" {
			return "", groupName
		}
	}
	if gid == "" {
		return uid, ""
	}
	return uid + ":" + gid, ""
}

// find is a field of the row of a passwd or group file that has a name; a number stands for itself where the field is that of the name.
func find(rows, name string, field int) string {
	for row := range strings.Lines(rows) {
		fields := strings.Split(strings.TrimSpace(row), ":")
		if len(fields) > field && fields[0] == name {
			return fields[field]
		}
	}
	if field == 2 && name != "" && strings.Trim(name, "0123456789") == "" {
		return name
	}
	return ""
}
