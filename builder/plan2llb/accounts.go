package plan2llb

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	"github.com/moby/buildkit/client/llb"

	"github.com/pbrx-go/pbrx-go/images"
)

// account is what accounts.py is told of one: not where it is declared, which makes no difference.
type account struct {
	Name        string   `json:"name"`
	UID         int      `json:"uid"`
	GID         int      `json:"gid"`
	Group       string   `json:"group"`
	Groups      []string `json:"groups"`
	Home        string   `json:"home"`
	Shell       string   `json:"shell"`
	Comment     string   `json:"comment"`
	Directories []string `json:"directories"`
}

// Accounts makes the accounts of a level on a root file system, with the directories that they own. Groups that are not there are left
// to JoinGroups where the level has packages that may make them. Without accounts the root file system stays as it is. The step
// fails where an id or a name is another's: its last line is "account NAME: what is wrong; what to do".
func (c *Compiler) Accounts(root llb.State, python string, level images.Level) llb.State {
	if len(level.Accounts) == 0 {
		return root
	}
	operands := []string{"make"}
	if Installs(level.DistroContent) {
		operands = append(operands, "--packages-follow")
	}
	return c.accounts(root, "[accounts] ", python, level.Accounts, operands...)
}

// JoinGroups makes accounts members of groups that the packages of their level made. joined says that there is such a step: accounts are
// to be members of groups, and there are packages.
func (c *Compiler) JoinGroups(root llb.State, python string, level images.Level) (st llb.State, joined bool) {
	var members []images.Account
	for _, a := range level.Accounts {
		if len(a.Groups) > 0 {
			members = append(members, a)
		}
	}
	if len(members) == 0 || !Installs(level.DistroContent) {
		return root, false
	}
	return c.accounts(root, "[accounts] groups of ", python, members, "join"), true
}

// accounts runs accounts.py.
func (c *Compiler) accounts(root llb.State, name, python string, all []images.Account, operands ...string) llb.State {
	all = slices.SortedFunc(slices.Values(all), func(a, b images.Account) int {
		return cmp.Or(cmp.Compare(a.UID, b.UID), strings.Compare(a.Name, b.Name))
	})
	var told []account
	var names, from []string
	for _, a := range all {
		told = append(told, account{Name: a.Name, UID: a.UID, GID: a.GID, Group: a.Group, Groups: slices.Sorted(slices.Values(a.Groups)),
			Home: a.Home, Shell: a.Shell, Comment: a.Comment, Directories: slices.Sorted(slices.Values(a.Directories))})
		names, from = append(names, a.Name), append(from, a.From)
	}
	data, _ := json.Marshal(told) // strings and numbers can be
	step := Step{Name: name + strings.Join(names, ", "), From: from}
	return c.exec(root, step, program(python, "accounts.py", operands...), offline(), textFile(runDir+"/accounts.json", data)).Root()
}
