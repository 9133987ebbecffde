// Package dockerfile compiles a Dockerfile of the project (Dockerfile.SCRIPT), which makes the image of one script on top
// of the base image of the set. Text and the base image go in, a file system and an image configuration come out.
//
// It is compiled here, with BuildKit's own compiler, and not by the engine: the embedded engine has no frontends, and that of
// Docker 20.10 cannot be told that a name in FROM means an image which has no name yet. BuildKit's compiler asks a client of
// an engine for what it needs beside the text; it is given one that knows the base image and .dockerignore, and reaches the
// engine for nothing but the configurations of other images. What it makes is changed in three ways: steps are named after
// their file, what is copied out of the project gets the time that all has that pbrx-go makes, and what an engine cannot do is
// said before it is asked to.
package dockerfile
