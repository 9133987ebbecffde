package bindep_test

import (
	"fmt"
	"os"

	"github.com/pbrx-go/pbrx-go/bindep"
)

func Example() {
	src := `# what the C extension is compiled with, and what it needs to run
gcc          [compile]
libffi-dev   [compile platform:dpkg platform:apk]
libffi-devel [compile platform:rpm]
libffi8      [platform:debian-12]
`
	file, err := bindep.Parse("bindep.txt", []byte(src))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	distro, err := bindep.ParseDistro("debian-12")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return
	}
	for _, profile := range []string{"compile", bindep.DefaultProfile} {
		for _, rule := range file.Select(append(distro.Profiles(), profile)) {
			fmt.Println(profile, rule.Pos, rule.Name)
		}
	}
	// Output:
	// compile bindep.txt:2:1 gcc
	// compile bindep.txt:3:1 libffi-dev
	// compile bindep.txt:5:1 libffi8
	// default bindep.txt:5:1 libffi8
}

func ExampleParse_problems() {
	_, err := bindep.Parse("bindep.txt", []byte("gcc[compile]\nlibc6:i386\nmake [Compile]\n"))
	fmt.Println(err)
	// Output:
	// bindep.txt:1:4: no space before "[", add one
	// bindep.txt:2:6: ":" in a package name, architectures cannot be named, write the package alone
	// bindep.txt:3:7: upper case in the profile "Compile", write "compile"
}
