// The time that a client may take to read an answer of the sandbox.

package main

import (
	"net/http"
	"time"
)

// partTimeout is the time within which a client must read each part of an answer.
const partTimeout = time.Minute

// answerPart is the size of a part of an answer, in bytes.
const answerPart = 64 << 10

// boundAnswers ends answers that the client does not read. It does not bound the time until an answer begins, or between its parts: faults
// let answers hang. The server removes the deadline of an answer at its end.
func boundAnswers(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(timedWriter{w, http.NewResponseController(w)}, r)
	})
}

// timedWriter writes an answer. Each part of it has a deadline of its own.
type timedWriter struct {
	http.ResponseWriter
	connection *http.ResponseController
}

func (w timedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w timedWriter) Write(p []byte) (written int, err error) {
	for first := true; first || len(p) > 0; first = false {
		part := p[:min(len(p), answerPart)]
		p = p[len(part):]
		_ = w.connection.SetWriteDeadline(time.Now().Add(partTimeout))
		n, err := w.ResponseWriter.Write(part)
		if written += n; err != nil {
			return written, err
		}
	}
	return written, nil
}
