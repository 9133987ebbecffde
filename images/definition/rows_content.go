package definition

// contentRows are the keys of what an image holds and how it runs.
func contentRows() []row {
	const config = "config only"
	return []row{
		{key: "packages", in: everywhere(), typ: someEntries, of: onePackage, layer: "L2 or L7", example: `["libldap2-dev [compile]", "curl"]`, braces: ofSet(), same: samePackage,
			meaning: "Lines of bindep.txt, appended to the project's; { line, arch } for one architecture; package files by { url, sha256 }.",
			peers: []string{"apt_packages", "apt-packages", "apt", "aptPackages", "apk", "dnf", "yum", "deb", "rpm", "system_packages", "system-packages", "system",
				"dist_packages", "dist-packages", "distro_packages", "pkgs", "package"}},
		{key: "profiles", in: everywhere(), typ: someStrings, layer: "as packages", example: `["ceph"]`, braces: ofSet(), check: checkProfile,
			meaning: "Profiles of bindep that are on, beside the default ones.", peers: []string{"profile", "bindep_profiles"}},
		{key: "requirements", in: everywhere(), typ: someEntries, of: oneOrigin, layer: "L3 or L7", example: `["gunicorn", "pymysql>=1"]`, braces: ofSet(), same: sameRequirement, check: CheckRequirement,
			meaning: "Requirements installed beside the project in the same resolution: lines, and files of them.",
			peers:   []string{"pip_packages", "pip-packages", "pip", "dependencies", "pypi", "pydep", "python_packages", "requires", "requirement"}},
		{key: "extras", in: everywhere(), typ: someStrings, layer: "as requirements", example: `["ldap"]`, braces: ofSet(), check: checkProject,
			meaning: "Extras of the main project.", peers: []string{"extra", "optional-dependencies"}},
		{key: "repository", in: everywhere(), typ: namedTables, of: repository, layer: "the key of the package step", example: `{ ceph = { uri = "https://…", key = { path = "ceph.asc" } } }`,
			meaning: "Repositories of distro packages, by handle: mounted for the steps that install, not left in images.",
			peers:   []string{"repositories", "repos", "repo", "apt_sources", "sources", "ppa", "package_repositories"}},
		{key: "file", in: everywhere(), typ: namedTables, of: oneFile, layer: "L2f, L5 or L7", example: `{ "/etc/app.conf" = { path = "app.conf" } }`,
			meaning: "Files, links and directories, by destination: an absolute path, or one that begins with {prefix} or {site-packages}.",
			peers:   []string{"files", "copy", "add", "additional_build_files", "paths"}},
		{key: "env", in: everywhere(), typ: aTable, layer: config, example: `{ TZ = "UTC" }`, braces: ofPython(),
			meaning: "Environment variables. PATH is the business of venv and init.", peers: []string{"environment", "environ", "envs", "variables"}},
		{key: "labels", in: everywhere(), typ: aTable, layer: config, example: `{ "org.opencontainers.image.vendor" = "Example" }`, braces: ofSet(),
			meaning: "Labels; those of OCI come by themselves.", peers: []string{"label", "annotations", "maintainer"}},
		{key: "volumes", in: everywhere(), typ: someStrings, layer: config, example: `["/var/lib/zuul"]`, braces: ofSet(), check: checkFolder,
			meaning: "Paths that are volumes.", peers: []string{"volume"}},
		{key: "workdir", in: everywhere(), typ: aString, def: "the base's", layer: config, example: `"/var/lib/zuul"`, braces: ofSet(), check: checkAbsolute,
			meaning: "The working directory.", peers: []string{"working_dir", "working-dir", "work-dir", "work_dir", "cwd", "work-directory"}},
		{key: "run-as", in: everywhere(), typ: aString, def: "the base's", layer: config, example: `"zuul"`, braces: ofSet(), check: checkOwner,
			meaning: "Who the container runs as: NAME or UID, with :GROUP or :GID.", peers: []string{"runs-as", "runas"}},
		{key: "entrypoint", in: everywhere(), typ: anArgv, layer: config, example: `["/usr/bin/tini", "--"]`, braces: ofPython(), replaces: true,
			meaning: "Takes the place of init and entry point; [] is none.", peers: []string{"entry_point", "entry-point"}},
		{key: "run", in: everywhere(), typ: tableList, of: oneRun, layer: "L6 or L8", example: `[{ commands = [["zuul-manage-ansible"]] }]`,
			meaning: "Commands run when the image is made: the last resort.", peers: []string{"steps", "build_steps", "additional_build_steps", "exec", "shell", "script_steps"}},
	}
}

// commandRows are the keys of what an image starts.
func commandRows() []row {
	const config = "config only"
	return []row{
		{key: "script", in: []table{oneImage}, typ: aString, layer: config, example: `"zuul-executor"`, braces: ofSet(), check: checkScript, why: "the top level chooses with scripts",
			meaning: "The console script that the image runs under another name.", peers: []string{"console_script"}},
		{key: "args", in: everywhere(), typ: anArgv, layer: config, example: `["-f"]`, braces: ofSet(), replaces: true,
			meaning: "Arguments appended to the script; at the top level to all that do not say their own, [] takes them back.", peers: []string{"arguments", "cmd_args"}},
		{key: "command", in: everywhere(), typ: anArgv, layer: config, example: `["uwsgi", "--ini", "/etc/x.ini"]`, braces: ofPython(), replaces: true,
			meaning: "The whole command line after the init; at the top level that of the base image; [] takes an inherited one back.", peers: []string{"cmd", "start", "startCommand", "start_command"}},
		{key: "wsgi", in: everywhere(), typ: aString, layer: config, example: `"keystone.wsgi.api:application"`, braces: ofSet(), check: checkWSGI,
			meaning: "A WSGI application, MODULE:ATTRIBUTE, served by the gunicorn or uwsgi of the image where there is no command.", peers: []string{"wsgi_app", "app", "application"}},
	}
}

// fileRows are what file takes beside an origin.
func fileRows() []row {
	in := []table{oneFile}
	return []row{
		{key: "mode", in: in, typ: aString, def: "that of the source; 0644 or 0755", example: `"0755"`, braces: ofSet(), check: checkMode,
			meaning: "The mode, octal digits.", peers: []string{"chmod", "permissions"}},
		{key: "owner", in: in, typ: aString, def: `"0:0"`, example: `"nova:nova"`, braces: ofSet(), check: checkOwner,
			meaning: "The owner, NAME or UID, with :GROUP or :GID.", peers: []string{"chown", "user"}},
		{key: "replace", in: in, typ: aBool, def: "false", example: "true",
			meaning: "A file of a package or wheel may be there already.", peers: []string{"overwrite", "force"}},
		{key: "link", in: in, typ: aString, example: `"../mods-available/x.conf"`, braces: ofPython(), check: checkLink,
			meaning: "A symbolic link to this target, in place of an origin.", peers: []string{"symlink", "target"}},
		{key: "directory", in: in, typ: aBool, example: "true",
			meaning: "An empty directory, in place of an origin.", peers: []string{"dir", "mkdir"}},
	}
}
