package setupcfg

import (
	"slices"
	"strings"
	"text/scanner"
)

// pyKind is what an expression of Python is, as far as it can be told without running it.
type pyKind int

const (
	pyOpaque pyKind = iota // anything that must be run
	pyString
	pyList // or tuple
	pyDict
	pyNone
)

// pyValue is a literal: a string, a list or tuple of literals, or a dict whose keys are strings and
// whose values are literals or opaque.
type pyValue struct {
	kind  pyKind
	text  string
	items []pyValue
	keys  []string // those of items, in a dict
	pos   scanner.Position
	// exact says that line N of the text stands N lines below pos in the file.
	exact bool
}

// get is the item of a dict under a key. As in Python the last one counts.
func (v pyValue) get(key string) (pyValue, bool) {
	for i, k := range slices.Backward(v.keys) {
		if k == key {
			return v.items[i], true
		}
	}
	return pyValue{}, false
}

// lines are the lines of a string or of the strings of a list, without blank ones and
// comments: what setuptools makes of requirements and entry points. ok is false for anything else.
func (v pyValue) lines() (out []valueLine, ok bool) {
	switch v.kind {
	case pyString:
		return splitMultiline(v.text2lines()), true
	case pyList:
		for _, item := range v.items {
			if item.kind != pyString {
				return nil, false
			}
			out = append(out, splitMultiline(item.text2lines())...)
		}
		return out, true
	case pyNone:
		return nil, true
	case pyOpaque, pyDict:
	}
	return nil, false
}

// text2lines splits a string at its line ends.
func (v pyValue) text2lines() []valueLine {
	var out []valueLine
	for i, text := range strings.Split(v.text, "\n") {
		pos := v.pos
		if v.exact && i > 0 {
			pos.Line += i
			pos.Column = len([]rune(text)) - len([]rune(strings.TrimLeftFunc(text, isSpace))) + 1
		}
		out = append(out, valueLine{strip(text), pos})
	}
	return out
}

// pyScope has the names of a module that are bound once, in column 1, to a literal.
type pyScope map[string]pyValue

// newPyScope finds such names. A name that is bound in any other way as well, or used where it may be changed, is
// left out; so are all names where code is made of text.
func newPyScope(tokens []pyToken) pyScope {
	scope := pyScope{}
	uses := map[string]int{}
	targets := bracketTargets(tokens)
	depth := 0
	bound := map[string]bool{}
	for i, t := range tokens {
		switch {
		case t.str:
			continue
		case t.is("(") || t.is("[") || t.is("{"):
			depth++
		case t.is(")") || t.is("]") || t.is("}"):
			depth--
		case t.is("import") && i+1 < len(tokens) && tokens[i+1].is("*"):
			return pyScope{}
		case t.is("exec") || t.is("eval") || t.is("globals") || t.is("locals") || t.is("vars") || t.is("setattr"):
			return pyScope{}
		}
		uses[t.text]++
		if depth > 0 && !targets[i] && !rebinds(tokens, i) {
			continue
		}
		if value, ok := moduleBinding(scope, tokens[i:]); ok && depth == 0 && !bound[t.text] && (i == 0 || tokens[i-1].pos.Line < t.pos.Line) {
			bound[t.text], scope[t.text] = true, value
			continue
		}
		bound[t.text] = true
		delete(scope, t.text)
	}
	for name, value := range scope {
		if value.kind != pyString && uses[name] > 2 { // something may append to it
			delete(scope, name)
		}
	}
	return scope
}

// bracketTargets are the tokens within outermost brackets that may give values to names: (a, b) = …, for (a, b) in …,
// import (a, b), as (a, b).
func bracketTargets(tokens []pyToken) map[int]bool {
	targets := map[int]bool{}
	depth, start := 0, 0
	for i, t := range tokens {
		switch {
		case t.is("(") || t.is("[") || t.is("{"):
			if depth++; depth == 1 {
				start = i
			}
		case t.is(")") || t.is("]") || t.is("}"):
			if depth--; depth != 0 {
				continue
			}
			before := start > 0 && (tokens[start-1].is("import") || tokens[start-1].is("for") || tokens[start-1].is("as"))
			after := i+1 < len(tokens) && (tokens[i+1].is("=") || tokens[i+1].is("in") || tokens[i+1].is(","))
			for j := start; j <= i && (before || after); j++ {
				targets[j] = true
			}
		}
	}
	return targets
}

// rebinds says whether a name inside brackets is given a value there, or may be: := and the names of a comprehension.
func rebinds(tokens []pyToken, i int) bool {
	after := func(n int, text string) bool { return i+n < len(tokens) && tokens[i+n].is(text) }
	before := i > 0 && tokens[i-1].is("for")
	return before || after(1, "in") || after(1, ":") && after(2, "=") || after(1, ".") || after(1, "[")
}

// moduleBinding reads "NAME = literal", the first token being in column 1.
func moduleBinding(scope pyScope, tokens []pyToken) (pyValue, bool) {
	if len(tokens) < 3 || tokens[0].pos.Column != 1 || !tokens[1].is("=") {
		return pyValue{}, false
	}
	depth, end := 0, 2
	for ; end < len(tokens); end++ {
		t := tokens[end]
		if depth == 0 && end > 2 && (t.pos.Column == 1 || t.is(";")) {
			break
		}
		switch {
		case t.is("(") || t.is("[") || t.is("{"):
			depth++
		case t.is(")") || t.is("]") || t.is("}"):
			depth--
		}
	}
	value := scope.value(tokens[2:end])
	return value, value.kind != pyOpaque
}

// value evaluates an expression.
func (scope pyScope) value(tokens []pyToken) pyValue {
	if len(tokens) == 0 {
		return pyValue{}
	}
	first, last := tokens[0], tokens[len(tokens)-1]
	switch {
	case first.str:
		return stringValue(tokens)
	case len(tokens) == 1 && first.is("None"):
		return pyValue{kind: pyNone, pos: first.pos}
	case len(tokens) == 1:
		value := scope[first.text]
		return value
	case first.is("[") && last.is("]") && closes(tokens), first.is("(") && last.is(")") && closes(tokens):
		return scope.listValue(tokens)
	case first.is("{") && last.is("}") && closes(tokens):
		return scope.dictValue(tokens)
	}
	return pyValue{}
}

// closes says whether the last bracket is the one that closes the first.
func closes(tokens []pyToken) bool {
	depth := 0
	for i, t := range tokens {
		switch {
		case t.is("(") || t.is("[") || t.is("{"):
			depth++
		case t.is(")") || t.is("]") || t.is("}"):
			if depth--; depth == 0 {
				return i == len(tokens)-1
			}
		}
	}
	return false
}

// stringValue joins string literals that stand side by side.
func stringValue(tokens []pyToken) pyValue {
	v := pyValue{kind: pyString, pos: tokens[0].pos, exact: len(tokens) == 1}
	for _, t := range tokens {
		text, ok := t.decode()
		if !t.str || !ok {
			return pyValue{}
		}
		v.text += text
		v.exact = v.exact && text == t.text
	}
	return v
}

// decode is the value of a string literal with plain escapes; others and f"" and b"" are not ok.
func (t pyToken) decode() (string, bool) {
	switch t.prefix {
	case "r":
		return t.text, true
	case "", "u":
	default:
		return "", false
	}
	var b strings.Builder
	for i := 0; i < len(t.text); i++ {
		if t.text[i] != '\\' {
			b.WriteByte(t.text[i])
			continue
		}
		if i++; i == len(t.text) {
			return "", false
		}
		switch c := t.text[i]; c {
		case '\n':
		case 'n':
			b.WriteByte('\n')
		case 't':
			b.WriteByte('\t')
		case '\\', '\'', '"':
			b.WriteByte(c)
		default:
			return "", false
		}
	}
	return b.String(), true
}

// listValue is [a, b], (a, b) or (a), which is a itself.
func (scope pyScope) listValue(tokens []pyToken) pyValue {
	v := pyValue{kind: pyList, pos: tokens[0].pos}
	parts := splitTop(tokens[1:len(tokens)-1], ",")
	if tokens[0].is("(") && len(parts) == 1 {
		return scope.value(parts[0])
	}
	for i, part := range parts {
		if len(part) == 0 && i == len(parts)-1 {
			break // after the last comma, or in ()
		}
		item := scope.value(part)
		if item.kind == pyOpaque {
			return pyValue{}
		}
		v.items = append(v.items, item)
	}
	return v
}

// dictValue is {"a": b}.
func (scope pyScope) dictValue(tokens []pyToken) pyValue {
	v := pyValue{kind: pyDict, pos: tokens[0].pos}
	parts := splitTop(tokens[1:len(tokens)-1], ",")
	for i, part := range parts {
		if len(part) == 0 && i == len(parts)-1 {
			break
		}
		pair := splitTop(part, ":")
		if len(pair) != 2 || len(splitTop(pair[1], "for")) > 1 {
			return pyValue{} // {k: v for …}
		}
		key := scope.value(pair[0])
		if key.kind != pyString {
			return pyValue{}
		}
		item := scope.value(pair[1])
		if item.kind == pyOpaque {
			item.pos = key.pos
		}
		v.keys, v.items = append(v.keys, key.text), append(v.items, item)
	}
	return v
}

// splitTop splits at a separator outside of brackets.
func splitTop(tokens []pyToken, separator string) [][]pyToken {
	var out [][]pyToken
	depth, start := 0, 0
	for i, t := range tokens {
		switch {
		case t.is("(") || t.is("[") || t.is("{"):
			depth++
		case t.is(")") || t.is("]") || t.is("}"):
			depth--
		case depth == 0 && t.is(separator):
			out = append(out, tokens[start:i])
			start = i + 1
		}
	}
	return append(out, tokens[start:])
}
