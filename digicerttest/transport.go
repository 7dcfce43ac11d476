// Transport, which serves requests without a connection.

package digicerttest

import (
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"syscall"
)

// Transport returns a transport that serves requests to any host in memory. It uses no socket and no
// goroutine, and holds no lock while it waits, so that it works in a synctest bubble. It honors the
// request's context. Faults that reset the connection return the errors of a real connection.
func (s *Server) Transport() http.RoundTripper { return memory{s} }

type memory struct{ s *Server }

func (m memory) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer func() { _ = req.Body.Close() }()
	}
	ctx := req.Context()
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	a := m.s.respond(req, nil)
	if err := m.s.prepare(ctx, a); err != nil {
		return nil, err
	}
	if a.reset {
		return nil, errReset
	}
	resp := &http.Response{
		Status:        strconv.Itoa(a.status) + " " + http.StatusText(a.status),
		StatusCode:    a.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        a.header,
		ContentLength: -1,
		Request:       req,
	}
	if a.status == http.StatusNoContent {
		resp.ContentLength = 0
	}
	if n, err := strconv.ParseInt(a.header.Get("Content-Length"), 10, 64); err == nil {
		resp.ContentLength = n
	}
	resp.Body = &memoryBody{r: a.reader(ctx), a: a}
	// As in net/http, the transport decompresses unless the caller asked for compression.
	if a.bomb > 0 && req.Header.Get("Accept-Encoding") == "" {
		resp.Header.Del("Content-Encoding")
		resp.Header.Del("Content-Length")
		resp.ContentLength, resp.Uncompressed = -1, true
		resp.Body = &gunzipBody{compressed: resp.Body}
	}
	return resp, nil
}

// errReset is the error of a connection that was reset.
var errReset error = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}

// memoryBody is the body of a response in memory.
type memoryBody struct {
	r      *bodyReader
	a      *answer
	closed bool
}

func (b *memoryBody) Read(p []byte) (int, error) {
	if b.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	if ctx := b.r.ctx; ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	n, err := b.r.Read(p)
	if errors.Is(err, errCut) {
		err = io.ErrUnexpectedEOF
		if b.a.cut == cutByReset {
			err = errReset
		}
	}
	return n, err
}

func (b *memoryBody) Close() error {
	b.closed = true
	return nil
}

// gunzipBody decompresses a body. It reads nothing before the first Read.
type gunzipBody struct {
	compressed io.ReadCloser
	z          *gzip.Reader
}

func (b *gunzipBody) Read(p []byte) (int, error) {
	if b.z == nil {
		z, err := gzip.NewReader(b.compressed)
		if err != nil {
			return 0, err
		}
		b.z = z
	}
	return b.z.Read(p)
}

func (b *gunzipBody) Close() error { return b.compressed.Close() }
