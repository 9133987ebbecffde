package embedded

// CgroupParentOf tells the tests which cgroup the steps of a state directory are in.
func CgroupParentOf(stateDir string) (string, error) {
	cfg, err := newChildConfig(stateDir, "", 1)
	return cfg.CgroupParent, err
}

// The parts of the package that are tested by themselves.
var (
	RuncUsable       = runcUsable
	ParseRuncVersion = parseRuncVersion
)
