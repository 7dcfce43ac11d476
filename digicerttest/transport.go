// Transport: answers without a connection.

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

// Transport returns a transport that answers in memory, for any host: no socket, no goroutine, and
// no lock while it waits, so that it can be used in a synctest bubble. It honours the request's
// context. Faults that break a connection are errors of the kinds that a connection gives.
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
	a := m.s.respond(req)
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
	if n, err := strconv.ParseInt(a.header.Get("Content-Length"), 10, 64); err == nil {
		resp.ContentLength = n
	}
	resp.Body = &memoryBody{r: a.reader(ctx), a: a}
	// As net/http does: who did not ask for compression does not get to see it.
	if a.bomb > 0 && req.Header.Get("Accept-Encoding") == "" {
		resp.Header.Del("Content-Encoding")
		resp.Header.Del("Content-Length")
		resp.ContentLength, resp.Uncompressed = -1, true
		resp.Body = &gunzipBody{compressed: resp.Body}
	}
	return resp, nil
}

// errReset is what a connection that was reset gives.
var errReset error = &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}

// memoryBody is the body of an answer in memory.
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

// gunzipBody decompresses a body, from its first Read on.
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
