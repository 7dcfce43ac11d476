// Server and its life cycle.

package digicerttest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-digicert/digicert"
)

// BasePath is the path of a Server's endpoints, the same as that of the real service.
const BasePath = "/services/v2"

// primaryKey does not look like a real key, so that scanners for leaked keys ignore it.
const primaryKey = "digicerttest-this-is-not-a-real-api-key"

// offlineURL is the base URL of a server without a listener. The name does not resolve, so that a client
// without the server's Transport fails.
const offlineURL = "https://digicerttest.invalid" + BasePath

// TB is the part of [testing.TB] that NewServer needs. With it, programs can use this package without
// linking package testing.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Server is an in-memory CertCentral: an [http.Handler] with state, a clock, rate limits and faults. It is
// safe for concurrent use; a change is visible in the next response. NewServer, Start and New create one.
type Server struct {
	url           string
	pageLimit     int
	mountain      *time.Location
	latency       time.Duration
	noSubaccounts bool
	spelling      NameSpelling

	clock  atomic.Pointer[func() time.Time]
	hook   atomic.Pointer[func(*http.Request)]
	drift  atomic.Pointer[drift]
	state  state
	issuer issuer
	keys   keyring
	faults faultList
	log    requestLog

	http   *http.Server // nil without a listener
	cancel context.CancelFunc
	served chan struct{}
	client *http.Client
	close  sync.Once
}

// Option configures a Server. New and Start return an error for an invalid option; NewServer fails the test.
type Option func(*config) error

type config struct {
	clock         func() time.Time
	addr          string
	withoutSample bool
	generate      []generation
	windows       []digicert.Window
	mountain      *time.Location
	pageLimit     int
	latency       time.Duration
	noSubaccounts bool
	keys          []keyEntry
	drift         *drift
	process       process
	spelling      NameSpelling
}

type generation struct {
	seed uint64
	n    int
}

// NewServer starts a server on a free port of 127.0.0.1 and closes it when the test ends. If it cannot start, it
// fails the test.
func NewServer(tb TB, opts ...Option) *Server {
	tb.Helper()
	s, err := Start(opts...)
	if err != nil {
		tb.Fatalf("%v", err)
		return nil
	}
	tb.Cleanup(s.Close)
	return s
}

// Start starts a server on a free port of 127.0.0.1, or on the address of [WithAddr]. The caller must close it.
func Start(opts ...Option) (*Server, error) {
	cfg, err := configure(opts)
	if err != nil {
		return nil, err
	}
	s, err := newServer(cfg)
	if err != nil {
		return nil, err
	}
	addr := cfg.addr
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("digicerttest: %w", err)
	}
	s.listenOn(l)
	return s, nil
}

// New returns a server without a listener. Use it as an [http.Handler] below [BasePath], or in memory through
// its Transport.
func New(opts ...Option) (*Server, error) {
	cfg, err := configure(opts)
	if err != nil {
		return nil, err
	}
	if cfg.addr != "" {
		return nil, errors.New("digicerttest: WithAddr requires Start or NewServer: New does not listen")
	}
	return newServer(cfg)
}

func configure(opts []Option) (*config, error) {
	cfg := &config{
		clock:     time.Now,
		mountain:  time.FixedZone("MDT", -6*60*60),
		pageLimit: maxPageLimit,
	}
	for _, opt := range opts {
		if opt == nil {
			return nil, errors.New("digicerttest: an option is nil")
		}
		if err := opt(cfg); err != nil {
			return nil, fmt.Errorf("digicerttest: %w", err)
		}
	}
	return cfg, nil
}

func newServer(cfg *config) (*Server, error) {
	s := &Server{
		url:           offlineURL,
		pageLimit:     cfg.pageLimit,
		mountain:      cfg.mountain,
		latency:       cfg.latency,
		noSubaccounts: cfg.noSubaccounts,
		spelling:      cfg.spelling,
	}
	s.clock.Store(&cfg.clock)
	s.drift.Store(cfg.drift)
	s.state.init()
	s.state.process = cfg.process
	s.state.addDefaults(s.now())
	s.keys.init(cfg.windows)
	s.client = &http.Client{Transport: s.Transport()}
	for _, k := range append([]keyEntry{{key: primaryKey}}, cfg.keys...) {
		if err := s.keys.add(k); err != nil {
			return nil, err
		}
	}
	if !cfg.withoutSample && len(cfg.generate) == 0 {
		s.state.addSamples(s.now())
	}
	for _, g := range cfg.generate {
		if err := s.Generate(g.seed, g.n); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// listenOn serves l until the server is closed.
func (s *Server) listenOn(l net.Listener) {
	addr := l.Addr().(*net.TCPAddr)
	host := addr.IP.String()
	if addr.IP.IsUnspecified() { // a client cannot connect to the unspecified address
		host = "127.0.0.1"
	}
	s.url = "http://" + net.JoinHostPort(host, strconv.Itoa(addr.Port)) + BasePath
	// A separate transport, so that Close can close its idle connections.
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	// The context of delayed and hanging requests, so that Close ends them.
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.http = &http.Server{Handler: s, BaseContext: func(net.Listener) context.Context { return ctx }}
	s.served = make(chan struct{})
	go func() {
		defer close(s.served)
		_ = s.http.Serve(l) // always ErrServerClosed
	}()
}

// Close stops listening and closes all connections, including those of hanging requests. A closed server
// keeps its state and can still be used through Transport and ServeHTTP. Close may be called again.
func (s *Server) Close() {
	s.close.Do(func() {
		if s.http == nil {
			return
		}
		s.cancel()
		_ = s.http.Close()
		<-s.served
		s.client.CloseIdleConnections()
	})
}

// URL returns the base URL of the server, for [digicert.WithBaseURL]. For a server without a listener it
// does not resolve, and must be used with Transport.
func (s *Server) URL() string { return s.url }

// Key returns the API key with all permissions. It is the same for all servers, and not a real key.
func (s *Server) Key() string { return primaryKey }

// Client returns a client for this server with [Server.Key]. It connects to the listener, or works in memory if
// there is none. The client does not pace its requests unless the server enforces rate limits. opts are
// applied last. Client panics if an option is invalid.
func (s *Server) Client(opts ...digicert.Option) *digicert.Client {
	own := []digicert.Option{digicert.WithBaseURL(s.url), digicert.WithHTTPClient(s.client)}
	if !s.keys.limited() {
		own = append(own, digicert.WithLimiter(digicert.PaceWith(noPace{})))
	}
	c, err := digicert.NewClient(primaryKey, append(own, opts...)...)
	if err != nil {
		panic(fmt.Sprintf("digicerttest: %v", err))
	}
	return c
}

// noPace never waits.
type noPace struct{}

func (noPace) Wait(ctx context.Context) error { return context.Cause(ctx) }

// SetClock replaces the server's clock. The server uses it for the "last minutes" of status changes, rate limits,
// the Date header and the time of SetStatus, but not for delays. A nil function restores the
// real clock.
func (s *Server) SetClock(now func() time.Time) {
	if now == nil {
		now = time.Now
	}
	s.clock.Store(&now)
}

func (s *Server) now() time.Time { return (*s.clock.Load())() }

// OnRequest sets a function that is called before each response. It may change the state of the server; the
// change is visible in that response. It may be called concurrently. nil removes it.
func (s *Server) OnRequest(f func(*http.Request)) {
	if f == nil {
		s.hook.Store(nil)
		return
	}
	s.hook.Store(&f)
}
