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

// Option configures a Client. An option that makes no sense is an error of NewClient.
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

// WithBaseURL sets where the service is: [BaseURLUS], [BaseURLEU] or a server that stands in for
// them. The URL must be https, or http on loopback, without user info, query or fragment.
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
// CheckRedirect, where it has one, is asked about redirects that the rules of this package would follow.
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

// WithAPIKeyFunc sets a function that is asked for the API key on every attempt, for keys that
// rotate. NewClient's apiKey is then "". The function's error ends the call.
func WithAPIKeyFunc(f func(context.Context) (string, error)) Option {
	return func(c *Client) error {
		if f == nil {
			return paramErrorf("WithAPIKeyFunc", "the function is nil")
		}
		c.key = f
		return nil
	}
}

// WithUserAgent puts product, such as "inventory/1.4", before the library's own User-Agent.
func WithUserAgent(product string) Option {
	return func(c *Client) error {
		if strings.TrimSpace(product) == "" || strings.ContainsFunc(product, func(r rune) bool { return r < ' ' || r > '~' }) {
			return paramErrorf("WithUserAgent", "%q is no line of printable ASCII", oneLine(product, 40))
		}
		c.agent = strings.TrimSpace(product) + " " + defaultUserAgent
		return nil
	}
}

// WithRetry sets how failed requests are repeated.
func WithRetry(p RetryPolicy) Option {
	return func(c *Client) error {
		if err := p.check(); err != nil {
			return err
		}
		c.retry = p.withDefaults()
		return nil
	}
}

// WithLimiter sets what paces the requests, in place of a [RollingLimiter] of the client's own with the service's
// documented limits. Clients that use the same key should share one.
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
		return nil
	}
}

// WithLogger sets where attempts (debug) and retries (warn) are logged: method, path, status,
// duration, attempt, wait and reason, and nothing else. Without it nothing is logged.
func WithLogger(l *slog.Logger) Option {
	return func(c *Client) error {
		if l == nil {
			return paramErrorf("WithLogger", "the logger is nil")
		}
		c.log = l
		return nil
	}
}

// WithMaxResponseBytes sets how large a body may be, in bytes after decompression; 32 MiB without it. A
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

// WithPageConcurrency sets how many pages an All… method has in flight, 1 to 100; 4 without it.
func WithPageConcurrency(n int) Option {
	return func(c *Client) error {
		if n < 1 || n > maxPageConcurrency {
			return paramErrorf("WithPageConcurrency", "%d is outside 1 to %d", n, maxPageConcurrency)
		}
		c.pageConcurrency = n
		return nil
	}
}

// checkKey refuses what cannot be a key, without repeating it.
func checkKey(key string) error {
	switch {
	case key == "":
		return paramErrorf("apiKey", "it is empty")
	case strings.TrimSpace(key) != key:
		return paramErrorf("apiKey", "it has white space around it, perhaps the newline of a file")
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		return paramErrorf("apiKey", "it has a space, a control character or one outside ASCII")
	}
	return nil
}
