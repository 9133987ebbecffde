package builder

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	gateway "github.com/moby/buildkit/frontend/gateway/client"
)

// BuildKit 0.8 (Docker 20.10), and that of Docker 26 as well, says that a command has ended only once its stdin has,
// which the user's terminal never does, and nothing else is heard of the command. But what runs beside it in its
// container is killed with it. So a companion waits there, in Python, which our images have, and its end is the end of
// stdin. The command begins when the companion is there: for a container that has stopped, one would be waited for in vain.
const (
	// gate takes one byte from stdin and becomes the command, with the signals as they were.
	gate = "import os, signal, sys; signal.signal(signal.SIGPIPE, signal.SIG_DFL); signal.signal(signal.SIGXFSZ, signal.SIG_DFL); os.read(0, 1); os.execvp(sys.argv[1], sys.argv[1:])"
	// companion says that it is there.
	companion = "import os, signal; os.write(1, b'.'); signal.pause()"
)

// companionLimit is how long the companion may take to be there. After that the command gets a stdin that has
// ended: an image may have no Python after all, or a container may have stopped before the companion came.
const companionLimit = 15 * time.Second

// startEnding starts a command whose stdin ends when the command does.
func startEnding(ctx context.Context, container gateway.Container, request gateway.StartRequest) (gateway.ContainerProcess, error) {
	stdin := request.Stdin
	r, w := io.Pipe()
	request.Stdin = r
	request.Args = append([]string{"python3", "-I", "-c", gate}, request.Args...)
	process, err := container.Start(ctx, request)
	if err != nil {
		return nil, err
	}
	there, says := io.Pipe()
	beside, err := container.Start(ctx, gateway.StartRequest{
		Args: []string{"python3", "-I", "-c", companion}, Env: request.Env, User: request.User, Cwd: "/", Stdout: says,
	})
	if err != nil {
		return nil, fmt.Errorf("beside it: %w", err)
	}
	go func() {
		err := beside.Wait()
		says.CloseWithError(errors.Join(err, io.ErrUnexpectedEOF)) // read only where it never was there
		w.Close()
	}()
	late := time.AfterFunc(companionLimit, func() { w.Close() })
	go func() {
		_, err := there.Read(make([]byte, 1))
		late.Stop()
		if err != nil {
			return // and stdin has ended, the command with it
		}
		_, err = w.Write([]byte{'.'})
		if err == nil {
			_, err = io.Copy(w, stdin)
		}
		w.CloseWithError(err)
	}()
	return process, nil
}

// endsByItself says whether nobody can keep the end of a stdin back.
func endsByItself(stdin io.Reader) bool {
	f, ok := stdin.(*os.File)
	if !ok {
		return true // it is somebody's in this process, who will end it
	}
	info, err := f.Stat()
	return err == nil && (info.Mode().IsRegular() || f.Name() == os.DevNull)
}
