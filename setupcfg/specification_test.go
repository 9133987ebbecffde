package setupcfg_test

import (
	"reflect"
	"testing"

	"github.com/pbrx-go/pbrx-go/setupcfg"
)

func TestParseSpecification(t *testing.T) {
	for text, want := range map[string]setupcfg.Specification{
		"Foo.Bar":                           {Name: "Foo.Bar"},
		"foo===1.0.0;python_version=='3.8'": {Name: "foo", Pin: "1", Marker: "python_version=='3.8'"},
		"foo[b, a] ==2.0rc1 , !=3":          {Name: "foo", Extras: []string{"b", "a"}, Pin: "2rc1"},
		"foo==1.*":                          {Name: "foo"},
		"foo>=1,<2":                         {Name: "foo"},
		"foo @ https://index.example/f.zip": {Name: "foo", URL: "https://index.example/f.zip"},
	} {
		if got, err := setupcfg.ParseSpecification(text); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v, want %+v", text, got, err, want)
		}
	}
	if _, err := setupcfg.ParseSpecification("foo=1"); err == nil || err.Error() != `"=1" is neither a version nor a marker` {
		t.Errorf("%v", err)
	}
}
