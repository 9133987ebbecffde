package builder

import (
	"slices"
	"testing"

	v1 "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/pbrx-go/pbrx-go/bindep"
	"github.com/pbrx-go/pbrx-go/images"
)

// Each way in which a builder is not as the base is said with both values; another patch release of Python is none.
func TestDiffer(t *testing.T) {
	on := func(distro, libc, python string, platform v1.Platform) *ground {
		d, err := bindep.ParseDistro(distro)
		if err != nil {
			t.Fatal(err)
		}
		g := &ground{image: &BaseImage{}, base: images.Base{Distro: d, Libc: libc, Platform: "linux/amd64", Python: images.Python{Version: python}}}
		g.image.Config.Platform = platform
		return g
	}
	base := on("debian-12", "glibc 2.36", "3.11.2", v1.Platform{})
	if got := differ(base, on("debian-12", "glibc 2.36", "3.11.9", v1.Platform{OS: "linux", Architecture: "amd64"})); len(got) > 0 {
		t.Errorf("these differ: %q", got)
	}
	want := []string{"its distribution is alpine, the base's debian", "its release is 3.20, the base's 12", "its C library is musl, the base's glibc 2.36",
		"its Python is 3.13, the base's 3.11", "its platform is linux/arm64, the base's linux/amd64"}
	if got := differ(base, on("alpine-3.20", "musl", "3.13.1", v1.Platform{OS: "linux", Architecture: "arm64"})); !slices.Equal(got, want) {
		t.Errorf("they differ by %q, want %q", got, want)
	}
}
