package setupcfg

import (
	"testing"
	"testing/fstest"
)

func TestHasCredentials(t *testing.T) {
	for text, want := range map[string]bool{
		"a @ https://me:pass@host/a.whl":            true,
		"a @ https://token@host/a.whl":              true,
		"a @ https://me:p@ss@host/a.whl":            true,
		"a @ git+https://token:@host/a":             true,
		"a @ git+ssh://me:pass@host/a":              true,
		"a @ git+https://git:pass@host/a":           true,
		"a @ https://host/a.whl":                    false,
		"a @ https://host/a@1.0.whl":                false,
		"a @ https://host?who=me:x@y":               false,
		"a @ git+ssh://git@host/a@main":             false,
		"a @ git+ssh://me@host/a":                   false,
		"a @ git+https://git@host/a":                false,
		"a @ https://${TOKEN}@host/a.whl":           false,
		"a @ https://${USER_1}:${PASS}@host/a.whl":  false,
		"a @ https://${USER_1}:pass@host/a.whl":     true,
		"a>=1; python_version < '4'":                false,
		"a @ https://:pass@host/a.whl ; extra=='x'": true,
	} {
		if got := (Requirement{Text: text}).HasCredentials(); got != want {
			t.Errorf("%s: %t, want %t", text, got, want)
		}
	}
}

// All of them are told, without what is secret.
func TestCheckCredentials(t *testing.T) {
	p, err := Load(fstest.MapFS{"pyproject.toml": &fstest.MapFile{Data: []byte(`[project]
name = "x"
version = "1"
dependencies = ["a @ https://me:s3cret@host/a.whl", "b"]
[project.optional-dependencies]
more = ["c @ git+https://t0k@n@host/c ; python_version>'3'"]
`)}})
	if err != nil {
		t.Fatal(err)
	}
	const tail = " has credentials, which everybody could read in the images, leave them out of the URL: pip finds them in netrc, or in the URL of its index"
	want := `pyproject.toml:4:17: the requirement "a @ https://***@host/a.whl"` + tail + "\n" +
		`pyproject.toml:6:9: the requirement "c @ git+https://***@host/c ; python_version>'3'"` + tail
	if err := p.CheckCredentials(); err == nil || err.Error() != want {
		t.Errorf("%v\nwant\n%s", err, want)
	}
	if err := demo(t).CheckCredentials(); err != nil {
		t.Error(err)
	}
}

// What no file of the project tells is in the wheel all the same.
func TestCompleteRefusesCredentials(t *testing.T) {
	w := parseDemo(t, demoMetadata+"Requires-Dist: z @ https://me:s3cret@host/z.whl\n", demoEntryPoints)
	_, err := demo(t).Complete(w)
	want := `METADATA: the requirement "z @ https://***@host/z.whl" has credentials, which everybody could read in the images, leave them out of the URL: pip finds them in netrc, or in the URL of its index`
	if err == nil || err.Error() != want {
		t.Errorf("%v\nwant\n%s", err, want)
	}
}
