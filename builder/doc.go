// Package builder runs plans: it compiles them step by step, has an engine solve
// what was compiled, reads back what only a step can tell (facts of the base, the
// wheel's metadata, resolved dependencies) and collects the finished images.
//
//	setup.cfg pyproject.toml bindep.txt → images.Plan → plan2llb → Solver → images.Built
//
// The engine is behind one method, Solver; everything an engine does differently is in
// plan2llb.Features. The loop is: Probe (what is the base?), then Build: package
// index, project wheel, comparison of the wheel with what the project declares, dependencies,
// layers, and one export per image into a store that names nothing.
//
// Terms: a step is an exec that the plan asked for; everything else in an
// engine's progress (loading files, merging) is internal and never fails a build by itself.
package builder
