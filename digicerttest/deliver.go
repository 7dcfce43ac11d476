// Delivery of a response to the client, with the faults of the transport.

package digicerttest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ServeHTTP delivers a response over a connection, and the server's Transport in memory. Both read the
// body from the same reader, so that a fault has the same effect.

const (
	contentJSON = "application/json"
	contentHTML = "text/html; charset=UTF-8"
	contentText = "text/plain; charset=UTF-8"
)

// answer is the response to one request.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	pooled  bool // whether the body came from getBuffer
	refused bool // whether a rate limit refused the request

	delivery
}

// delivery describes how a response is delivered.
type delivery struct {
	delay     time.Duration
	hang      bool
	reset     bool // reset the connection instead of a response
	closed    bool // the connection was already reset
	cut       cut
	padding   int64 // bytes of white space before the body
	bomb      int64 // like padding, but gzipped together with the body
	dripBytes int   // bytes per write; 0 for a body in one piece
	dripEvery time.Duration
	date      dateEffect
}

// cut describes how a body ends early.
type cut int

const (
	uncut       cut = iota
	cutOff          // before its Content-Length
	cutSilently     // at its Content-Length, which is half of the real one
	cutByReset      // by a reset of the connection
)

func newAnswer(status int, contentType string, body []byte) *answer {
	a := &answer{status: status, header: make(http.Header), body: body}
	if contentType != "" {
		a.header.Set("Content-Type", contentType)
	}
	return a
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// maxPooled is the maximum size of a pooled buffer, in bytes. A page of 1000 orders takes less than half of it.
const maxPooled = 2 << 20

func getBuffer() []byte { return (*buffers.Get().(*[]byte))[:0] }

// recycle returns the buffer of a delivered response to the pool.
func (a *answer) recycle() {
	if b := a.body; a.pooled && cap(b) <= maxPooled {
		buffers.Put(&b)
	}
}

// errCut is the read error at the end of a cut body.
var errCut = errors.New("digicerttest: the body is cut")

// prepare waits for the delay of the response and sets the headers that depend on its delivery.
func (s *Server) prepare(ctx context.Context, a *answer) error {
	if a.hang {
		<-ctx.Done()
		return context.Cause(ctx)
	}
	if err := sleep(ctx, a.delay); err != nil {
		return err
	}
	if a.header.Get("Date") == "" {
		a.date.set(a.header, s.now())
	}
	if a.status == http.StatusNoContent { // has no body
		a.padding, a.bomb, a.dripBytes = 0, 0, 0
		return nil
	}
	if a.bomb > 0 {
		a.body, a.pooled = gzipped(a.bomb, a.body), false
		a.header.Set("Content-Encoding", "gzip")
	}
	if a.padding == 0 { // padded bodies are sent without a length
		a.header.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	if a.cut == cutSilently {
		a.header.Set("Content-Length", strconv.FormatInt(a.size(), 10))
	}
	return nil
}

// size returns the number of delivered bytes of the body.
func (a *answer) size() int64 {
	n := a.padding + int64(len(a.body))
	if a.cut != uncut {
		n /= 2
	}
	return n
}

// sleep waits for d, or until ctx is done. It uses package time, not the server's clock.
func sleep(ctx context.Context, d time.Duration) error {
	if d > 0 {
		t := time.NewTimer(d)
		defer t.Stop()
		select {
		case <-ctx.Done():
		case <-t.C:
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// bodyReader reads the delivered part of a body, with Drip in small pieces.
type bodyReader struct {
	ctx  context.Context
	a    *answer
	at   int64
	size int64
	drop int // bytes left of the current piece
}

func (a *answer) reader(ctx context.Context) *bodyReader {
	return &bodyReader{ctx: ctx, a: a, size: a.size(), drop: a.dripBytes}
}

func (r *bodyReader) Read(p []byte) (int, error) {
	if r.at >= r.size {
		if r.a.cut == cutOff || r.a.cut == cutByReset {
			return 0, errCut
		}
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), r.size-r.at)]
	if r.a.dripBytes > 0 && len(p) > 0 {
		if r.drop == 0 {
			if err := sleep(r.ctx, r.a.dripEvery); err != nil {
				return 0, err
			}
			r.drop = r.a.dripBytes
		}
		p = p[:min(len(p), r.drop)]
		r.drop -= len(p)
	}
	var n int
	if r.at < r.a.padding {
		n = int(min(int64(len(p)), r.a.padding-r.at))
		fill(p[:n])
	} else {
		n = copy(p, r.a.body[r.at-r.a.padding:])
	}
	r.at += int64(n)
	return n, nil
}

// fill fills p with white space, which JSON allows before a value.
func fill(p []byte) {
	for i := range p {
		p[i] = ' '
	}
}

// gzipped returns n bytes of white space and the body, compressed. It concatenates gzip streams, so that even a
// gigabyte is compressed fast.
func gzipped(n int64, body []byte) []byte {
	const block = 1 << 20
	var space, out bytes.Buffer
	spaces := make([]byte, block)
	fill(spaces)
	compress := func(to *bytes.Buffer, p []byte) {
		z := gzip.NewWriter(to)
		_, _ = z.Write(p) // a Buffer returns no errors
		_ = z.Close()
	}
	compress(&space, spaces)
	for range n / block {
		out.Write(space.Bytes())
	}
	compress(&out, append(spaces[:n%block:n%block], body...))
	return out.Bytes()
}

// ServeHTTP handles a request below [BasePath]. Faults that reset the connection require a writer
// that implements [http.Hijacker]; with another one, such as an httptest.ResponseRecorder, they panic
// with [http.ErrAbortHandler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := s.respond(r, func() { resetConnection(w) })
	defer a.recycle()
	if a.closed {
		return
	}
	if err := s.prepare(r.Context(), a); err != nil {
		panic(http.ErrAbortHandler) // the client is gone
	}
	if a.reset {
		resetConnection(w)
		return
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	if a.padding == 0 && a.cut == uncut && a.dripBytes == 0 {
		_, _ = w.Write(a.body) // an error means that the client is gone
		return
	}
	switch err := copyInPieces(w, a.reader(r.Context())); {
	case errors.Is(err, errCut) && a.cut == cutByReset:
		resetConnection(w)
	case err != nil: // the connection is closed before the Content-Length is reached
		panic(http.ErrAbortHandler)
	}
}

// copyInPieces flushes each piece that it reads, to keep the timing of Drip.
func copyInPieces(w http.ResponseWriter, r io.Reader) error {
	control := http.NewResponseController(w)
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
			_ = control.Flush() // optional
		}
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// resetConnection resets the connection.
func resetConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // so that Close resets the connection
	}
	_ = conn.Close()
}

// contentTypeOf guesses the media type of the body of a Status fault.
func contentTypeOf(body string) string {
	switch s := strings.TrimSpace(body); {
	case s == "":
		return ""
	case s[0] == '{' || s[0] == '[':
		return contentJSON
	case s[0] == '<':
		return contentHTML
	}
	return contentText
}
