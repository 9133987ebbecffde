// Command python is the Python of the conformance suite's base image. It plays the step
// programs of package plan2llb (probe.py, packages.py, tools.py, wheel.py, resolve.py, fetch.py, install.py, check.py),
// the init and every console script: whatever it is called by.
package main

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const purelib = "/usr/lib/python3/site-packages"

func main() {
	if err := run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "pbrx-go:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if name := filepath.Base(args[0]); name != "python3" && name != "python" {
		return command(name, args[1:])
	}
	if len(args) < 3 || args[1] != "-B" {
		return fmt.Errorf("called as %q", args)
	}
	operands := args[3:]
	switch program := filepath.Base(args[2]); program {
	case "probe.py":
		return probe()
	case "packages.py":
		return packages(operands)
	case "tools.py":
		return tools(operands)
	case "wheel.py":
		return wheel(operands)
	case "resolve.py":
		return resolve()
	case "fetch.py":
		return fetch()
	case "install.py":
		return install(operands)
	case "check.py":
		return check()
	default:
		return fmt.Errorf("there is no part for %s", program)
	}
}

// command is the init, which starts what it is given, or a console script, which says how it was called.
func command(name string, args []string) error {
	if name == "tini" {
		if len(args) < 2 || args[0] != "--" {
			return fmt.Errorf("tini %q", args)
		}
		return syscall.Exec("/usr/bin/"+args[1], args[1:], os.Environ())
	}
	word, err := os.ReadFile(filepath.Join(purelib, "tiny"))
	if err != nil {
		return err
	}
	fmt.Printf("%s %q says %s", name, args, word)
	if len(args) == 2 && args[0] == "--exit" {
		status, err := strconv.Atoi(args[1])
		if err != nil {
			return err
		}
		os.Exit(status)
	}
	return nil
}

func probe() error {
	release, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return err
	}
	return writeJSON("/out/base.json", map[string]any{
		"os_release":      string(release),
		"package_manager": "apt",
		"inits":           map[string]string{},
		"python": map[string]any{
			"executable": os.Getenv("PBRX_PYTHON"), "version": "3.13.1", "purelib": purelib, "scripts": "/usr/bin",
			"externally_managed": false, "pip": "25.0", "ensurepip": true,
		},
	})
}

// packages knows the packages that the file /etc/packages of the base lists.
func packages(operands []string) error {
	if len(operands) < 3 || operands[1] != "apt" || operands[2] != "/var/lib/apt/lists" {
		return fmt.Errorf("packages.py %q", operands)
	}
	names := operands[3:]
	switch operands[0] {
	case "install":
		return installPackages(names)
	case "wanted":
		return wantedPackages(names)
	}
	known, err := os.ReadFile("/etc/packages")
	if err != nil {
		return err
	}
	if err := os.WriteFile("/var/lib/apt/lists/index", known, 0o644); err != nil {
		return err
	}
	return writeJSON("/out/index.json", map[string]any{"content": fmt.Sprintf("%x", sha256.Sum256(known))})
}

// wantedPackages looks into what was fetched before.
func wantedPackages(names []string) error {
	known, err := os.ReadFile("/var/lib/apt/lists/index")
	if err != nil {
		return fmt.Errorf("no package index: %w", err)
	}
	missing := []string{}
	for _, name := range names {
		if !slices.Contains(strings.Fields(string(known)), name) {
			missing = append(missing, name)
		}
	}
	return writeJSON("/out/index.json", map[string]any{"missing": missing})
}

func installPackages(names []string) error {
	if _, err := os.ReadFile("/var/lib/apt/lists/index"); err != nil {
		return fmt.Errorf("no package index: %w", err)
	}
	for _, name := range names {
		fmt.Println("unpacking", name)
		if name == "breaks" {
			fmt.Println("E: the package breaks does as it says")
			return errors.New("apt-get ended with status 100")
		}
		// What an installation leaves beside the packages must be gone with its mounts.
		for _, trace := range []string{"/var/cache/apt/" + name, "/var/log/apt/term.log", "/var/log/dpkg.log"} {
			if err := os.WriteFile(trace, []byte("a trace of "+name), 0o644); err != nil {
				return err
			}
		}
		if err := put("/usr/share/"+name, "the package "+name+"\n"); err != nil {
			return err
		}
		if name == "tini" {
			if err := link("/usr/bin/tini"); err != nil {
				return err
			}
		}
	}
	return nil
}

// tools says, by digest, which secrets it sees: so the test knows that they came, and the log does not.
func tools(operands []string) error {
	fmt.Println("tools by", operands)
	for _, name := range []string{"ca.pem", "pip-ca.pem", "pip.conf", "netrc", "client.pem"} {
		if data, err := os.ReadFile("/tmp/pbrx/" + name); err == nil {
			fmt.Printf("secret %s %x\n", name, sha256.Sum256(data))
		}
	}
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		return err
	}
	if err := os.MkdirAll("/tmp/pbrx/tools/bin", 0o755); err != nil {
		return err
	}
	if err := writeJSON("/out/asked.json", map[string]any{"asked": 1}); err != nil {
		return err
	}
	return os.WriteFile("/tmp/pbrx/tools/bin/python", self, 0o755)
}

// wheel takes the metadata out of the source, which is otherwise what the wheel holds.
func wheel(operands []string) error {
	if _, err := os.Stat("/src/sleep"); err == nil {
		fmt.Println("sleeping")
		time.Sleep(time.Minute)
	}
	if lines, err := os.ReadFile("/src/fail"); err == nil {
		fmt.Fprint(os.Stderr, string(lines)) // beside the last line: two streams have no order
		return errors.New("building the wheel: the source says so")
	}
	if config, err := os.ReadFile("/src/.git/config"); err == nil {
		fmt.Printf("%s with history: %q\n", operands, config)
	}
	if err := errors.Join(os.MkdirAll("/out/dist", 0o755), os.MkdirAll("/out/meta", 0o755)); err != nil {
		return err
	}
	if err := os.WriteFile("/out/meta/wheel.json", []byte(`{"file": "tiny-1.0-py3-none-any.whl", "scripts": []}`), 0o644); err != nil {
		return err
	}
	// A backend writes into its source tree; nobody sees that again.
	if err := os.WriteFile("/src/built-here", nil, 0o644); err != nil {
		return err
	}
	for from, to := range map[string]string{
		"METADATA": "meta/METADATA", "entry_points.txt": "meta/entry_points.txt", "tiny.py": "dist/tiny-1.0-py3-none-any.whl"} {
		data, err := os.ReadFile("/src/" + from)
		if err != nil {
			return err
		}
		if err := os.WriteFile("/out/"+to, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// resolve gives every image version 1 of the requirements of its extras that the base image has not.
func resolve() error {
	data, err := os.ReadFile("/tmp/pbrx/requirements.json")
	if err != nil {
		return err
	}
	var spec struct {
		RequiresDist []string `json:"requires_dist"`
		Images       []struct {
			Extras []string `json:"extras"`
		} `json:"images"`
	}
	if err := json.Unmarshal(data, &spec); err != nil {
		return err
	}
	sets := [][]string{}
	distributions := []map[string]any{}
	for n, image := range spec.Images {
		set := []string{}
		for _, requirement := range spec.RequiresDist {
			name, marker, _ := strings.Cut(requirement, ";")
			name = strings.TrimSpace(name)
			_, extra, _ := strings.Cut(marker, "==")
			extra = strings.Trim(extra, ` "'`)
			if extra != "" && !slices.Contains(image.Extras, extra) || n > 0 && slices.Contains(sets[0], name) {
				continue
			}
			set = append(set, name)
			distributions = append(distributions, map[string]any{"name": name, "version": "1", "hashes": []string{},
				"requirement": name + " @ https://index.invalid/" + name + "-1-py3-none-any.whl", "why": []string{name}})
		}
		sets = append(sets, set)
	}
	return writeJSON("/out/resolved.json", map[string]any{"distributions": distributions, "sets": sets})
}

// fetch makes the wheels, each of which is one file.
func fetch() error {
	data, err := os.ReadFile("/tmp/pbrx/fetch.json")
	if err != nil {
		return err
	}
	var wanted, found []map[string]any
	if err := json.Unmarshal(data, &wanted); err != nil {
		return err
	}
	for _, w := range wanted {
		name := fmt.Sprint(w["name"])
		if err := os.MkdirAll("/out/wheels/"+name, 0o755); err != nil {
			return err
		}
		if err := os.WriteFile("/out/wheels/"+name+"/"+name+"-1-py3-none-any.whl", []byte("the dependency "+name+"\n"), 0o644); err != nil {
			return err
		}
		found = append(found, map[string]any{"name": name, "size": 1})
	}
	return writeJSON("/out/wheels.json", map[string]any{"wheels": found})
}

// install unpacks wheels, each of which is one file, below /out, and makes the scripts of the project's.
func install(operands []string) error {
	fmt.Println("installing by", operands)
	wheels, err := filepath.Glob("/tmp/pbrx/wheels/*/*.whl")
	if err != nil {
		return err
	}
	for _, path := range wheels {
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, _, _ := strings.Cut(filepath.Base(path), "-")
		if err := put(filepath.Join("/out", purelib, name), string(data)); err != nil {
			return err
		}
		if name == "tiny" {
			if err := errors.Join(os.MkdirAll("/out/usr/bin", 0o755), link("/out/usr/bin/hello"), link("/out/usr/bin/plain")); err != nil {
				return err
			}
		}
	}
	return nil
}

// check loads a script by reading what the project's wheel was, which says whether it dies.
func check() error {
	data, err := os.ReadFile("/tmp/pbrx/check.json")
	if err != nil {
		return err
	}
	var spec struct {
		Scripts []struct {
			Name   string `json:"name"`
			Module string `json:"module"`
		} `json:"scripts"`
	}
	if err := json.Unmarshal(data, &spec); err != nil {
		return err
	}
	fmt.Printf("checking by %s\n", data)
	results := []map[string]any{}
	for _, s := range spec.Scripts {
		word, err := os.ReadFile(filepath.Join(purelib, s.Module))
		if err != nil {
			return err
		}
		result := map[string]any{"script": s.Name, "kind": "loaded"}
		if strings.TrimSpace(string(word)) == s.Name+" dies" {
			result = map[string]any{"script": s.Name, "kind": "raised", "type": "SystemExit", "message": "as it says", "status": 3, "trace": []string{"it says so"}}
		}
		results = append(results, result)
	}
	return errors.Join(writeJSON("/out/check.json", results), writeJSON("/out/conflicts.json", []map[string]any{}))
}

// put writes a file whose times, and those of the folders it is in, are SOURCE_DATE_EPOCH's.
func put(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return err
	}
	return settle(path)
}

// link makes path another name of this program.
func link(path string) error {
	if err := os.Symlink("/usr/bin/python3", path); err != nil {
		return err
	}
	return settle(path)
}

func settle(path string) error {
	seconds, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64)
	if err != nil {
		return err
	}
	times := []unix.Timeval{{Sec: seconds}, {Sec: seconds}}
	for ; path != "/"; path = filepath.Dir(path) {
		if err := unix.Lutimes(path, times); err != nil {
			return fmt.Errorf("settling %s: %w", path, err)
		}
	}
	return nil
}

func writeJSON(path string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}
