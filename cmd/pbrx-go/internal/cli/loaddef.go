package cli

import "github.com/pbrx-go/pbrx-go/images/definition"

func (a *app) loadDefinition(dir string, flags *planFlags) (*definition.Set, error) {
	return nil, nil
}
