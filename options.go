// Options of NewClient.

package digicert

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
)

// Option configures a Client. NewClient returns a *[ParamError] for an invalid one.
type Option func(*Client) error

// defaultTransport returns the transport of net/http with more idle connections to one host than its two, so that
// pages in flight do not open a connection each.
func defaultTransport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport // the program replaced it
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = t.MaxIdleConns
	t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, resp *http.Response) error {
		if resp.StatusCode == http.StatusProxyAuthRequired {
			return errProxyAuth
		}
		return nil
	}
	return t
}

// WithBaseURL sets the base URL of the service: [BaseURLUS], [BaseURLEU], or that of a fake. It
// must be https, or http on loopback, without user info, query or fragment.
func WithBaseURL(rawURL string) Option {
	return func(c *Client) error {
		u, err := url.Parse(rawURL)
		switch {
		case err != nil: // err holds the URL, which may hold a password
			return paramErrorf("WithBaseURL", "not a URL")
		case u.User != nil:
			return paramErrorf("WithBaseURL", "user info in the URL would be sent and logged; the key is NewClient's argument")
		case u.Host == "" || u.Hostname() == "":
			return paramErrorf("WithBaseURL", "the URL names no host; it looks like %s", BaseURLUS)
		case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
			return paramErrorf("WithBaseURL", "the URL has a query or a fragment")
		case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
			return paramErrorf("WithBaseURL", "the scheme must be https (http is for loopback only: it would show the key to the network)")
		}
		u.Path = strings.TrimRight(u.Path, "/")
		u.RawPath = strings.TrimRight(u.RawPath, "/")
		c.base = u
		return nil
	}
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// WithHTTPClient sets the HTTP client to send with. It is copied and never changed. Its
// CheckRedirect, if there is one, is called for redirects that the rules of this package would follow. Its Transport sees
// every request with its key: put a RoundTripper for metrics or traces there.
func WithHTTPClient(hc *http.Client) Option {
	return func(c *Client) error {
		if hc == nil {
			return paramErrorf("WithHTTPClient", "the client is nil")
		}
		own := *hc
		c.callersCheckRedirect = hc.CheckRedirect
		own.CheckRedirect = c.checkRedirect
		own.Transport = locationChecker{hc.Transport}
		c.http = &own
		return nil
	}
}

// WithAPIKeyFunc sets a function that returns the API key, and is called for every attempt, for keys that
// rotate. The apiKey of NewClient must then be "". An error of the function ends the call. While it runs, the call holds no
// slot of the limiter.
func WithAPIKeyFunc(f func(context.Context) (string, error)) Option {
	return func(c *Client) error {
		if f == nil {
			return paramErrorf("WithAPIKeyFunc", "the function is nil")
		}
		c.key = f
		return nil
	}
}

// WithUserAgent puts product, such as "inventory/1.4", before the User-Agent of the library.
func WithUserAgent(product string) Option {
	return func(c *Client) error {
		if strings.TrimSpace(product) == "" || strings.ContainsFunc(product, func(r rune) bool { return r < ' ' || r > '~' }) {
			return paramErrorf("WithUserAgent", "%q is not a line of printable ASCII", oneLine(product, 40))
		}
		c.agent = strings.TrimSpace(product) + " " + defaultUserAgent
		return nil
	}
}

// WithRetry sets how failed requests are retried.
func WithRetry(p RetryPolicy) Option {
	return func(c *Client) error {
		if err := p.check(); err != nil {
			return err
		}
		c.retry = p.withDefaults()
		return nil
	}
}

// WithLimiter sets what paces the requests. The default is a [RollingLimiter] of the client's own with the documented
// limits. Clients that use the same key should share one, on many machines the Limiter of the module digicertredis. If it is a [Pauser],
// a 429 pauses all of them.
func WithLimiter(l Limiter) Option {
	return func(c *Client) error {
		if l == nil {
			return paramErrorf("WithLimiter", "the limiter is nil")
		}
		if own, ok := l.(interface{ validate() error }); ok {
			var invalid *ParamError
			if err := own.validate(); errors.As(err, &invalid) {
				return paramErrorf("WithLimiter", "%s", invalid.Reason)
			}
		}
		c.pacer = newPacer(l)
		c.expiring, _ = l.(ExpiringLimiter)
		return nil
	}
}

// WithLocker sets what keeps writes apart that are made to one thing at the same moment, on many machines: those to one order or
// certificate, and calls of [OrdersService.Place] with one AlternativeOrderID or of [ReissuesService.Create] and
// [OrdersService.CreateDuplicate] with Since that want the same. The default keeps apart only those of this client. Nothing is sent if
// a lock cannot be had, and nothing more once it is lost.
func WithLocker(l Locker) Option {
	return func(c *Client) error {
		if l == nil {
			return paramErrorf("WithLocker", "the locker is nil")
		}
		c.locker = l
		return nil
	}
}

// WithLogger sets where attempts and dropped values (debug), retries and warnings (warn) are logged: method, path, status,
// duration, attempt, wait, reason and JSON pointers. Without it nothing is logged.
func WithLogger(l *slog.Logger) Option {
	return func(c *Client) error {
		if l == nil {
			return paramErrorf("WithLogger", "the logger is nil")
		}
		c.log = l
		return nil
	}
}

// WithMaxResponseBytes sets the maximum size of a body, in bytes after decompression. The default is 32 MiB. A
// larger one is [ErrResponseTooLarge].
func WithMaxResponseBytes(n int64) Option {
	return func(c *Client) error {
		if n <= 0 {
			return paramErrorf("WithMaxResponseBytes", "%d is not positive", n)
		}
		c.maxResponse = n
		return nil
	}
}

// WithPageConcurrency sets how many pages an All method fetches at a time, 1 to 100. The default is 4.
func WithPageConcurrency(n int) Option {
	return func(c *Client) error {
		if n < 1 || n > maxPageConcurrency {
			return paramErrorf("WithPageConcurrency", "%d is outside 1 to %d", n, maxPageConcurrency)
		}
		c.pageConcurrency = n
		return nil
	}
}

// checkKey returns an error if key cannot be a key. It does not repeat the key.
func checkKey(key string) error {
	switch {
	case key == "":
		return paramErrorf("apiKey", "must not be empty")
	case strings.TrimSpace(key) != key:
		return paramErrorf("apiKey", "it has white space around it, perhaps the newline of a file")
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return paramErrorf("apiKey", "it has a space, a control character or one outside ASCII")
	}
	return nil
}
