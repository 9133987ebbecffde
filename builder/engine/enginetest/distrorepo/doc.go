// Package distrorepo makes repositories of distro packages for tests, where no mirror of a distribution
// can be reached: real packages, signed, with the index that the distribution's own tools make of them.
//
// # Terms
//
// A [Package] is what goes into one package file; nfpm writes it. [APKs] writes packages
// and an index for apk, the package manager of Alpine, into a folder that any web server can serve as a mirror.
// A [Key] signs both; who trusts it has its public half. [Debs] does the same for apt and [RPMs] for dnf, with an [RPMKey]; [RPMRoot]
// makes a root file system that has dnf out of one of Debian's.
//
// # Limits
//
// The packages' names are those of the distribution, and what is in them need not be: a test says what stands in
// for what. The index of apk is made by the apk of an Alpine root file system, which has to be there; apk-tools
// cannot sign, so this package does.
package distrorepo
