package embedded

import (
	"net/http"
	"os"
	"path/filepath"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/moby/buildkit/util/resolver"
	"github.com/moby/buildkit/util/resolver/config"
)

// registryHosts says how registries are reached. A private CA and client certificates are found where docker
// and podman look: HOST[:PORT] below one of the folders. A registry on a loopback address is asked for TLS first,
// and without it only when it does not speak TLS; every other one has to.
func registryHosts(certsDirs []string) docker.RegistryHosts {
	return func(host string) ([]docker.RegistryHost, error) {
		var cfg config.RegistryConfig
		for _, dir := range certsDirs {
			if path := filepath.Join(dir, host); isFolder(path) {
				cfg.TLSConfigDir = append(cfg.TLSConfigDir, path)
			}
		}
		if cfg.TLSConfigDir != nil {
			plain := false
			cfg.PlainHTTP = &plain
			return resolver.NewRegistryConfig(map[string]config.RegistryConfig{host: cfg})(host)
		}
		hosts, err := resolver.NewRegistryConfig(nil)(host)
		for n := range hosts {
			if hosts[n].Scheme == "http" {
				hosts[n].Scheme = "https"
				hosts[n].Client = &http.Client{Transport: docker.NewHTTPFallback(transport())}
			}
		}
		return hosts, err
	}
}

// transport is the usual one, without HTTP/2: its flow control slows large layers down.
func transport() *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // it is one, unless somebody replaces it
	t.ForceAttemptHTTP2 = false
	return t
}

func isFolder(path string) bool {
	fi, err := os.Stat(path)
	return err == nil && fi.IsDir()
}
