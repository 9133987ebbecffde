// Package siblings is about the checkouts of neighbours of a project: projects of their own, which it depends
// on, and whose unreleased state is to be used in place of a release.
//
// Read finds out what folders hold. What a build makes of siblings is builder's matter; here they are installed
// into a virtual environment of this machine, as `pbrx install-siblings` did: editable, and those only that the environment
// has or wants, so that a list of checkouts may name more than that. The package stands apart from builder because
// none of this needs an engine, and beside host because host reads the machine and changes nothing on it.
//
// The environment is asked by a program that its own Python runs (environment.py): which distributions there are, and which
// requirements hold by their markers. Its own pip installs, with the user's configuration; only constraints are replaced, by copies
// without the entries of what comes from source. The copies are removed afterwards.
//
// Where this differs from pbrx: names are compared in canonical form (PEP 503), of the constraints every kind of line is
// edited and pip's configured ones as well, a sibling that is required and not there yet is installed, and nothing is uninstalled
// before pip knows that it can install the checkout. A sibling's version that a requirement does not admit is a warning;
// requires.txt of the project is edited, as pbrx did, where the environment has the project as an egg-info. Limits: an environment without
// pip is refused, and pip before 21.3 installs projects with a setup.py only.
package siblings
