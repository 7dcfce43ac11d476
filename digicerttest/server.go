// Server: how it is made, reached and closed.

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

// BasePath is the path under which a Server answers, as that of the real service's URLs.
const BasePath = "/services/v2"

// primaryKey looks like nothing that the service hands out, so that a scanner for leaked keys stays
// calm and a key that turns up where it should not can be told from a real one.
const primaryKey = "digicerttest-this-is-not-a-real-api-key"

// offlineURL is the base URL of a server without a listener. The name never resolves, so a client
// that was not given the server's Transport fails instead of reaching somebody.
const offlineURL = "https://digicerttest.invalid" + BasePath

// TB is the part of [testing.TB] that NewServer needs. It stands here so that programs can use this
// package without linking package testing.
type TB interface {
	Helper()
	Cleanup(func())
	Fatalf(format string, args ...any)
}

// Server is an in-memory CertCentral: an [http.Handler] with state, a clock, limits and, where it
// is told to, bad manners. It is safe for concurrent use; what is changed shows in the next answer.
// It is made by NewServer, Start or New.
type Server struct {
	url           string
	pageLimit     int
	mountain      *time.Location
	latency       time.Duration
	noSubaccounts bool

	clock  atomic.Pointer[func() time.Time]
	hook   atomic.Pointer[func(*http.Request)]
	drift  atomic.Pointer[drift]
	state  state
	mint   mint
	keys   keyring
	faults faultList
	log    requestLog

	http   *http.Server // nil without a listener
	cancel context.CancelFunc
	served chan struct{}
	client *http.Client
	close  sync.Once
}

// Option configures a Server. An option that makes no sense is an error of New and Start, and ends
// the test in NewServer.
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
}

type generation struct {
	seed uint64
	n    int
}

// NewServer starts a server on a free port of 127.0.0.1 that is closed when the test ends. What
// goes wrong ends the test.
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

// Start starts a server on a free port of 127.0.0.1, or where [WithAddr] says. The caller closes
// it.
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

// New returns a server without a listener, for those who bring their own: it answers as an
// [http.Handler] under [BasePath], and in memory through its Transport.
func New(opts ...Option) (*Server, error) {
	cfg, err := configure(opts)
	if err != nil {
		return nil, err
	}
	if cfg.addr != "" {
		return nil, errors.New("digicerttest: WithAddr is for Start and NewServer: New does not listen")
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
	}
	s.clock.Store(&cfg.clock)
	s.drift.Store(cfg.drift)
	s.state.init()
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

// listenOn answers on l until the server is closed.
func (s *Server) listenOn(l net.Listener) {
	addr := l.Addr().(*net.TCPAddr)
	host := addr.IP.String()
	if addr.IP.IsUnspecified() { // a client cannot connect to "everywhere"
		host = "127.0.0.1"
	}
	s.url = "http://" + net.JoinHostPort(host, strconv.Itoa(addr.Port)) + BasePath
	// A transport of its own: its idle connections, each with its goroutines, end with the server.
	s.client = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	// Requests that hang or wait have this context, and so end with the server too.
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	s.http = &http.Server{Handler: s, BaseContext: func(net.Listener) context.Context { return ctx }}
	s.served = make(chan struct{})
	go func() {
		defer close(s.served)
		_ = s.http.Serve(l) // it always ends with ErrServerClosed
	}()
}

// Close stops listening and breaks all connections, those of hanging requests included. A closed
// server keeps its state and answers through Transport and ServeHTTP. Close may be called again.
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

// URL returns the base URL of the server, as [digicert.WithBaseURL] takes it. For a server without
// a listener it is one that never resolves, to be used with Transport.
func (s *Server) URL() string { return s.url }

// Key returns the API key that may do everything. It is the same for all servers, and the key of no
// account.
func (s *Server) Key() string { return primaryKey }

// Client returns a client that calls this server with [Server.Key]: over its listener, or in memory
// where it has none. The client does not pace its requests unless the server enforces rate limits.
// opts come after those that this takes, and can replace them. An option that NewClient refuses
// makes Client panic.
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

// noPace is a pace at which nobody waits.
type noPace struct{}

func (noPace) Wait(ctx context.Context) error { return context.Cause(ctx) }

// SetClock replaces the server's clock. It decides what "the last ten minutes" are, when a request
// counts against a rate limit, what the Date header says, and when SetStatus happened. Delays are
// not measured by it. A nil function restores the real clock.
func (s *Server) SetClock(now func() time.Time) {
	if now == nil {
		now = time.Now
	}
	s.clock.Store(&now)
}

func (s *Server) now() time.Time { return (*s.clock.Load())() }

// OnRequest sets a function that is called before each answer, without any lock held, so that it
// may change the state: what it changes shows in this answer. It may be called concurrently. nil
// removes it.
func (s *Server) OnRequest(f func(*http.Request)) {
	if f == nil {
		s.hook.Store(nil)
		return
	}
	s.hook.Store(&f)
}
