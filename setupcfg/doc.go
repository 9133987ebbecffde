// Package setupcfg reads what a Python project declares, without running Python:
// setup.cfg, pyproject.toml, and of setup.py what can be seen from outside.
//
// Load gives a Project. Every fact of it has a value, a status and the place it
// was read from:
//
//   - known: the files say it, and the wheel must confirm it;
//   - unknown: code or a build backend decides (dynamic, code of setup.py, hooks
//     of a backend); it is read from the wheel once that is built, never guessed;
//   - absent: nothing declares it, or what declares it has no effect.
//
// Project.Confirm compares the known facts with the built Wheel, Project.Complete
// also fills in the unknown ones.
//
// # Which file wins
//
// For the setuptools family (setuptools, pbr, no backend at all) a field comes from
// the first that has it: the pbr sections ([entry_points], [extras], requirements.txt)
// where pbr is active, keywords of setup.py (of which pbr empties the requirements and
// extras), setuptools' sections ([options], [options.entry_points],
// [options.extras_require]). Then a [project] table overwrites the field, and erases it
// where it is neither given nor in dynamic; the versions of Python are the exception, for
// which pbr and setup.py win over [project]. All this was found out by building with
// setuptools 84 and pbr 7.1.
//
// pbr's sections count only where setup.py switches pbr on; without it, [entry_points] and
// [extras] are dead text, which is a warning. (Since 7.1, pbr as the backend also takes the
// dynamic version and dependencies of a [project] table where setup.py or setup.cfg is
// missing.) For other backends setup.cfg and setup.py are not looked at.
//
// poetry's own tables are followed where [project] says nothing (poetry-core 2), flit's
// where there is no [project] (flit_core before 4). Other backends have [project] only.
//
// # setup.py
//
// The one call of setup() is found by its tokens. A keyword is known where its value is a
// string, list, tuple or dict of literals, or a name that the module binds once to such a
// value and uses for nothing else. Anything else is unknown.
//
// # setup.cfg
//
// The text is read as Python's configparser reads it (CPython 3.10 and later). Our
// logical-line pass (logical.go) settles lines, comments, continuations and the
// errors configparser raises; gopkg.in/ini.v1 makes sections, keys and values of
// the logical lines (config.go). Only values that are used are interpolated; a "%"
// that setuptools will reject elsewhere is a warning.
//
// # Limits and deliberate differences
//
//   - all problems of a file are reported, not the first one;
//   - setuptools invents a name from the only package directory: here the name is
//     unknown then, with a warning;
//   - attr: and setup.py's computed values are unknown, even where a constant
//     could be found;
//   - poetry's forms of a dependency that are not converted here (URLs, paths, several
//     constraints, conditions on Python) make the dependencies unknown; hooks and plugins
//     of backends are not followed, fields that they may set are dynamic and so unknown;
//   - PBR_VERSION and other variables of the environment are not looked at.
package setupcfg
