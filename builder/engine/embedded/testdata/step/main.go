// Command step is what the tests of package embedded run as build steps on scratch:
//
//	step write FILE TEXT     writes a file
//	step fill FILE BYTES     writes that many bytes that do not compress
//	step sleep DURATION      starts a grandchild that sleeps as well, then sleeps
package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch args[0] {
	case "write":
		return os.WriteFile(args[1], []byte(args[2]), 0o666)
	case "fill":
		n, err := strconv.ParseInt(args[2], 10, 64)
		if err != nil {
			return err
		}
		f, err := os.Create(args[1])
		if err != nil {
			return err
		}
		defer f.Close()
		_, err = io.CopyN(f, rand.Reader, n)
		return err
	case "sleep", "nap":
		d, err := time.ParseDuration(args[1])
		if err != nil {
			return err
		}
		if args[0] == "sleep" {
			if err := exec.Command("/proc/self/exe", "nap", args[1]).Start(); err != nil {
				return err
			}
		}
		fmt.Println("sleeping")
		time.Sleep(d)
		return nil
	}
	return fmt.Errorf("step: unknown command %q", args[0])
}
