package host

import (
	"encoding/base64"
	"encoding/pem"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/pbrx-go/pbrx-go/builder"
	"github.com/pbrx-go/pbrx-go/builder/plan2llb"
)

// shortest is the length of the shortest password that is looked for in output by itself. A shorter one is hidden
// with what stands around it in a URL: by itself it is in half of all words.
const shortest = 4

// hidden are the credentials among what a build is given, in every spelling in which programs print them.
func hidden(h builder.Host) []string {
	var out []string
	text := string(h.Secrets[plan2llb.SecretPipConf]) + "\n" + h.Proxy.HTTPProxy + "\n" + h.Proxy.HTTPSProxy + "\n" + h.Proxy.FTPProxy + "\n" + h.Proxy.AllProxy
	out = append(out, HiddenInURLs(text)...)
	for _, l := range netrcPasswords(string(h.Secrets[plan2llb.SecretNetrc])) {
		out = append(out, spellings(l[0], l[1])...)
	}
	for block, rest := pem.Decode(h.Secrets[plan2llb.SecretClientCert]); block != nil; block, rest = pem.Decode(rest) {
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			lines := strings.Split(strings.TrimSpace(string(pem.EncodeToMemory(block))), "\n")
			out = append(out, lines[1:len(lines)-1]...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// HiddenInURLs are the credentials of the URLs in a text, in every spelling. A user without a password is a token.
func HiddenInURLs(text string) []string {
	var out []string
	for _, m := range regexp.MustCompile(`://([^/\s?#]*)@`).FindAllStringSubmatch(text, -1) {
		user, password, _ := strings.Cut(m[1], ":")
		if password == "x-oauth-basic" || password == "" && user != "git" { // which is everybody's name at a git server
			user, password = "", user
		}
		out = append(out, spellings(decoded(user), decoded(password))...)
		if password != "" {
			out = append(out, spelling(password)...)
			out = append(out, base64.StdEncoding.EncodeToString([]byte(m[1])))
		}
	}
	return out
}

func decoded(s string) string {
	if plain, err := url.PathUnescape(s); err == nil {
		return plain
	}
	return s // a % that begins no code stands for itself, to pip as well
}

// spellings are those of one password: as it is, as URLs have it, and as HTTP sends it with the name, or a token on either side of the colon.
func spellings(user, password string) []string {
	if password == "" {
		return nil
	}
	out := spelling(password)
	for _, s := range []string{strings.ReplaceAll(url.QueryEscape(password), "+", "%20"), url.PathEscape(password), strings.TrimPrefix(url.UserPassword("", password).String(), ":")} {
		out = append(out, spelling(s)...)
	}
	pairs := []string{user + ":" + password}
	if user == "" {
		pairs = append(pairs, password+":")
	}
	for _, pair := range pairs {
		out = append(out, base64.StdEncoding.EncodeToString([]byte(pair)), base64.URLEncoding.EncodeToString([]byte(pair)))
	}
	return out
}

func spelling(password string) []string {
	if len(password) < shortest {
		return []string{":" + password + "@"}
	}
	return []string{password}
}

// linkCredentials adds those of find-links pages to netrc: pip has them for what a page lists only while it has the
// page, and what was found there is fetched by another pip. What netrc has of its own for a host goes before.
func (r *reader) linkCredentials(links []string) {
	known := string(r.host.Secrets[plan2llb.SecretNetrc])
	for _, link := range links {
		u, err := url.Parse(link)
		if err != nil || u.User == nil {
			continue
		}
		password, _ := u.User.Password()
		if _, _, ok := netrcLogin(known, u.Hostname()); ok {
			continue
		}
		known += "\nmachine " + u.Hostname() + " login " + netrcWord(u.User.Username()) + " password " + netrcWord(password) + "\n"
		r.host.Secrets[plan2llb.SecretNetrc] = []byte(known)
	}
}

// netrcWord is a word for Python's netrc, which knows quotes and backslashes since 3.11 only.
func netrcWord(s string) string {
	if s != "" && !strings.ContainsAny(s, " \t\\\"#") {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// netrcPasswords are the logins and passwords of a netrc file.
func netrcPasswords(text string) (out [][2]string) {
	login := ""
	// Words as Python's netrc has them: in double quotes or not, a backslash before any character.
	words := regexp.MustCompile(`"(?:\\.|[^"\\])*"|\S+`).FindAllString(text, -1)
	for n, word := range words[:max(0, len(words)-1)] {
		value := regexp.MustCompile(`\\(.)`).ReplaceAllString(strings.Trim(words[n+1], `"`), "$1")
		switch word {
		case "machine", "default":
			login = ""
		case "login", "user":
			login = value
		case "password":
			out = append(out, [2]string{login, value}, [2]string{login, words[n+1]})
		}
	}
	return out
}
