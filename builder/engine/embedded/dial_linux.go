package embedded

import (
	"context"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/grpcerrors"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

const socketName = "engine.sock"

// socketPath is a name for the socket that is short however long the state
// directory's is: unix socket addresses end at 107 bytes.
func socketPath(dir *os.File) string {
	return fmt.Sprintf("/proc/self/fd/%d/%s", dir.Fd(), socketName)
}

// dial connects an ordinary BuildKit client. A call that fails because the child
// died says so, instead of "connection refused".
func (e *Engine) dial(ctx context.Context) (*client.Client, error) {
	c, err := client.New(ctx, "",
		client.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", socketPath(e.dir))
		}),
		client.WithGRPCDialOption(grpc.WithUnaryInterceptor(func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
			return e.explain(grpcerrors.UnaryClientInterceptor(ctx, method, req, reply, cc, invoker, opts...))
		})),
		client.WithGRPCDialOption(grpc.WithStreamInterceptor(func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
			s, err := grpcerrors.StreamClientInterceptor(ctx, desc, cc, method, streamer, opts...)
			if err != nil {
				return nil, e.explain(err)
			}
			return explainedStream{s, e}, nil
		})))
	if err != nil {
		return nil, fmt.Errorf("connecting to the build engine: %w", err)
	}
	return c, nil
}

type explainedStream struct {
	grpc.ClientStream
	engine *Engine
}

func (s explainedStream) RecvMsg(m any) error { return s.engine.explain(s.ClientStream.RecvMsg(m)) }

// explain replaces a lost connection by its cause when the child is gone.
func (e *Engine) explain(err error) error {
	if err == nil || status.Code(grpcerrors.ToGRPC(context.Background(), err)) != codes.Unavailable {
		return err
	}
	select {
	case <-e.closing:
		return err
	case <-e.exited:
		return e.diedError()
	case <-time.After(time.Second): // the socket closes before the process has been waited for
		return err
	}
}
