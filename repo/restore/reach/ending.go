package reach

import (
	"context"
	"io"
)

// UntilDone is a reader that reads until a context ends.
func UntilDone(ctx context.Context, r io.Reader) io.Reader { return &endingReader{ctx, r} }

type endingReader struct {
	ctx context.Context
	io.Reader
}

func (r *endingReader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(b)
}
