package definition

import "slices"

// table is a kind of table that a file may hold, by the name that messages and the reference page give it.
type table string

// The kinds of tables.
const (
	topLevel   table = "the top level"
	oneImage   table = "image.X"
	overlay    table = "release.R"
	project    table = "project.H"
	user       table = "user.H"
	repository table = "repository.H"
	oneFile    table = `file."DEST"`
	oneRun     table = "run"
	onePackage table = "an entry of packages"
	oneOrigin  table = "an origin"
)

// row is a key: all that is to be said of it. What reads, merges, suggests, describes keys follows from these rows and from nothing else.
type row struct {
	key string
	in  []table
	typ valueType
	// of is the kind of the tables within the value.
	of table
	// def is the default, layer where it ends up, in words; empty where there is nothing to say.
	def, layer string
	meaning    string
	// example is a value, as it is written.
	example string
	// peers are what other tools, and hands that slip, call it.
	peers []string
	// why says why other tables do not have it.
	why string
	// braces are the words that strings of it may have in braces.
	braces []string
	// replaces says that a list takes the place of one that was there before.
	replaces bool
	// same is what makes an entry of a list take the place of an earlier one; nil is the whole value.
	same func(*node) string
	// check says what is wrong with a string of it, as words that follow the string; empty if nothing is.
	check func(string) string
}

// rows are all keys, in the order of the reference page.
func rows() []row {
	return slices.Concat(setRows(), tableRows(), contentRows(), commandRows(), fileRows(), originRows(), accountRows(), runRows())
}

// schema are the rows of each kind of table, by key.
type schema map[table]map[string]row

// newSchema sorts the rows by the tables that have them.
func newSchema() schema {
	out := schema{}
	for _, r := range rows() {
		for _, t := range r.in {
			if out[t] == nil {
				out[t] = map[string]row{}
			}
			out[t][r.key] = r
		}
	}
	return out
}

// setLevel is where keys of the set as a whole stand.
func setLevel() []table { return []table{topLevel, overlay} }

// everywhere is where content stands.
func everywhere() []table { return []table{topLevel, oneImage, overlay} }

// origins are the tables that say where something comes from.
func origins() []table { return []table{oneOrigin, oneFile, onePackage} }

// ofSet are the words in braces that every string may have.
func ofSet() []string { return []string{"name", "release"} }

// ofBase adds those of the base.
func ofBase() []string { return append(ofSet(), "arch", "machine", "codename", "version-id") }

// ofPython adds those of the Python environment.
func ofPython() []string { return append(ofSet(), "prefix", "site-packages") }
