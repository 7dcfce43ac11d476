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

// defaultTransport returns the transport of net/http with more than its two idle connections per host, so that pages
// fetched at the same time reuse connections.
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

// WithBaseURL sets the base URL of the service: [BaseURLUS], [BaseURLEU], or that of a fake. The scheme
// must be https, or http on loopback. User info, a query and a fragment are refused.
func WithBaseURL(rawURL string) Option {
	return func(c *Client) error {
		u, err := url.Parse(rawURL)
		switch {
		case err != nil: // err contains the URL, which may contain a password
			return paramErrorf("WithBaseURL", "not a URL")
		case u.User != nil:
			return paramErrorf("WithBaseURL", "the URL must not have user info; pass the API key to NewClient")
		case u.Host == "" || u.Hostname() == "":
			return paramErrorf("WithBaseURL", "the URL has no host; an example is %s", BaseURLUS)
		case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
			return paramErrorf("WithBaseURL", "the URL must not have a query or a fragment")
		case u.Scheme != "https" && (u.Scheme != "http" || !isLoopback(u.Hostname())):
			return paramErrorf("WithBaseURL", "the scheme must be https, or http on loopback: http does not encrypt the API key")
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

// WithHTTPClient sets the HTTP client that sends the requests. The client is copied and never changed. Its
// CheckRedirect, if set, is called for each redirect that this package would follow. Its Transport receives
// every request with the API key; it is the place for metrics and traces.
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

// WithAPIKeyFunc sets a function that returns the API key. It is called for every attempt, so that keys can rotate.
// The apiKey of NewClient must then be "". If the function returns an error, the call fails. The call holds no slot of
// the limiter while the function runs.
func WithAPIKeyFunc(f func(context.Context) (string, error)) Option {
	return func(c *Client) error {
		if f == nil {
			return paramErrorf("WithAPIKeyFunc", "the function is nil")
		}
		c.key = f
		return nil
	}
}

// WithUserAgent prepends product, such as "inventory/1.4", to the User-Agent of the library.
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

// WithLimiter sets the limiter that paces the requests. By default each client has its own [RollingLimiter] with the
// documented limits. Clients that use the same key should share a limiter; on several machines, use the Limiter of module
// digicertredis. If the limiter is a [Pauser], a 429 pauses all clients that share it.
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

// WithLocker sets the locker that serializes writes of several processes or machines: those to the same order or certificate, calls
// of [OrdersService.Place] with the same AlternativeOrderID, and calls of [ReissuesService.Create] and
// [OrdersService.CreateDuplicate] with Since and the same request. The default serializes the writes of this client only.
// If a lock cannot be acquired, nothing is sent; once it is lost, nothing more is sent.
func WithLocker(l Locker) Option {
	return func(c *Client) error {
		if l == nil {
			return paramErrorf("WithLocker", "the locker is nil")
		}
		c.locker = l
		return nil
	}
}

// WithLogger sets the logger. Attempts and dropped values are logged at level debug, retries and warnings at level warn, with
// method, path, status, duration, attempt, wait, reason and JSON pointers. By default nothing is logged.
func WithLogger(l *slog.Logger) Option {
	return func(c *Client) error {
		if l == nil {
			return paramErrorf("WithLogger", "the logger is nil")
		}
		c.log = l
		return nil
	}
}

// WithMaxResponseBytes sets the maximum size of a response body, in bytes after decompression. The default is 32 MiB. A
// larger body fails with [ErrResponseTooLarge].
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

// checkKey returns an error if key cannot be an API key. The error does not contain the key.
func checkKey(key string) error {
	switch {
	case key == "":
		return paramErrorf("apiKey", "must not be empty")
	case strings.TrimSpace(key) != key:
		return paramErrorf("apiKey", "it begins or ends with white space, perhaps the newline of a file")
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return paramErrorf("apiKey", "it has a space, a control character or a non-ASCII character")
	}
	return nil
}
