// Command pbrx-go turns what a Python project declares into container images.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/pbrx-go/pbrx-go/builder/engine/embedded"
	"github.com/pbrx-go/pbrx-go/cmd/pbrx-go/internal/cli"
)

func main() {
	if isChild, code := embedded.ChildMain(os.Args); isChild {
		os.Exit(code)
	}
	ctx, stop := cli.WithSignals(context.Background(), func(c chan<- os.Signal) { signal.Notify(c, syscall.SIGINT, syscall.SIGTERM) })
	code := cli.Main(ctx, os.Args[1:], cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, os.Environ())
	stop()
	os.Exit(code)
}
