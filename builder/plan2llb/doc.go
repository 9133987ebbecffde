// Package plan2llb compiles a plan of images into BuildKit's LLB and image
// configurations. It is pure: the same plan and inputs give the same bytes. It dials
// nothing and reads neither clock nor environment, and it is the only package that
// knows how distro packages and wheels are installed.
//
// What a step does is a small Python program in steps/, mounted into the step and run
// by the Python of the base image, with its operands as arguments: no shell, no string
// built from input. Everything a step needs is a mount (source, wheels, package
// index, caches) or a secret (certificates, pip configuration, mirror); what is no part
// of its result is a scratch mount, so that it cannot reach a layer.
//
// Layers: the runtime packages are the difference an exec makes to the base; so are the
// dependencies, and on top of these, beside one another, the project and a script's extra. Where
// the engine has Merge and Diff, they are laid over one another by Merge: a change of distro
// packages leaves the Python layers alone, a change of the project its extras. Elsewhere each is an
// exec on top of the one before.
package plan2llb
