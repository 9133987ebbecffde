package naming

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/distribution/reference"
)

// ImageName derives the last part of an image's repository from the name of a
// project or a console script. The spelling is kept where the grammar of
// repositories allows it (lower-case letters and digits, separated by one ".",
// one or two "_" or any number of "-"); otherwise letters are lowered, other
// characters become "-" and illegal runs of separators are reduced to "-".
// Names that would escape the prefix (x/y), or of which nothing is left, are errors.
func ImageName(name string) (string, error) {
	if strings.ContainsAny(name, "/:@") {
		return "", fmt.Errorf("%q cannot name an image: it holds one of / : @", name)
	}
	if legalComponent(name) {
		return name, nil
	}
	s := regexp.MustCompile(`[^a-z0-9._-]+`).ReplaceAllString(strings.ToLower(name), "-")
	s = regexp.MustCompile(`[._-]+`).ReplaceAllStringFunc(s, func(sep string) string {
		switch {
		case sep == ".", sep == "_", sep == "__", strings.Trim(sep, "-") == "":
			return sep
		}
		return "-"
	})
	s = strings.Trim(s, "._-")
	if s == "" {
		return "", fmt.Errorf("%q cannot name an image: no letter or digit that a repository may have is left", name)
	}
	if !legalComponent(s) {
		return "", fmt.Errorf("%q cannot name an image: 64 hexadecimal digits are an image's ID: rename it", name)
	}
	return s, nil
}

func legalComponent(s string) bool {
	if !regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$`).MatchString(s) {
		return false
	}
	// 64 hexadecimal digits are an image ID to Docker, never a name.
	return !regexp.MustCompile(`^[a-f0-9]{64}$`).MatchString(s)
}

// CheckPrefix says what is wrong with a prefix (registry and namespace, such as
// registry.example.org/team), if anything is.
func CheckPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	if _, err := reference.ParseNormalizedNamed(prefix + "/x"); err != nil {
		return fmt.Errorf("%q is no prefix for image names: %w: write it as in registry.example.org/team, in lower-case letters", prefix, err)
	}
	return nil
}

// CheckTag says what is wrong with a tag, if anything is: at most 128 word
// characters, dots and dashes, the first one a word character (OCI distribution spec).
func CheckTag(tag string) error {
	if strings.ContainsAny(tag, ":/") {
		return fmt.Errorf("%q is no tag: image names come from the project; use --prefix and --tag", tag)
	}
	if !regexp.MustCompile(`^[\w][\w.-]{0,127}$`).MatchString(tag) {
		return fmt.Errorf("%q is no tag: it takes up to 128 letters, digits, _ . and -, the first one no . or -", tag)
	}
	return nil
}

// FullName is the normalised reference of an image, as containerd stores it:
// docker.io/library/ is put before a bare name.
func FullName(name, tag string) (string, error) {
	named, err := reference.ParseNormalizedNamed(name)
	if err != nil {
		return "", fmt.Errorf("image name %q: %w", name, err)
	}
	tagged, err := reference.WithTag(named, tag)
	if err != nil {
		return "", fmt.Errorf("image name %q, tag %q: %w", name, tag, err)
	}
	return tagged.String(), nil
}

// NormalizeRef is the full reference of an image in a registry, with latest where no tag is given.
func NormalizeRef(ref string) (string, error) {
	named, err := reference.ParseNormalizedNamed(ref)
	if err != nil {
		return "", fmt.Errorf("%q names no image: %w", ref, err)
	}
	return reference.TagNameOnly(named).String(), nil
}
