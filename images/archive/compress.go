package archive

import (
	"bufio"
	"bytes"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/ulikunitz/xz"
)

// decompress reads what is compressed with gzip, zstd or xz, and everything else as it is.
// It looks at the content: media types and file names are wrong often enough. Closing the
// result does not close r.
func decompress(r io.Reader) (io.ReadCloser, error) {
	b := bufio.NewReaderSize(r, 1<<16)
	start, err := b.Peek(6)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(start, []byte("\x1f\x8b")):
		return gzip.NewReader(b)
	case bytes.HasPrefix(start, []byte("\x28\xb5\x2f\xfd")):
		z, err := zstd.NewReader(b, zstd.WithDecoderConcurrency(1))
		if err != nil {
			return nil, err
		}
		return z.IOReadCloser(), nil
	case bytes.HasPrefix(start, []byte("\xfd7zXZ\x00")):
		x, err := xz.NewReader(b)
		if err != nil {
			return nil, err
		}
		return io.NopCloser(x), nil
	}
	return io.NopCloser(b), nil
}

// compressor returns what compresses a layer, and the layer's media type. The same layer
// gives the same bytes: fixed levels, one goroutine, no time.
func compressor(name string, w io.Writer) (io.WriteCloser, string, error) {
	switch name {
	case "", "uncompressed":
		return nopWriteCloser{w}, v1.MediaTypeImageLayer, nil
	case "gzip":
		z, err := gzip.NewWriterLevel(w, 6)
		return z, v1.MediaTypeImageLayerGzip, err
	case "zstd":
		z, err := zstd.NewWriter(w, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedDefault))
		return z, v1.MediaTypeImageLayerZstd, err
	}
	return nil, "", fmt.Errorf("unknown compression %q: use uncompressed, gzip or zstd", name)
}

type nopWriteCloser struct{ io.Writer }

func (nopWriteCloser) Close() error { return nil }
