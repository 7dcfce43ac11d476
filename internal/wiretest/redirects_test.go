package wiretest_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

var redirectStatuses = []int{
	http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect,
}

// place is a server that counts what reaches it, even where that is no HTTP.
type place struct {
	*httptest.Server

	conns atomic.Int64

	mu       sync.Mutex
	requests []*http.Request
}

// newPlace listens on addr. handler may be nil.
func newPlace(t testing.TB, addr string, secure bool, handler http.HandlerFunc) *place {
	t.Helper()
	ln, err := net.Listen("tcp", addr)
	require.NoError(t, err)
	p := new(place)
	p.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		p.requests = append(p.requests, r)
		p.mu.Unlock()
		if handler != nil {
			handler(w, r)
		}
	}))
	require.NoError(t, p.Listener.Close())
	p.Listener = ln
	p.Config.ErrorLog = log.New(io.Discard, "", 0)
	p.Config.ConnState = func(_ net.Conn, s http.ConnState) {
		if s == http.StateNew {
			p.conns.Add(1)
		}
	}
	if secure {
		p.StartTLS()
	} else {
		p.Start()
	}
	t.Cleanup(p.Close)
	return p
}

func (p *place) port() string {
	_, port, _ := net.SplitHostPort(p.Listener.Addr().String())
	return port
}

func (p *place) sent() []*http.Request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]*http.Request(nil), p.requests...)
}

// trusting makes a client accept the certificates of httptest.
func trusting(t testing.TB) digicert.Option {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} //nolint:gosec // loopback
	t.Cleanup(transport.CloseIdleConnections)
	return digicert.WithHTTPClient(&http.Client{Transport: transport})
}

func TestRedirectsToOtherPlaces(t *testing.T) {
	t.Parallel()
	// Each names what differs from the origin; all else is the same as far as it can be.
	others := []struct {
		name        string
		secure      bool // the origin
		secureOther bool
		addr        string // of the other place, where it has a server of its own; PORT is the origin's port
		location    string // PORT is the origin's port, OTHER the other place's
		short       bool   // the location goes as it is, without path and query
	}{
		{name: "other host", addr: "127.0.0.2:PORT", location: "http://127.0.0.2:PORT"},
		{name: "other host, no scheme", addr: "127.0.0.2:PORT", location: "//127.0.0.2:PORT"},
		{name: "other name of the host", location: "http://localhost:PORT"},
		{name: "other spelling of the host", location: "http://127.0.0.1.:PORT"},
		{name: "other port", addr: "127.0.0.1:0", location: "http://127.0.0.1:OTHER"},
		{name: "default port", location: "http://127.0.0.1"},
		{name: "https to http", secure: true, location: "http://127.0.0.1:PORT"},
		{name: "https to http, other port", secure: true, addr: "127.0.0.1:0", location: "http://127.0.0.1:OTHER"},
		{name: "https to http, default port", secure: true, location: "http://127.0.0.1"},
		{name: "http to https", location: "https://127.0.0.1:PORT"},
		{name: "http to https, other port", secureOther: true, addr: "127.0.0.1:0", location: "https://127.0.0.1:OTHER"},
		{name: "https, other host", secure: true, secureOther: true, addr: "127.0.0.2:PORT", location: "https://127.0.0.2:PORT"},
		{name: "user info", location: "http://user:password@127.0.0.1:PORT"},
		{name: "user info that looks like the host", addr: "127.0.0.2:PORT", location: "http://127.0.0.1:PORT@127.0.0.2:PORT"},
		{name: "other kind of URL", location: "ftp://127.0.0.1:PORT"},
		{name: "no host", location: "http:"},
		{name: "mail", location: "mailto:someone@example.com", short: true},
		{name: "unreadable host", location: "http://[::1", short: true},
		{name: "unreadable port", location: "http://127.0.0.1:PORT:x"},
		{name: "unreadable escape", location: "/%zz", short: true},
		{name: "unreadable scheme", location: ":", short: true},
	}
	for _, o := range others {
		for _, status := range redirectStatuses {
			t.Run(fmt.Sprintf("%s/%d", o.name, status), func(t *testing.T) {
				t.Parallel()
				var location string
				origin := newPlace(t, "127.0.0.1:0", o.secure, func(w http.ResponseWriter, r *http.Request) {
					to := location
					if !o.short { // as a log-in page would want it, and with what it must not be told
						to += r.URL.Path + "?" + r.URL.RawQuery + "&key=" + r.Header.Get("X-Dc-Devkey") + "&next=" + url.QueryEscape(r.URL.String())
					}
					w.Header().Set("Location", to)
					w.Header().Set("Retry-After", "1")
					w.WriteHeader(status)
					_, _ = io.WriteString(w, "moved to "+to)
				})
				ports := []string{"PORT", origin.port()}
				other := origin
				if o.addr != "" {
					other = newPlace(t, strings.NewReplacer(ports...).Replace(o.addr), o.secureOther, nil)
					ports = append(ports, "OTHER", other.port())
				}
				location = strings.NewReplacer(ports...).Replace(o.location)

				for i, e := range wireEndpoints() {
					c, log, _ := wireClient(t, origin.URL, trusting(t))
					got, err := e.do(wireContext(t), c)
					require.ErrorIs(t, err, digicert.ErrRedirect)
					require.Empty(t, got)
					requireClean(t, err, e)
					require.NotContains(t, err.Error(), "password")
					require.NotContains(t, err.Error(), "next=")
					var answer *digicert.Error
					require.False(t, errors.As(err, &answer))

					require.Len(t, origin.sent(), i+1, "it was asked once")
					require.EqualValues(t, i+1, origin.conns.Load(), "nothing else came to the origin")
					if other != origin {
						require.Empty(t, other.sent())
						require.Zero(t, other.conns.Load())
					}
					require.Len(t, log.records(t, slog.LevelDebug), 1)
					require.Equal(t, "redirect refused", log.records(t, slog.LevelDebug)[0].Reason)
					require.Empty(t, log.records(t, slog.LevelWarn))
					requireNoSecret(t, log.String(), e)
					require.NotContains(t, log.String(), "next=")
				}
			})
		}
	}
}

// hops answers /services/v2/… with a redirect to /hop/1, that with one to /hop/2 and so on, n in all.
func hops(t testing.TB, n, status int, good func(path string) string) (*place, *atomic.Value) {
	t.Helper()
	first := new(atomic.Value)
	return newPlace(t, "127.0.0.1:0", false, func(w http.ResponseWriter, r *http.Request) {
		at := 0
		if hop, ok := strings.CutPrefix(r.URL.Path, "/hop/"); ok {
			at, _ = strconv.Atoi(hop)
		} else {
			first.Store(r.URL.Path)
		}
		if at < n {
			w.Header().Set("Location", "/hop/"+strconv.Itoa(at+1)+"?"+r.URL.RawQuery+"#part")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<a>moved</a>")
			return
		}
		_, _ = io.WriteString(w, good(first.Load().(string)))
	}), first
}

func wireFixture(t testing.TB) func(path string) string {
	t.Helper()
	return func(path string) string {
		for _, e := range wireEndpoints() {
			if path == "/services/v2"+e.path {
				return fixture(t, e.fixture)
			}
		}
		return "{}"
	}
}

// countingLimiter counts slots.
type countingLimiter struct{ taken, released atomic.Int64 }

func (l *countingLimiter) Acquire(context.Context) (func(), error) {
	l.taken.Add(1)
	return func() { l.released.Add(1) }, nil
}

func TestRedirectsToTheSamePlace(t *testing.T) {
	t.Parallel()
	for _, status := range redirectStatuses {
		for _, n := range []int{1, 2, 5, 6, 1000} {
			t.Run(fmt.Sprintf("%d/%d in a row", status, n), func(t *testing.T) {
				t.Parallel()
				for _, e := range wireEndpoints() {
					p, _ := hops(t, n, status, wireFixture(t))
					limiter := new(countingLimiter)
					c, log, _ := wireClient(t, p.URL, digicert.WithLimiter(limiter))
					got, err := e.do(wireContext(t), c)
					requests := min(n, 5) + 1
					if n <= 5 {
						require.NoError(t, err)
						require.Equal(t, e.want(t), got)
					} else {
						require.ErrorIs(t, err, digicert.ErrRedirect)
						require.Empty(t, got)
						requireClean(t, err, e)
					}
					sent := p.sent()
					require.Len(t, sent, requests)
					for _, r := range sent {
						require.Equal(t, http.MethodGet, r.Method)
						require.Equal(t, []string{testKey}, r.Header.Values("X-Dc-Devkey"))
						require.Empty(t, r.Header.Values("Referer"))
						require.Equal(t, sent[0].Header, r.Header)
						require.Equal(t, sent[0].Host, r.Host)
						require.Contains(t, r.URL.RawQuery, e.query)
					}
					require.EqualValues(t, 1, p.conns.Load())
					require.EqualValues(t, requests, limiter.taken.Load(), "each takes a slot")
					require.EqualValues(t, requests, limiter.released.Load())
					require.Len(t, log.records(t, slog.LevelDebug), 1)
					require.Empty(t, log.records(t, slog.LevelWarn))
					requireNoSecret(t, log.String(), e)
				}
			})
		}
	}
}

func TestRedirectLocations(t *testing.T) {
	t.Parallel()
	for location, want := range map[string]string{
		"/hop/1":                "/hop/1",
		"/hop/1#part":           "/hop/1",
		"hop?a=b":               "/services/v2/order/certificate/hop?a=b",
		"../hop":                "/services/v2/order/hop",
		"?a=b":                  "/services/v2/order/certificate/status-changes?a=b",
		"http://LOCALHOST:%s/":  "/",
		"http://localhost:%s":   "/",
		"HTTP://localhost:%s/":  "/",
		"//localhost:%s/a%%2Fb": "/a%2Fb",
	} {
		t.Run(location, func(t *testing.T) {
			t.Parallel()
			e := wireEndpoints()[2]
			good := fixture(t, e.fixture)
			var port atomic.Value
			var n atomic.Int64
			p := newPlace(t, "127.0.0.1:0", false, func(w http.ResponseWriter, _ *http.Request) {
				if n.Add(1) == 1 {
					to := location
					if strings.Contains(to, "%") {
						to = fmt.Sprintf(to, port.Load())
					}
					w.Header().Set("Location", to)
					w.WriteHeader(http.StatusFound)
					return
				}
				_, _ = io.WriteString(w, good)
			})
			port.Store(p.port())
			c, _, _ := wireClient(t, "http://localhost:"+p.port())
			got, err := e.do(wireContext(t), c)
			require.NoError(t, err)
			require.Equal(t, e.want(t), got)
			require.Len(t, p.sent(), 2)
			require.Equal(t, want, p.sent()[1].URL.String())
		})
	}
}

// TestRedirectsToThemselves also has the loop of two, which comes back to where it started.
func TestRedirectsToThemselves(t *testing.T) {
	t.Parallel()
	for _, e := range wireEndpoints() {
		for name, next := range map[string]func(string) string{
			"itself": func(path string) string { return path },
			"two": func(path string) string {
				if path == "/b" {
					return "/services/v2" + e.path
				}
				return "/b"
			},
		} {
			t.Run(e.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				p := newPlace(t, "127.0.0.1:0", false, func(w http.ResponseWriter, r *http.Request) {
					http.Redirect(w, r, next(r.URL.Path)+"?"+r.URL.RawQuery, http.StatusFound)
				})
				c, log, _ := wireClient(t, p.URL)
				_, err := e.do(wireContext(t), c)
				require.ErrorIs(t, err, digicert.ErrRedirect)
				requireClean(t, err, e)
				require.Len(t, p.sent(), 6)
				require.Empty(t, log.records(t, slog.LevelWarn))
				requireNoSecret(t, log.String(), e)
			})
		}
	}
}

// TestRedirectsThatAreNone: without a Location there is nothing to refuse, and other statuses are not followed.
func TestRedirectsThatAreNone(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]struct {
		status   int
		location string
	}{
		"no location":       {status: http.StatusFound},
		"multiple choices":  {status: http.StatusMultipleChoices, location: "/hop/1"},
		"not modified":      {status: http.StatusNotModified, location: "/hop/1"},
		"use proxy":         {status: http.StatusUseProxy, location: "http://127.0.0.2/"},
		"status 306":        {status: 306, location: "/hop/1"},
		"status 399":        {status: 399, location: "/hop/1"},
		"location of a 404": {status: http.StatusNotFound, location: "/hop/1"},
	} {
		for _, e := range wireEndpoints() {
			t.Run(name+"/"+e.name, func(t *testing.T) {
				t.Parallel()
				p := newPlace(t, "127.0.0.1:0", false, func(w http.ResponseWriter, _ *http.Request) {
					if answer.location != "" {
						w.Header().Set("Location", answer.location)
					}
					w.WriteHeader(answer.status)
				})
				c, log, _ := wireClient(t, p.URL)
				_, err := e.do(wireContext(t), c)
				var got *digicert.Error
				require.ErrorAs(t, err, &got)
				require.Equal(t, answer.status, got.StatusCode)
				require.Equal(t, 1, got.Attempts)
				requireClean(t, err, e)
				require.Len(t, p.sent(), 1)
				require.Empty(t, log.records(t, slog.LevelWarn))
			})
		}
	}
}

// TestRedirectThenFailure: the whole is one attempt, which starts again where it started.
func TestRedirectThenFailure(t *testing.T) {
	t.Parallel()
	for _, e := range wireEndpoints() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			good := fixture(t, e.fixture)
			var n atomic.Int64
			p := newPlace(t, "127.0.0.1:0", false, func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path != "/hop":
					http.Redirect(w, r, "/hop", http.StatusTemporaryRedirect)
				case n.Add(1) == 1:
					panic(http.ErrAbortHandler)
				case n.Load() == 2:
					w.WriteHeader(http.StatusServiceUnavailable)
				default:
					_, _ = io.WriteString(w, good)
				}
			})
			// Each attempt has its own connection: net/http would repeat by itself what a kept one fails at.
			transport := &http.Transport{DisableKeepAlives: true}
			c, log, _ := wireClient(t, p.URL, digicert.WithHTTPClient(&http.Client{Transport: transport}))
			got, err := e.do(wireContext(t), c)
			require.NoError(t, err)
			require.Equal(t, e.want(t), got)
			var paths []string
			for _, r := range p.sent() {
				paths = append(paths, strings.TrimPrefix(r.URL.Path, "/services/v2"))
			}
			require.Equal(t, []string{e.path, "/hop", e.path, "/hop", e.path, "/hop"}, paths)
			retries := log.records(t, slog.LevelWarn)
			require.Len(t, retries, 2)
			require.Equal(t, "transport error", retries[0].Reason)
			require.Equal(t, "status 503", retries[1].Reason)
			require.Equal(t, e.path, retries[0].Path)
			requireNoSecret(t, log.String(), e)
		})
	}
}

// TestRedirectThenElsewhere: a first redirect that is allowed opens no way for the second.
func TestRedirectThenElsewhere(t *testing.T) {
	t.Parallel()
	for _, e := range wireEndpoints() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			other := newPlace(t, "127.0.0.1:0", false, nil)
			p := newPlace(t, "127.0.0.1:0", false, func(w http.ResponseWriter, r *http.Request) {
				to := "/hop?" + r.URL.RawQuery
				if r.URL.Path == "/hop" {
					to = other.URL + to
				}
				http.Redirect(w, r, to, http.StatusFound)
			})
			c, log, _ := wireClient(t, p.URL)
			_, err := e.do(wireContext(t), c)
			require.ErrorIs(t, err, digicert.ErrRedirect)
			requireClean(t, err, e)
			require.Len(t, p.sent(), 2)
			require.Zero(t, other.conns.Load())
			requireNoSecret(t, log.String(), e)
		})
	}
}

func TestCheckRedirectOfTheCaller(t *testing.T) {
	t.Parallel()
	errNotThere := errors.New("not there")
	type asked struct {
		to, referer string
		via         []string
		status      int // of the answer that leads there
	}
	for name, test := range map[string]struct {
		answers []error // what CheckRedirect returns, one after the other
		sent    int
		check   func(t *testing.T, got any, err error, e wireEndpoint)
	}{
		"allows": {
			answers: []error{nil, nil, nil},
			sent:    4,
			check: func(t *testing.T, got any, err error, e wireEndpoint) {
				require.NoError(t, err)
				require.Equal(t, e.want(t), got)
			},
		},
		"refuses the first": {
			answers: []error{errNotThere},
			sent:    1,
			check: func(t *testing.T, _ any, err error, e wireEndpoint) {
				require.ErrorIs(t, err, errNotThere)
				require.ErrorIs(t, err, digicert.ErrRedirect)
				requireClean(t, err, e)
			},
		},
		"refuses the third": {
			answers: []error{nil, nil, fmt.Errorf("CheckRedirect: %w", errNotThere)},
			sent:    3,
			check: func(t *testing.T, _ any, err error, e wireEndpoint) {
				require.ErrorIs(t, err, errNotThere)
				require.ErrorIs(t, err, digicert.ErrRedirect)
				requireClean(t, err, e)
			},
		},
		"wants the answer": {
			answers: []error{nil, http.ErrUseLastResponse},
			sent:    2,
			check: func(t *testing.T, _ any, err error, e wireEndpoint) {
				var answer *digicert.Error
				require.ErrorAs(t, err, &answer)
				require.Equal(t, http.StatusSeeOther, answer.StatusCode)
				require.Equal(t, "<a>moved</a>", string(answer.Body))
				require.NotErrorIs(t, err, digicert.ErrRedirect)
				requireClean(t, err, e)
			},
		},
	} {
		for _, e := range wireEndpoints() {
			t.Run(name+"/"+e.name, func(t *testing.T) {
				t.Parallel()
				p, _ := hops(t, 3, http.StatusSeeOther, wireFixture(t))
				var questions []asked
				transport := new(http.Transport)
				t.Cleanup(transport.CloseIdleConnections)
				jar := new(cookieJar)
				hc := &http.Client{Transport: transport, Timeout: time.Minute, Jar: jar}
				hc.CheckRedirect = func(req *http.Request, via []*http.Request) error {
					q := asked{to: req.URL.Path, referer: req.Referer(), status: req.Response.StatusCode}
					for _, r := range via {
						q.via = append(q.via, strings.TrimPrefix(r.URL.Path, "/services/v2"))
					}
					questions = append(questions, q)
					return test.answers[len(questions)-1]
				}
				c, log, _ := wireClient(t, p.URL, digicert.WithHTTPClient(hc))
				got, err := e.do(wireContext(t), c)
				test.check(t, got, err, e)
				require.Len(t, p.sent(), test.sent)
				require.Empty(t, log.records(t, slog.LevelWarn))
				require.Equal(t, []asked{
					{to: "/hop/1", status: http.StatusSeeOther, via: []string{e.path}},
					{to: "/hop/2", status: http.StatusSeeOther, via: []string{e.path, "/hop/1"}},
					{to: "/hop/3", status: http.StatusSeeOther, via: []string{e.path, "/hop/1", "/hop/2"}},
				}[:len(test.answers)], questions)

				// The caller's own client is as it was.
				require.Same(t, transport, hc.Transport)
				require.Same(t, jar, hc.Jar)
				require.Equal(t, time.Minute, hc.Timeout)
				questions = nil
				req := httptest.NewRequest(http.MethodGet, "/hop/9", nil)
				req.Response = new(http.Response)
				require.Equal(t, test.answers[0], hc.CheckRedirect(req, nil))
				require.Len(t, questions, 1)
			})
		}
	}
}

// cookieJar has nothing in it.
type cookieJar struct{}

func (*cookieJar) SetCookies(*url.URL, []*http.Cookie) {}
func (*cookieJar) Cookies(*url.URL) []*http.Cookie     { return nil }

// TestCheckRedirectCannotAllowMore: what the package refuses, the caller's CheckRedirect is not asked about.
func TestCheckRedirectCannotAllowMore(t *testing.T) {
	t.Parallel()
	for _, e := range wireEndpoints() {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			other := newPlace(t, "127.0.0.1:0", false, nil)
			p := newPlace(t, "127.0.0.1:0", false, func(w http.ResponseWriter, r *http.Request) {
				http.Redirect(w, r, other.URL, http.StatusFound)
			})
			var asked atomic.Int64
			hc := &http.Client{Transport: new(http.Transport), CheckRedirect: func(*http.Request, []*http.Request) error {
				asked.Add(1)
				return nil
			}}
			t.Cleanup(hc.CloseIdleConnections)
			c, _, _ := wireClient(t, p.URL, digicert.WithHTTPClient(hc))
			_, err := e.do(wireContext(t), c)
			require.ErrorIs(t, err, digicert.ErrRedirect)
			requireClean(t, err, e)
			require.Zero(t, asked.Load())
			require.Zero(t, other.conns.Load())
		})
	}
}

// TestHTTPClientWithoutCheckRedirectStaysSo: the client that is copied gets no rule of ours.
func TestHTTPClientWithoutCheckRedirectStaysSo(t *testing.T) {
	t.Parallel()
	e := wireEndpoints()[2]
	p, _ := hops(t, 2, http.StatusFound, wireFixture(t))
	hc := &http.Client{Transport: new(http.Transport)}
	t.Cleanup(hc.CloseIdleConnections)
	c, _, _ := wireClient(t, p.URL, digicert.WithHTTPClient(hc))
	_, err := e.do(wireContext(t), c)
	require.NoError(t, err)
	require.Nil(t, hc.CheckRedirect)
	resp, err := hc.Get(p.URL + "/services/v2" + e.path)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode, "net/http itself still follows")
}

// A redirect whose own body hangs is followed all the same, and never ends in context.Canceled.
func TestRedirectWithABodyThatHangs(t *testing.T) {
	t.Parallel()
	for _, length := range []string{"", "Content-Length: 100\r\n", "Content-Length: 10000000\r\n"} {
		t.Run(length, func(t *testing.T) {
			t.Parallel()
			e := wireEndpoints()[2]
			good := wireAnswer(http.StatusOK, "", fixture(t, e.fixture))
			var w *wireServer
			w = newWireServer(t, func(n int, c *net.TCPConn) bool {
				if n%2 == 0 {
					_, err := io.WriteString(c, good)
					return err == nil
				}
				_, _ = io.WriteString(c, wireHead(http.StatusFound, "Location: /services/v2/moved\r\n"+length)+"partly")
				<-w.done
				return false
			})
			c, _, _ := wireClient(t, w.url)
			got, err := e.do(wireContext(t), c)
			require.NotErrorIs(t, err, context.Canceled)
			require.NoError(t, err)
			require.Equal(t, e.want(t), got)
			require.Len(t, w.sent(), 2)
		})
	}
}

// A proxy's 407 to CONNECT is not retried, whoever made the transport.
func TestProxyAuthenticationIsNotRetried(t *testing.T) {
	t.Parallel()
	proxy := newWireServer(t, func(_ int, c *net.TCPConn) bool {
		_, _ = io.WriteString(c, "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
		return false
	})
	proxyURL, err := url.Parse(proxy.url)
	require.NoError(t, err)
	c, err := digicert.NewClient(testKey,
		digicert.WithBaseURL("https://service.example/services/v2"),
		digicert.WithHTTPClient(&http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(proxyURL)}}),
		digicert.WithRetry(wirePolicy(5, time.Minute)))
	require.NoError(t, err)
	_, err = c.StatusChanges.List(wireContext(t), digicert.Last(time.Minute))
	require.ErrorContains(t, err, "Proxy Authentication Required")
	require.Len(t, proxy.sent(), 1)
}
