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
// Layers: the runtime packages are what an exec adds to the base. Wheels are installed in groups, each by a step on
// the base into an empty tree of its own (/out, relative to /): dependencies, siblings, the project, a script's extra. So none
// is part of another's key. The trees are laid over the runtime packages by Merge where the engine has it, and by one
// copy each elsewhere; the files are the same. Folders in such a tree that the base has as well come with the base's mode
// and owner; where a distro package changes those, the base's are back in the image.
package plan2llb
