// Package enginetest is the conformance suite of engines: what package builder expects of a
// builder.Solver, shown by whole builds on a real engine. An engine joins by one line in a test of its own:
//
//	enginetest.Run(t, func(t *testing.T) builder.Solver { … })
//
// Nothing is downloaded. The base image is a few files written by the test, and its
// Python is a static program (testdata/python) that plays the parts of the step programs: it reads and
// writes what they read and write, in milliseconds. What the step programs themselves do is
// tested elsewhere, on a real Python.
//
// Limits: no registry is asked, and no base image comes from one.
package enginetest
