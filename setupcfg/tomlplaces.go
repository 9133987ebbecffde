package setupcfg

import "text/scanner"

// TOMLPlaces says where the keys of a TOML document stand, for packages that read other files of a project: a path
// is its keys, items of arrays are "[0]" and so on. A path that is not there has the place of the nearest table that
// would hold it, else the file's. The document is one that a TOML decoder accepted.
func TOMLPlaces(filename string, src []byte) func(path ...string) scanner.Position {
	return (&pyproject{filename: filename, index: indexTOML(filename, src)}).pos
}
