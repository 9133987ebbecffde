// Package bindep reads bindep.txt, the list of distribution packages a Python
// project needs, and says which of them are meant for a given distribution.
//
// The format is line based. A line is blank, a comment, or a rule:
//
//		NAME [SELECTOR SELECTOR …] OPVERSION,OPVERSION # comment
//
//	  - a package name has at least two characters and begins in column 1;
//	  - a selector is a profile (test), a negated profile (!test), or a group of
//	    those in parentheses, all of which must hold: (ceph !lvm);
//	  - a profile that begins with "platform:" names a distribution, a release of
//	    one, or a family (platform:alpine, platform:debian-12, platform:rpm);
//	  - a constraint is one of < <= == != >= > and a Debian version;
//	  - the only blank is the space, and spaces may end a line only before a "#".
//
// Parse turns text into a File, File.Select picks the rules that are active
// under a set of profiles, and Distro says which platform profiles hold on a
// distribution. The words are those of Python's bindep: "profile" is any name
// that can be active, "platform profile" one with the prefix "platform:".
//
// The grammar is a participle grammar, in grammar.go; there is no other parser
// here. It reads one line at a time so that every problem of a file is reported
// at once: a line that does not match is looked at again by diagnose.go, which
// decides nothing but the words of the error.
//
// Lint finds what bindep takes silently and hardly anybody means.
//
// # Differences from bindep 2.14.0, all deliberate
//
// Accepted, and refused by bindep and by ParseStrict:
//
//   - CRLF and lone CR end a line on standard input too, not only in files.
//
// Refused, and accepted by bindep:
//
//   - the character NUL in a comment: such a file is no text (ParseStrict accepts it);
//   - a line of more than 500,000 selectors or constraints, participle's limit.
//
// Said differently:
//
//   - all problems of a file are reported, as file:line:col with what to do,
//     instead of the first;
//   - text that is not UTF-8 is an error with a position, whatever the locale;
//   - a release of Ubuntu, Fedora or the Red Hat family whose version is missing
//     or no number is an error with a position instead of a traceback.
//
// Everything else is compared with the released bindep by TestConfirm; docs/bindep-confirmed.md
// has the results.
//
// # Limits
//
// What is installed is never looked at: constraints are read and kept, and do not influence the
// selection, as in bindep's own --list_all; no package manager is told of them, as by bindep. Its
// check mode, which asks the package manager, is not here. For those who know what is
// installed Constraint.Holds judges a version exactly as that mode does, and Lint finds
// constraints that no version satisfies.
//
// The distribution is read from os-release only; lsb_release and /etc/debian_version are not
// asked, so that a caller who has read the latter sets Distro.Version itself.
package bindep
