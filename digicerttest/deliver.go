package digicerttest

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// An answer is made up in respond and delivered here: over a connection by ServeHTTP, or in memory
// by the server's Transport. Both read the body from the same reader, so that a fault is the same
// fault in both.

const (
	contentJSON = "application/json"
	contentHTML = "text/html; charset=UTF-8"
	contentText = "text/plain; charset=UTF-8"
)

// answer is what a request is answered with.
type answer struct {
	status  int
	header  http.Header
	body    []byte
	pooled  bool // the body came from getBuffer
	refused bool // because of a rate limit

	delivery
}

// delivery is how an answer gets to the client.
type delivery struct {
	delay     time.Duration
	hang      bool
	reset     bool // in place of the answer
	cut       cut
	padding   int64 // bytes of white space in front of the body
	bomb      int64 // as padding, gzipped together with the body
	dripBytes int   // bytes of a drop; 0 for a body in one piece
	dripEvery time.Duration
	date      dateLie
}

// cut says how a body ends in its middle.
type cut int

const (
	uncut       cut = iota
	cutOff          // before the length that was announced
	cutSilently     // at the length that was announced, which is too short
	cutByReset      // with the connection
)

func newAnswer(status int, contentType string, body []byte) *answer {
	a := &answer{status: status, header: make(http.Header), body: body}
	if contentType != "" {
		a.header.Set("Content-Type", contentType)
	}
	return a
}

var buffers = sync.Pool{New: func() any { return new([]byte) }}

// maxPooled is the largest buffer that is kept, in bytes; a page of 1000 orders takes less than
// half of it.
const maxPooled = 2 << 20

func getBuffer() []byte { return (*buffers.Get().(*[]byte))[:0] }

// recycle gives the buffer of a delivered answer back.
func (a *answer) recycle() {
	if b := a.body; a.pooled && cap(b) <= maxPooled {
		buffers.Put(&b)
	}
}

// errCut ends the reading of a body in its middle.
var errCut = errors.New("digicerttest: the body is cut here")

// prepare waits as long as the answer is to be late, and sets the header that depends on how it is
// delivered.
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
	if a.bomb > 0 {
		a.body, a.pooled = gzipped(a.bomb, a.body), false
		a.header.Set("Content-Encoding", "gzip")
	}
	if a.padding == 0 { // without a length, only the bound of whoever reads it can save him
		a.header.Set("Content-Length", strconv.Itoa(len(a.body)))
	}
	if a.cut == cutSilently {
		a.header.Set("Content-Length", strconv.FormatInt(a.size(), 10))
	}
	return nil
}

// size is how many bytes of the body are delivered.
func (a *answer) size() int64 {
	n := a.padding + int64(len(a.body))
	if a.cut != uncut {
		n /= 2
	}
	return n
}

// sleep waits for d, by the real clock or that of a synctest bubble.
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

// bodyReader reads what is delivered of a body, in drops where it drips.
type bodyReader struct {
	ctx  context.Context
	a    *answer
	at   int64
	size int64
	drop int // what is left of the present drop
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

// fill makes white space, which JSON allows in front of a value.
func fill(p []byte) {
	for i := range p {
		p[i] = ' '
	}
}

// gzipped compresses n bytes of white space and the body. gzip allows streams to be joined, so a
// gigabyte takes no longer than to copy its compressed form.
func gzipped(n int64, body []byte) []byte {
	const block = 1 << 20
	var space, out bytes.Buffer
	spaces := make([]byte, block)
	fill(spaces)
	compress := func(to *bytes.Buffer, p []byte) {
		z := gzip.NewWriter(to)
		_, _ = z.Write(p) // a Buffer takes everything
		_ = z.Close()
	}
	compress(&space, spaces)
	for range n / block {
		out.Write(space.Bytes())
	}
	compress(&out, append(spaces[:n%block:n%block], body...))
	return out.Bytes()
}

// ServeHTTP answers a request under [BasePath]. Faults that break a connection need a server that
// lets it be hijacked; elsewhere, as with an httptest.ResponseRecorder, they panic with
// [http.ErrAbortHandler].
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a := s.respond(r)
	defer a.recycle()
	if err := s.prepare(r.Context(), a); err != nil {
		panic(http.ErrAbortHandler) // nobody waits any more
	}
	if a.reset {
		breakConnection(w)
		return
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	w.WriteHeader(a.status)
	if a.padding == 0 && a.cut == uncut && a.dripBytes == 0 {
		_, _ = w.Write(a.body) // if it cannot be written, the client has gone
		return
	}
	switch err := copyInPieces(w, a.reader(r.Context())); {
	case errors.Is(err, errCut) && a.cut == cutByReset:
		breakConnection(w)
	case err != nil: // cut off: the connection is closed before the length that was announced
		panic(http.ErrAbortHandler)
	}
}

// copyInPieces writes what it reads at once, and so keeps the rhythm of a body that drips.
func copyInPieces(w http.ResponseWriter, r io.Reader) error {
	control := http.NewResponseController(w)
	buf := make([]byte, 64<<10)
	for {
		n, err := r.Read(buf)
		if n > 0 {
			if _, err := w.Write(buf[:n]); err != nil {
				return err
			}
			_ = control.Flush() // not every writer can
		}
		if errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// breakConnection ends the connection with a reset.
func breakConnection(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // an orderly end otherwise
	}
	_ = conn.Close()
}

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

// contentTypeOf guesses the type of a body that a fault sends.
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
