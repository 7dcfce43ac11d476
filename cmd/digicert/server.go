// What the servers of commands have in common.

package main

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"strconv"
	"time"
)

// The bounds of a request and of a connection without one, as a public server has them.
const (
	headerTimeout  = 10 * time.Second
	requestTimeout = time.Minute // until the end of its body
	idleTimeout    = 2 * time.Minute
	maxHeader      = 64 << 10 // bytes
)

// newHTTPServer returns a server whose requests have the context ctx. It does not limit the time of an answer, because faults of the
// sandbox let answers hang.
func newHTTPServer(ctx context.Context, handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: headerTimeout, ReadTimeout: requestTimeout, IdleTimeout: idleTimeout, MaxHeaderBytes: maxHeader,
		BaseContext: func(net.Listener) context.Context { return ctx }, ErrorLog: log.New(io.Discard, "", 0),
	}
}

// serveOn prints access, which says how the server is reached, and serves until ctx ends. It returns the cause of that end if that is a
// failure.
func serveOn[T any](ctx context.Context, a *app, listener net.Listener, public *http.Server, access T) error {
	served := make(chan error, 1)
	go func() { served <- public.Serve(listener) }()
	err := one(a, access)
	if err == nil {
		select {
		case <-ctx.Done():
			if cause := context.Cause(ctx); !errors.Is(cause, ctx.Err()) {
				err = cause
			}
		case err = <-served:
		}
	}
	return errors.Join(err, public.Close())
}

// urlOf returns the URL by which a listener is reached from this machine, without a path.
func urlOf(listener net.Listener) string {
	addr := listener.Addr().(*net.TCPAddr)
	host := addr.IP.String()
	if addr.IP.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, strconv.Itoa(addr.Port))
}
