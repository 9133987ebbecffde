// Package images holds the plan of a set of images, as plain data, and what became of it.
//
// A project makes one set: a base image, named <project>-base, and one image
// per console script, named after the script. All of them share the layers of
// the base image; a script's image adds a layer of its own only when the extra
// named after the script brings something the base does not have.
//
// A project without console scripts gets images of the programs that its wheel brings
// as files. GUI scripts, and such files beside console scripts, get one when they are
// asked for. What the project's files do not tell is waited for: a plan may be
// Pending until the project's wheel is known.
//
// Terms used here and everywhere right of here:
//
//   - profile, selector: bindep's words; the profile compile selects what the
//     builder needs, no profile what the images need;
//   - script: a console script, a GUI script (entry points), or a data script (a file
//     in the wheel's folder *.data/scripts);
//   - extra: a PEP 508 extra of the project; the extra <project>_base belongs to
//     the base image, the extra <script> to that script's image;
//   - environment: the prefix the project is installed into, either the Python
//     of the base or a virtual environment where that Python is externally
//     managed (PEP 668);
//   - init: the program put before every command (dumb-init, tini, catatonit);
//   - content of a layer: base, accounts, distro, environment, dependencies, sibling, project, files, run, extra or dockerfile;
//   - definition: the optional configuration (package definition), level: one file of its chain.
//
// The package is data: New makes a Plan out of an Input and touches nothing
// else, no engine, no registry, no clock. The order of a plan is meaning and is
// kept: base image first, then scripts in the order of the project's metadata,
// packages in the order of bindep's own listing. What acts on finished images is
// in subpackages.
package images
