package definition

// valueType is what the value of a key is.
type valueType int

// The types of values.
const (
	aString     valueType = iota
	aPath                 // a string, a path relative to the file that may not leave the work tree
	aBool                 // true or false
	aNumber               // an integer, not negative
	someStrings           // a list of strings
	anArgv                // a list of strings, the words of a command
	someArgvs             // a list of commands
	aTable                // a table of strings
	aDigest               // a string, or a table of strings by architecture
	someEntries           // a list of strings or of tables
	aPlace                // a table
	aSource               // a string, a path; or a table
	somePaths             // a string or a list of strings, paths
	namedTables           // a table of tables
	tableList             // a list of tables
)

// words says what a value of the type is.
func (t valueType) words() string {
	switch t {
	case aPath:
		return "a path, a string"
	case aBool:
		return "true or false"
	case aNumber:
		return "a whole number"
	case someStrings:
		return "a list of strings"
	case anArgv:
		return "a list of words"
	case someArgvs:
		return "a list of commands, each a list of words"
	case aTable:
		return "a table of strings"
	case aDigest:
		return "a string, or a table of strings by architecture"
	case someEntries:
		return "a list of strings and tables"
	case aPlace:
		return "a table"
	case aSource:
		return "a path, a string; or a table"
	case somePaths:
		return "a path, a string; or a list of paths"
	case namedTables:
		return "a table of tables"
	case tableList:
		return "an array of tables"
	default:
		return "a string"
	}
}

// isList says whether files of a chain append to such a value.
func (t valueType) isList() bool {
	return t == someStrings || t == someEntries || t == tableList || t == somePaths
}
