package definition

// onePython is why a key belongs to the set.
func onePython() string { return "all images of a set share one Python" }

// setRows are the keys of the set as a whole.
func setRows() []row {
	const oneBase = "all images of a set share one base"
	const reading = "it says how the files are read"
	top := []table{topLevel}
	return []row{
		{key: "extends", in: top, typ: aString, example: `"../openstack.toml"`, why: reading,
			meaning: "One parent, at most four files deep. Each file of the chain has accounts and a distro layer of its own, which all that extend it share.",
			peers:   []string{"include", "includes", "inherits", "parent"}},
		{key: "name", in: top, typ: aString, def: "the project's name", layer: "names only", example: `"nova"`, check: checkName, why: "a set has one name",
			meaning: "Names the set: NAME-base and the images of scripts; the one image is called NAME where there are neither scripts nor declared images. Also the handle of the main project.",
			peers:   []string{"image_name", "image-name", "title"}},
		{key: "default-release", in: top, typ: aString, example: `"2025.1"`, why: reading,
			meaning: "The overlay that is used without --release."},
		{key: "base", in: setLevel(), typ: aString, def: "docker://python:alpine", layer: "L0, and the key of everything", example: `"docker://python:3.13-slim-trixie"`, braces: ofSet(), check: checkReference, why: oneBase,
			meaning: "The base image, as --base takes it.",
			peers:   []string{"from", "base_image", "base-image", "image_base", "base_python_image"}},
		{key: "builder", in: setLevel(), typ: aString, def: "base", layer: "L0, and the key of everything", example: `"docker://python:3.13-trixie"`, braces: ofSet(), check: checkReference, why: oneBase,
			meaning: "The image in which wheels are made: of the same distribution, libc and Python.",
			peers:   []string{"builder_image", "builder-image", "build_image"}},
		{key: "python", in: setLevel(), typ: aString, def: "python3 on the base's PATH, else the distribution's", layer: "every Python step", example: `"/usr/bin/python3"`, braces: ofSet(), check: checkProgram, why: onePython(),
			meaning: "The interpreter of builder and images, a name or a path.",
			peers:   []string{"python_path", "interpreter", "python_version", "python-version"}},
		{key: "venv", in: setLevel(), typ: aString, def: "none; /opt/NAME where the interpreter is externally managed", layer: "L3, L4", example: `"/var/lib/openstack"`, braces: ofSet(), check: checkVenv, why: onePython(),
			meaning: "A virtual environment at this path, in builder and images; PATH and VIRTUAL_ENV are set.",
			peers:   []string{"virtualenv", "virtual_env"}},
		{key: "system-site-packages", in: setLevel(), typ: aBool, def: "false", layer: "L3", example: "true", why: onePython(),
			meaning: "The virtual environment sees the modules of the distribution's Python."},
		{key: "constraints", in: setLevel(), typ: someEntries, of: oneOrigin, def: "none", layer: "resolution; L3's key is what was resolved", example: `[{ git = "https://opendev.org/openstack/requirements", ref = "master", path = "upper-constraints.txt" }]`,
			braces: ofSet(), replaces: true, check: CheckRequirement, why: "all images of a set share one resolution",
			meaning: "As --constraint: lines and files of them. The main project and all that is built beside it are left out by themselves.",
			peers:   []string{"constraint", "upper-constraints", "upper_constraints", "constraints_file"}},
		{key: "constraints-exclude", in: setLevel(), typ: someStrings, def: "none", layer: "as constraints", example: `["horizon"]`, braces: ofSet(), check: checkProject, why: "all images of a set share one resolution",
			meaning: "Further names whose constraints do not count.",
			peers:   []string{"constraint-exclude"}},
		{key: "resolver", in: setLevel(), typ: aString, def: "pip", layer: "resolution", example: `"pip"`, braces: ofSet(), check: oneOf("pip", "uv"), why: "all images of a set share one resolution",
			meaning: "Who resolves versions: pip only, in this version."},
		{key: "init", in: setLevel(), typ: aString, def: "dumb-init, tini or catatonit of the distribution", layer: "L2, config", example: `"/usr/bin/tini"`, braces: ofSet(), check: checkInit, why: "all images of a set share one init; entrypoint replaces it in an image",
			meaning: "The init put before every command, or none; as --init-path.",
			peers:   []string{"init-path", "init_path", "tini"}},
		{key: "check", in: setLevel(), typ: aString, def: "error", example: `"warn"`, braces: ofSet(), check: oneOf("off", "warn", "error"), why: "the checks are those of the set",
			meaning: "What becomes of images whose scripts would die at start; as --check.", peers: []string{"checks"}},
		{key: "prefix", in: setLevel(), typ: aString, def: "none", layer: "names only", example: `"registry.example.org/team"`, braces: ofSet(), check: checkPrefix, why: "the names of a set share one prefix",
			meaning: "Put before every image name, as --prefix.", peers: []string{"registry", "namespace"}},
		{key: "platforms", in: setLevel(), typ: someStrings, def: "the engine's own", example: `["linux/amd64"]`, braces: ofSet(), check: checkPlatform, why: "all images of a set are made for the same platforms",
			meaning: "The platforms that images are made for: one only, that of the engine, in this version.", peers: []string{"platform", "archs", "architectures"}},
		{key: "bindep", in: setLevel(), typ: aPath, def: "the main project's bindep.txt", layer: "L2", example: `"../bindep.txt"`, braces: ofSet(), why: "an image's own packages are listed in its packages",
			meaning: `Another bindep file; "" for none.`, peers: []string{"bindep_file", "bindep-file", "system_file"}},
		{key: "scripts", in: setLevel(), typ: someStrings, def: `["*"]`, layer: "names only", example: `["zuul*", "!zuul-bwrap"]`, braces: ofSet(), replaces: true, check: checkPattern, why: "it chooses the images",
			meaning: "Which console scripts get an image: patterns, later ones win, ! leaves out; [] is none.", peers: []string{"entry_points", "console_scripts"}},
		{key: "build-env", in: setLevel(), typ: aTable, def: "none", layer: "the key of wheels", example: `{ UWSGI_PROFILE_OVERRIDE = "ssl=true" }`, braces: ofSet(), why: "a wheel is built once for all images",
			meaning: "The environment of the steps that make wheels.", peers: []string{"build_args", "build-args", "args_env", "arg"}},
	}
}

// tableRows are the tables that stand in a file beside content.
func tableRows() []row {
	return []row{
		{key: "project", in: setLevel(), typ: namedTables, of: project, layer: "wheels go to L4", example: `{ nova = { git = "https://opendev.org/openstack/nova", ref = "master" } }`, why: "all images of a set share one installation",
			meaning: "Source that is built, by handle: beside the main project, or as it where the handle is the name of the set.", peers: []string{"projects", "source_projects", "sibling", "siblings"}},
		{key: "user", in: setLevel(), typ: namedTables, of: user, layer: "L1, a layer a file", example: `{ nova = { uid = 42424 } }`, why: "accounts are those of the base image; to set who the container runs as, write run-as",
			meaning: "Accounts, by handle, with the directories they own.", peers: []string{"users", "account", "accounts"}},
		{key: "release", in: []table{topLevel}, typ: namedTables, of: overlay, example: `{ "2025.1" = { base = "docker://ubuntu:22.04" } }`, why: "an overlay has none of its own",
			meaning: "Overlays, by name: any key but extends, name, default-release and release. --release chooses, several in order.", peers: []string{"releases", "variant", "flavour", "flavor"}},
		{key: "image", in: setLevel(), typ: namedTables, of: oneImage, layer: "L7, L8", example: `{ zuul-web = { packages = ["git"] } }`, why: "images are not stacked on images",
			meaning: "Images, by name: that of a console script is refined; any other is declared and needs script, command or wsgi.", peers: []string{"images", "target", "targets"}},
	}
}
