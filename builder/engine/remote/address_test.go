package remote

import (
	"runtime"
	"testing"
)

const all = "unix://, tcp://, ssh://, docker-container://, podman-container://, nerdctl-container://, kube-pod://"

func TestCheck(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the messages name npipe:// there")
	}
	for _, c := range []struct{ address, want string }{
		{"unix:///run/buildkit/buildkitd.sock", ""},
		{"tcp://127.0.0.1:1234", ""},
		{"tcp://buildkit.example.org:1234", ""},
		{"tcp://[::1]:1234", ""},
		{"ssh://host", ""},
		{"ssh://me@host:2222/run/user/1000/buildkit/buildkitd.sock", ""},
		{"docker-container://buildkitd", ""},
		{"docker-container://buildx_buildkit_default0?context=farm", ""},
		{"podman-container://buildkitd", ""},
		{"nerdctl-container://buildkitd?namespace=k8s.io", ""},
		{"kube-pod://buildkitd-0?context=farm&namespace=build&container=buildkitd", ""},

		{"", `"": this is no address: it begins with one of ` + all},
		{"/run/buildkitd.sock", `"/run/buildkitd.sock": this is no address: it begins with one of ` + all},
		{"me:secret@host", `"me:***@host": this is no address: it begins with one of ` + all},
		{"me:secret@host://", `"me:***@host://": this is no address: it begins with one of ` + all},
		{"http://host", `"http://host": there is no scheme http://: use one of ` + all},
		{"http://me:sec/r@et@host", `"http://me:***@host": there is no scheme http://: use one of ` + all},

		{"unix://", `"unix://": the path of the socket must begin with a slash (unix:///run/buildkit/buildkitd.sock): the form is unix://PATH`},
		{"unix://run/s", `"unix://run/s": the path of the socket must begin with a slash (unix:///run/buildkit/buildkitd.sock): the form is unix://PATH`},

		{"tcp://host", `"tcp://host": there is no port: the form is tcp://HOST:PORT`},
		{"tcp://:1", `"tcp://:1": there is no host: the form is tcp://HOST:PORT`},
		{"tcp://host:70000", `"tcp://host:70000": 70000 is no port: the form is tcp://HOST:PORT`},
		{"tcp://host:1/x", `"tcp://host:1/x": nothing may follow the port: the form is tcp://HOST:PORT`},
		{"tcp://host:1?x=y", `"tcp://host:1?x=y": nothing may follow a ?: leave it out`},
		{"tcp://host:1#x", `"tcp://host:1#x": nothing may follow a #: the form is tcp://HOST:PORT`},
		{"tcp://me@host:1", `"tcp://me@host:1": there is no user in such an address: the form is tcp://HOST:PORT`},
		{"tcp://me:secret@host:1", `"tcp://me:***@host:1": an address must not hold a password: leave it out, and use a key`},
		{"tcp://ho st:1", `"tcp://ho st:1": invalid character " " in host name: the form is tcp://HOST:PORT`},

		{"ssh://", `"ssh://": there is no host: the form is ssh://[USER@]HOST[:PORT][/SOCKET]`},
		{"ssh://me:secret@host", `"ssh://me:***@host": an address must not hold a password: leave it out, and use a key`},
		{"ssh://me:se cret@ho st", `"ssh://me:***@ho st": it cannot be read: the form is ssh://[USER@]HOST[:PORT][/SOCKET]`},
		{"ssh://-oProxyCommand=x", `"ssh://-oProxyCommand=x": there is no host: the form is ssh://[USER@]HOST[:PORT][/SOCKET]`},
		{"ssh://-x@host", `"ssh://-x@host": the user's name may have letters, digits, -, _, . and @: the form is ssh://[USER@]HOST[:PORT][/SOCKET]`},
		{"ssh://host/s;reboot", `"ssh://host/s;reboot": the path of the socket may have letters, digits, -, _, . and /: the form is ssh://[USER@]HOST[:PORT][/SOCKET]`},
		{"ssh://host/$(reboot)", `"ssh://host/$(reboot)": the path of the socket may have letters, digits, -, _, . and /: the form is ssh://[USER@]HOST[:PORT][/SOCKET]`},
		{"ssh://host?x", `"ssh://host?x": nothing may follow a ?: leave it out`},

		{"docker-container://", `"docker-container://": there is no name: the form is docker-container://NAME`},
		{"docker-container://-x", `"docker-container://-x": the name may have letters, digits, ., - and _: the form is docker-container://NAME`},
		{"docker-container://a/b", `"docker-container://a/b": nothing may follow the name: the form is docker-container://NAME`},
		{"docker-container://a:1", `"docker-container://a:1": the name may have letters, digits, ., - and _: the form is docker-container://NAME`},
		{"docker-container://a?context=-x", `"docker-container://a?context=-x": context must be one name of letters, digits, -, _ and .: mend what follows context=`},
		{"kube-pod://a?pod=b", `"kube-pod://a?pod=b": there is no setting pod: it may be context, namespace, container`},
		{"npipe:////./pipe/buildkitd", `"npipe:////./pipe/buildkitd": only Windows has named pipes: the form is npipe:////./pipe/NAME`},
	} {
		got := ""
		if err := Check(c.address); err != nil {
			got = err.Error()
		}
		if got != c.want {
			t.Errorf("Check(%q)\n got %s\nwant %s", c.address, got, c.want)
		}
	}
}
