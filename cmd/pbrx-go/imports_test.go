package main

import (
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"
)

const module = "github.com/pbrx-go/pbrx-go"

// The direction of imports is the architecture: data moves right (files, plan, LLB, engine,
// images), imports point left.
func TestImportDirection(t *testing.T) {
	const (
		moby       = "github.com/moby"
		docker     = "github.com/docker"
		containerd = "github.com/containerd"
		cobra      = "github.com/spf13/cobra"
		buildkit   = "github.com/moby/buildkit"
	)
	engines := []string{module + "/builder/engine", module + "/cmd"}
	worker := []string{buildkit + "/control", buildkit + "/worker", buildkit + "/solver/llbsolver", containerd + "/containerd/v2/plugins/snapshots"}
	// The compiler of Dockerfiles has the types of provenance, which lie below the worker's solver and import nothing of it.
	types := []string{buildkit + "/solver/llbsolver/provenance/types"}
	for _, c := range []struct {
		pkg    string
		banned []string
		except []string
	}{
		{pkg: "bindep", banned: []string{module, moby, docker, containerd, cobra}},
		{pkg: "setupcfg", banned: []string{module, moby, docker, containerd, cobra}},
		{pkg: "setupcfg/lock", banned: []string{module + "/bindep", module + "/images", module + "/builder", module + "/cmd", moby, docker, containerd, cobra}},
		{pkg: "images", banned: []string{module + "/builder", module + "/cmd", moby, docker, containerd, cobra}},
		{pkg: "images/definition", banned: []string{module + "/images", module + "/builder", module + "/cmd", moby, docker, containerd, cobra},
			except: []string{module + "/images/naming"}},
		{pkg: "images/blobs", banned: append(engines, module+"/builder", moby, docker, cobra)},
		{pkg: "images/layout", banned: append(engines, module+"/builder", moby, docker, cobra)},
		{pkg: "images/rootfs", banned: append(engines, module+"/builder", moby, docker, cobra)},
		{pkg: "images/archive", banned: append(engines, module+"/builder", moby, docker, cobra)},
		{pkg: "images/push", banned: append(engines, module+"/builder", moby, docker+"/docker", cobra)},
		{pkg: "images/deliver", banned: append(engines, module+"/builder", moby, docker+"/docker", cobra)},
		{pkg: "builder/plan2llb", banned: append(engines, buildkit+"/client", docker, cobra),
			except: []string{buildkit + "/client/llb"}}, // which has the types of a session, and nothing that dials
		{pkg: "builder/dockerfile", banned: append(append(engines, module, cobra, docker+"/docker"), worker...), except: types},
		{pkg: "builder", banned: append(append(engines, cobra, docker+"/docker"), worker...), except: types},
		{pkg: "builder/gitdir", banned: append(append(engines, module, cobra, docker+"/docker"), worker...)},
		{pkg: "builder/projectfiles", banned: append(append(engines, module+"/images", buildkit, cobra, docker, containerd), worker...)},
		{pkg: "builder/progress", banned: append(append(engines, module, cobra, docker+"/docker"), worker...)},
		{pkg: "builder/host", banned: append(append(engines, cobra, docker+"/docker"), worker...), except: types},
		{pkg: "builder/origins", banned: append(append(engines, cobra, docker+"/docker"), worker...), except: types},
		{pkg: "builder/engine", banned: append([]string{module + "/cmd", module + "/builder/engine/embedded", cobra}, worker...), except: types},
		{pkg: "builder/engine/docker", banned: append([]string{module + "/cmd", module + "/builder/engine/embedded", cobra}, worker...)},
		{pkg: "builder/engine/remote", banned: append([]string{module + "/cmd", module + "/builder/engine/embedded", cobra}, worker...)},
		{pkg: "builder/engine/embedded", banned: []string{module + "/cmd", module + "/images", module + "/bindep", module + "/setupcfg", cobra}},
	} {
		t.Run(c.pkg, func(t *testing.T) {
			for _, dep := range deps(t, "./"+c.pkg) {
				if dep == module+"/"+c.pkg || under(dep, c.except) {
					continue
				}
				if under(dep, c.banned) {
					t.Errorf("%s depends on %s", c.pkg, dep)
				}
			}
		})
	}
}

func deps(t *testing.T, pkg string) []string {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", pkg)
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list -deps %s: %v", pkg, err)
	}
	return strings.Fields(string(out))
}

func under(pkg string, prefixes []string) bool {
	for _, p := range prefixes {
		if pkg == p || strings.HasPrefix(pkg, p+"/") {
			return true
		}
	}
	return false
}

// Only the command knows the process it runs in.
func TestOnlyTheCommandTouchesTheProcess(t *testing.T) {
	cmd := exec.Command("go", "list", "-f", "{{.ImportPath}} {{join .GoFiles \" \"}}", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		pkg := strings.TrimPrefix(fields[0], module)
		// The child is a process of its own, and so is a test.
		if strings.HasPrefix(pkg, "/cmd/") || pkg == "/builder/engine/embedded" || strings.HasPrefix(pkg, "/builder/engine/enginetest") {
			continue
		}
		for _, file := range fields[1:] {
			name := path.Join("../..", pkg, file)
			for _, call := range []string{"os.Exit(", "os.Getenv(", "os.Environ(", "fmt.Print", "log.Fatal", "os.Stdout", "os.Stderr"} {
				if contains(t, name, call) {
					t.Errorf("%s calls %s", name, call)
				}
			}
		}
	}
}

func contains(t *testing.T, name, text string) bool {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(data), text)
}
