// Package host reads what of the machine a build must honour, the way the programs
// inside the build would if they ran outside of it: certificate authorities, proxies, pip's
// configuration (its files and PIP_* variables), netrc, and the distribution's package mirror.
//
// Nothing of it may reach an image: files and values become secrets, local folders and
// constraint files become mounts. pip's configuration is reduced to what makes
// sense in a container (python-metadata: index, find-links, constraints, hashes, binaries,
// timeouts, trust); paths, caches, prefixes and logs of the host are dropped.
//
// Constraints (pip's, and those asked for) are read here as well, from files, URLs and git, and their entries handed on as
// text: the bytes that decide are part of the keys of steps, how they were reached is not. Entries of what is built from
// source are left out. An -r in such a file is read as -c: pip would install what it names. Credentials are taken from the
// address, netrc or git's own helpers, and shown nowhere.
//
// What of it is a credential is known in every spelling (Host.Hidden), and taken out of what steps print. Passwords of less
// than four letters are only known where they stand in a URL. Private keys are known line by line. A program that prints a
// credential in another way than as it is, percent-encoded or in base64 with its user name, is not stopped from doing so.
//
// Limits: keyring providers cannot be asked from inside a build; the site configuration of
// pip is read from the active virtual environment only. A project whose name only its wheel tells keeps its own entries among
// the constraints, and pip is not asked for it. A process killed by SIGKILL leaves the folder that git fetched constraints to.
package host
