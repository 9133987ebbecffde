package definition

import "slices"

// originRows say where something comes from.
func originRows() []row {
	withProject := append(origins(), project)
	return []row{
		{key: "path", in: withProject, typ: aString, example: `"etc/app.conf"`, braces: ofBase(), check: checkPath,
			meaning: "Alone: a file or directory beside the definition. Beside another origin: which part of it.", peers: []string{"src", "local", "file", "filename"}},
		{key: "url", in: origins(), typ: aString, example: `"https://example.org/tool-{arch}.tar.gz"`, braces: ofBase(), check: checkURL, why: "source is fetched with git and ref",
			meaning: `A download; path is a member or directory of the tar or zip, "." all of it.`, peers: []string{"href", "download"}},
		{key: "git", in: withProject, typ: aString, example: `"https://opendev.org/openstack/nova"`, braces: ofSet(), check: checkGit,
			meaning: "A repository, with ref; path is a subtree or file of it.", peers: []string{"repo"}},
		{key: "image", in: origins(), typ: aString, example: `"docker://golang:1.22-bookworm"`, braces: ofSet(), check: checkReference,
			meaning: "An image as --base takes it; path, absolute, is copied out of it.", peers: []string{"from"}},
		{key: "project", in: origins(), typ: aString, example: `"nova"`, braces: ofSet(),
			meaning: "The handle of a project; path lies in its patched tree."},
		{key: "text", in: []table{oneOrigin, oneFile}, typ: aString, example: `"nova ALL=(ALL) NOPASSWD: ALL\n"`,
			meaning: "The content itself; braces mean nothing in it.", peers: []string{"content", "contents"}},
		{key: "ref", in: withProject, typ: aString, example: `"stable/2025.1"`, braces: ofSet(), check: checkRef,
			meaning: "The commit, tag or branch of git.", peers: []string{"tag", "branch", "commit", "rev", "revision", "checkout"}},
		{key: "sha256", in: origins(), typ: aDigest, example: `"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"`, braces: ofSet(), check: checkSHA256,
			meaning: "The digest of what is behind url, 64 hexadecimal digits; or a table of them by architecture.", peers: []string{"checksum", "hash", "digest"}},
		{key: "arch", in: append(origins(), repository, oneRun), typ: someStrings, example: `["amd64"]`, braces: ofSet(), check: checkArch,
			meaning: "Architectures; for others the entry is left out, and the plan says so.", peers: []string{"architecture", "platform"}},
		{key: "line", in: []table{onePackage}, typ: aString, example: `"daxio [platform:dpkg]"`, braces: ofSet(),
			meaning: "A line of bindep.txt, in place of an origin.", peers: []string{"name", "package"}},
	}
}

// accountRows are the keys of projects, accounts and repositories.
func accountRows() []row {
	inProject, inUser, inRepository := []table{project}, []table{user}, []table{repository}
	return slices.Concat([]row{
		{key: "subdirectory", in: inProject, typ: aString, example: `"python"`, braces: ofSet(), check: checkInside,
			meaning: "Where in it the project lies.", peers: []string{"subdir", "directory"}},
		{key: "patches", in: inProject, typ: somePaths, example: `"patches/nova"`, braces: ofSet(), check: checkPath,
			meaning: "A directory, whose *.patch files are applied in the order of their bytes; or a list of files.", peers: []string{"patch"}},
		{key: "extras", in: inProject, typ: someStrings, example: `["ldap"]`, braces: ofSet(), check: checkProject,
			meaning: "Extras of this project; those of the main project stand at the top level."},
		{key: "name", in: inUser, typ: aString, def: "the handle", example: `"nova"`, braces: ofSet(), check: checkAccount,
			meaning: "The name of the account."},
		{key: "uid", in: inUser, typ: aNumber, def: "required", example: "42424", meaning: "The number of the account.", peers: []string{"id"}},
		{key: "gid", in: inUser, typ: aNumber, def: "uid", example: "42424", meaning: "The number of its group."},
		{key: "group", in: inUser, typ: aString, def: "name", example: `"nova"`, braces: ofSet(), check: checkAccount, meaning: "The name of its group."},
		{key: "groups", in: inUser, typ: someStrings, example: `["kvm"]`, braces: ofSet(), check: checkAccount,
			meaning: "Groups it is a member of; one that only a package makes is joined after the packages."},
		{key: "home", in: inUser, typ: aString, def: "/", example: `"/var/lib/nova"`, braces: ofSet(), check: checkNoColon, meaning: "The home directory, which is not made."},
		{key: "shell", in: inUser, typ: aString, def: "/usr/sbin/nologin, or the base's equivalent", example: `"/bin/sh"`, braces: ofSet(), check: checkNoColon, meaning: "The shell."},
		{key: "comment", in: inUser, typ: aString, example: `"Nova"`, braces: ofSet(), check: checkComment, meaning: "The comment (GECOS).", peers: []string{"gecos"}},
		{key: "directories", in: inUser, typ: someStrings, example: `["/var/lib/nova"]`, braces: ofSet(), check: checkFolder,
			meaning: "Directories that are made and owned: 0755, not recursive.", peers: []string{"dirs"}},
	}, []row{
		{key: "uri", in: inRepository, typ: aString, def: "required", example: `"https://download.ceph.com/debian-squid"`, braces: ofBase(), check: checkURI, meaning: "Where it is.", peers: []string{"url", "uris", "baseurl"}},
		{key: "suite", in: inRepository, typ: aString, example: `"{codename}"`, braces: ofBase(), check: checkWord, meaning: "The suite, for apt.", peers: []string{"suites", "dist", "distribution", "codename"}},
		{key: "components", in: inRepository, typ: someStrings, example: `["main"]`, braces: ofBase(), check: checkWord, meaning: "Components, for apt.", peers: []string{"component"}},
		{key: "key", in: inRepository, typ: aPlace, of: oneOrigin, def: "required", example: `{ path = "ceph.asc" }`, meaning: "The key that it is signed with.", peers: []string{"gpgkey", "signed-by", "signed_by", "keyring"}},
		{key: "keep", in: inRepository, typ: aBool, def: "false", example: "true", meaning: "Its source file and key stay in the image."},
	})
}

// runRows are the keys of run.
func runRows() []row {
	in := []table{oneRun}
	return []row{
		{key: "commands", in: in, typ: someArgvs, def: "required", example: `[["yarn", "install"], ["yarn", "build"]]`, braces: ofPython(), replaces: true,
			meaning: "Commands run in order, up to the first that fails; no shell, unless one is called.", peers: []string{"command", "cmd", "cmds", "script"}},
		{key: "in", in: in, typ: aString, def: `"image"`, example: `"docker://node:22-bookworm"`, braces: ofSet(), check: checkReference,
			meaning: "image, the finished file system; else another image, for other toolchains.", peers: []string{"image", "from"}},
		{key: "source", in: in, typ: aSource, of: oneOrigin, def: "none", example: `"web"`, braces: ofBase(), check: checkPath,
			meaning: "Mounted at /src, the working directory.", peers: []string{"src"}},
		{key: "env", in: in, typ: aTable, def: "none", example: `{ NODE_ENV = "production" }`, braces: ofPython(),
			meaning: "Environment variables of the commands, beside those of the image that they run in, whose PATH stays.", peers: []string{"environment", "environ", "envs", "variables"}},
		{key: "out", in: in, typ: aTable, def: "required where in is another image, which alone has it", example: `{ "dist" = "zuul/web/static" }`, braces: ofPython(),
			meaning: "What of /src, or of an absolute path, becomes which file of the image; a relative destination lies in the main project's tree, before its wheel is made.", peers: []string{"output", "outputs"}},
		{key: "cache", in: in, typ: someStrings, def: "none", example: `["/root/.cache"]`, braces: ofSet(), check: checkFolder,
			meaning: "Directories that are kept between runs.", peers: []string{"caches"}},
		{key: "network", in: in, typ: aBool, def: "false", example: "true",
			meaning: "A network, and pip's configuration; marks the image as not reproducible from the lock.", peers: []string{"net"}},
	}
}
