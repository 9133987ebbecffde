package setupcfg

import (
	"text/scanner"
)

// setupPy is what can be seen of setup.py from outside.
type setupPy struct {
	// keywords are those of the one call of setup(); the value's text is set where it
	// is a plain string literal.
	keywords map[string]keyword
	// opaque says that the call may set anything: none or several calls, positional
	// arguments, or **keywords. opaquePos is where.
	opaque    bool
	opaquePos scanner.Position
	// pbr is where pbr is switched on; pbrFile the file it reads if not setup.cfg.
	pbr     bool
	pbrPos  scanner.Position
	pbrFile string
	// raw says that d2to1, which does not interpolate, reads the file.
	raw bool

	scope pyScope
}

// keyword is one of a call's. value is set where the keyword is a string that literal says is all there is to
// it; what gives lists and the like.
type keyword struct {
	literal bool
	value   string
	what    pyValue
	pos     scanner.Position
}

// parseSetupPy looks at the tokens of setup.py. It never fails: what it does not understand is opaque.
func parseSetupPy(filename string, src []byte) *setupPy {
	tokens := pythonTokens(filename, string(src))
	s := &setupPy{keywords: map[string]keyword{}, opaquePos: linePos(filename, 1), scope: newPyScope(tokens)}
	s.findPBR(tokens)
	calls := 0
	for i := range tokens {
		if tokens[i].is("setup") && i+1 < len(tokens) && tokens[i+1].is("(") && (i == 0 || !tokens[i-1].is("def")) {
			calls++
			s.opaquePos = tokens[i].pos
			s.readCall(tokens[i+2:])
		}
	}
	if _, ok := s.keywords["distclass"]; ok {
		s.opaque = true // and may do anything
	}
	if calls != 1 {
		s.opaque = true
		for name, k := range s.keywords { // of which call they are depends
			s.keywords[name] = keyword{pos: k.pos}
		}
	}
	return s
}

// findPBR applies the test for pbr: pbr=True, pbr=1, pbr="file", the same in a dict, or
// the name setup_cfg_to_args.
func (s *setupPy) findPBR(tokens []pyToken) {
	for i, t := range tokens {
		if t.is("setup_cfg_to_args") && !s.pbr {
			s.pbr, s.pbrPos = true, t.pos
		}
		if (t.text != "pbr" && t.text != "d2to1") || i+2 >= len(tokens) {
			continue
		}
		assign, value := tokens[i+1], tokens[i+2]
		if !(!t.str && assign.is("=") || t.str && assign.is(":")) {
			continue
		}
		if value.str && !value.odd || value.is("True") || value.is("1") {
			s.pbr, s.pbrPos = !value.str || value.text != "", t.pos
			s.raw = t.text == "d2to1"
			if value.str {
				s.pbrFile = value.text
			}
		}
	}
}

// readCall reads the keywords of a call up to its closing bracket.
func (s *setupPy) readCall(tokens []pyToken) {
	depth := 0
	start := 0
	for i, t := range tokens {
		switch {
		case t.is("(") || t.is("[") || t.is("{"):
			depth++
		case depth == 0 && (t.is(")") || t.is(",")):
			s.argument(tokens[start:i])
			start = i + 1
			if t.is(")") {
				return
			}
		case t.is(")") || t.is("]") || t.is("}"):
			depth--
		}
	}
	s.opaque = true // the call is never closed
}

func (s *setupPy) argument(tokens []pyToken) {
	if len(tokens) == 0 {
		return
	}
	if len(tokens) < 3 || tokens[0].str || !tokens[1].is("=") {
		s.opaque = true
		return
	}
	k := keyword{pos: tokens[0].pos, what: s.scope.value(tokens[2:])}
	if k.what.kind == pyString {
		k.literal, k.value = true, k.what.text
	}
	s.keywords[tokens[0].text] = k
}

// sets says whether the call may set a keyword, and where.
func (s *setupPy) sets(names ...string) (scanner.Position, bool) {
	if s == nil {
		return scanner.Position{}, false
	}
	for _, name := range names {
		if k, ok := s.keywords[name]; ok {
			return k.pos, true
		}
	}
	return s.opaquePos, s.opaque
}
