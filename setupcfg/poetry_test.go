package setupcfg

import "testing"

// TestPoetryConstraint has the results of poetry-core 2.5.0 (to_pep_508), apart from ~=, which it writes as a range.
func TestPoetryConstraint(t *testing.T) {
	for text, want := range map[string]string{
		"^1.2": ">=1.2,<2.0", "^1.2.3": ">=1.2.3,<2.0.0", "^0.2.3": ">=0.2.3,<0.3.0", "^0.0.3": ">=0.0.3,<0.0.4", "^0": ">=0,<1", "^0.0": ">=0.0,<0.1",
		"^0.0.0": ">=0.0.0,<0.0.1", "~1.2.3": ">=1.2.3,<1.3.0", "~1.2": ">=1.2,<1.3", "~1": ">=1,<2", "~=1.2": "~=1.2", "1.2.3": "==1.2.3", "==1.2": "==1.2",
		"=1.2": "==1.2", "1.*": "==1.*", "==1.2.*": "==1.2.*", "!=1.2": "!=1.2", ">=1,<2": ">=1,<2", " >1.0 , !=1.5": ">1.0,!=1.5", "*": "", "^1.2rc1": ">=1.2rc1,<2.0",
		"^0.10": ">=0.10,<0.11", ">=1 <2": "?", "1 || 2": "?", "^1.*": "?", "~1.*": "?", ">=1.*": "?", "": "?", "latest": "?",
	} {
		got, ok := poetryConstraint(text)
		if !ok {
			got = "?"
		}
		if got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}
