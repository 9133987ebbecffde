package setupcfg

import "testing"

func TestCanonical(t *testing.T) {
	for name, want := range map[string]string{
		"zuul": "zuul", "Zuul_Executor": "zuul-executor", "zuul.-_executor": "zuul-executor", "A--b__c..d": "a-b-c-d", "oslo.config": "oslo-config", "": "",
	} {
		if got := Canonical(name); got != want {
			t.Errorf("Canonical(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestValidScriptName(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "g++": true, "Up.Case+x": true, "2to3": true, "a_b-c.d": true,
		"": false, "my tool": false, "x/y": false, "../evil": false, "a;b": false, "a,b": false, "é": false, "-x": false, "[x]": false, ".x": false, "_x": false, "a:b": false, "a#b": false, "a'b": false, "a\n": false,
	} {
		if got := ValidScriptName(name); got != want {
			t.Errorf("ValidScriptName(%q) = %v", name, got)
		}
	}
}
