package bindep

import (
	"fmt"

	"github.com/alecthomas/participle/v2"
	"github.com/alecthomas/participle/v2/lexer"
)

// The syntax tree of one line. The tags are participle's notation, see
// https://github.com/alecthomas/participle#grammar-syntax.
type (
	lineNode struct {
		Skip string    `parser:"@Skip"`
		Rule *ruleNode `parser:"| @@"`
	}
	ruleNode struct {
		Pos       lexer.Position
		Name      string         `parser:"@Name"`
		Selectors *selectorsNode `parser:"@@?"`
		First     *firstNode     `parser:"( @@"`
		Next      []*nextNode    `parser:"@@* )? End"`
	}
	selectorsNode struct {
		Items []*itemNode `parser:"Open ( Sp | @@ )* Close"`
	}
	itemNode struct {
		Pos     lexer.Position
		Group   *groupNode   `parser:"@@"`
		Profile *profileNode `parser:"| @@"`
	}
	groupNode struct {
		Open    string         `parser:"@LParen"`
		Members []*profileNode `parser:"( Sp | @@ )* RParen"`
	}
	profileNode struct {
		Pos  lexer.Position
		Not  bool   `parser:"@Bang?"`
		Name string `parser:"@Profile"`
	}
	firstNode struct {
		Op      string       `parser:"@FirstOp"`
		Version *versionNode `parser:"@@"`
	}
	nextNode struct {
		Op      string       `parser:"@NextOp"`
		Version *versionNode `parser:"@@"`
	}
	versionNode struct {
		Pos  lexer.Position
		Text string `parser:"@Version"`
	}
)

const operators = `(?:<=|<|!=|==|>=|>)`

// newParser builds the parser of one line, newline included.
//
// Blanks mean something in this format, so that nothing is elided and the
// lexer has a state for each part of a line: Skip and End take the spaces that
// may stand before a comment, and only those; Open and FirstOp take the spaces
// that must stand before them.
//
// The first token of every part decides what it is, hence no lookahead: with it
// the grammar would go back to the start of a part and put its error there.
func newParser() (*participle.Parser[lineNode], error) {
	rules, err := lexer.New(lexer.Rules{
		"Root": {
			{Name: "Skip", Pattern: ` *(?:#[^\n]*)?\n`},
			{Name: "Name", Pattern: `[\pL\pN/][\pL\pN.+\-_/]+`, Action: lexer.Push("Rule")},
		},
		"Rule": {
			{Name: "End", Pattern: `(?: *#[^\n]*)?\n`, Action: lexer.Pop()},
			{Name: "Open", Pattern: ` +\[`, Action: lexer.Push("Selectors")},
			{Name: "FirstOp", Pattern: ` +` + operators},
			{Name: "NextOp", Pattern: `,` + operators},
			{Name: "Version", Pattern: `[\pL\pN.+~:\-]+`},
		},
		"Selectors": {
			{Name: "Close", Pattern: `\]`, Action: lexer.Pop()},
			{Name: "Sp", Pattern: ` +`},
			{Name: "LParen", Pattern: `\(`},
			{Name: "RParen", Pattern: `\)`},
			{Name: "Bang", Pattern: `!`},
			{Name: "Profile", Pattern: `[a-z` + digitClass() + `:.\-]+`},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("building the lexer of bindep.txt: %w", err)
	}
	parser, err := participle.Build[lineNode](participle.Lexer(rules), participle.UseLookahead(0))
	if err != nil {
		return nil, fmt.Errorf("building the grammar of bindep.txt: %w", err)
	}
	return parser, nil
}
