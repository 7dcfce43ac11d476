package digicert

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"time"

	"github.com/google/go-querystring/query"
)

// Version is the version of this library, as the User-Agent names it.
const Version = "0.1.0"

// The service's two regions. Each has its own accounts and keys.
const (
	BaseURLUS = "https://www.digicert.com/services/v2"
	BaseURLEU = "https://certcentral.digicert.eu/services/v2"
)

const (
	defaultUserAgent       = "go-digicert/" + Version + " (+https://github.com/go-digicert/digicert)"
	defaultMaxResponse     = 32 << 20 // bytes
	defaultPageConcurrency = 4
	maxPageConcurrency     = 100 // a burst's worth of requests: more could only wait for each other
)

// Client calls the CertCentral Services API v2. It is safe for concurrent use, and meant to be
// shared: the pacing that keeps an account within the service's limits is per client, or
// per [Limiter] where clients share one.
//
// Printing or logging a Client, by whatever verb, shows its base URL and never its key.
type Client struct {
	Orders        *OrdersService
	Reissues      *ReissuesService
	Subaccounts   *SubaccountsService
	StatusChanges *StatusChangesService
	Certificates  *CertificatesService

	base  *url.URL // without a trailing slash
	agent string

	// key is asked for the API key on every attempt. It is a closure and not a string, because
	// fmt prints the unexported strings of nested structs without asking their methods.
	key func(context.Context) (string, error)

	http            *http.Client // a copy; follows no redirect by itself
	checkRedirect   func(*http.Request, []*http.Request) error
	retry           RetryPolicy // without zero fields
	limiter         Limiter
	gate            *gate
	log             *slog.Logger
	maxResponse     int64
	pageConcurrency int
}

// Option configures a Client. An option that makes no sense is an error of NewClient.
type Option func(*Client) error

// NewClient returns a client that authenticates with apiKey, in the region of [BaseURLUS]
// unless [WithBaseURL] says otherwise. It sends nothing.
//
// The key must be one word of printable ASCII; with [WithAPIKeyFunc] it must be "". What is wrong with
// the key or an option is a *[ParamError], which never holds the key.
func NewClient(apiKey string, opts ...Option) (*Client, error) {
	c := &Client{
		agent:           defaultUserAgent,
		retry:           RetryPolicy{}.withDefaults(),
		gate:            new(gate),
		log:             slog.New(slog.DiscardHandler),
		maxResponse:     defaultMaxResponse,
		pageConcurrency: defaultPageConcurrency,
	}
	if err := WithBaseURL(BaseURLUS)(c); err != nil {
		return nil, err
	}
	for _, opt := range opts {
		if opt == nil {
			return nil, paramErrorf("opts", "an option is nil")
		}
		if err := opt(c); err != nil {
			return nil, err
		}
	}
	switch {
	case c.key != nil && apiKey != "":
		return nil, paramErrorf("apiKey", `with WithAPIKeyFunc it must be ""`)
	case c.key == nil:
		if err := checkKey(apiKey); err != nil {
			return nil, err
		}
		c.key = func(context.Context) (string, error) { return apiKey, nil }
	}
	if c.http == nil {
		if err := WithHTTPClient(&http.Client{Transport: defaultTransport()})(c); err != nil {
			return nil, err
		}
	}
	if c.limiter == nil {
		c.limiter = NewRollingLimiter()
	}
	c.Orders = &OrdersService{c}
	c.Reissues = &ReissuesService{c}
	c.Subaccounts = &SubaccountsService{c}
	c.StatusChanges = &StatusChangesService{c}
	c.Certificates = &CertificatesService{c}
	return c, nil
}

// defaultTransport is net/http's own with more idle connections to one host than its two, so that
// pages in flight do not open a connection each.
func defaultTransport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport // replaced by the program, which will know why
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = t.MaxIdleConns
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
		c.checkRedirect = hc.CheckRedirect
		own.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
		own.Transport = readableLocation{hc.Transport}
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
		if own, ok := l.(interface{ flaw() string }); ok {
			if flaw := own.flaw(); flaw != "" {
				return &ParamError{Param: "WithLimiter", Reason: flaw}
			}
		}
		c.limiter = l
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

// Format implements [fmt.Formatter]: every verb shows the base URL and nothing else.
func (c Client) Format(f fmt.State, _ rune) { fmt.Fprint(f, c.text()) }

// LogValue implements [slog.LogValuer].
func (c Client) LogValue() slog.Value { return slog.StringValue(c.text()) }

func (c Client) text() string {
	if c.base == nil {
		return "digicert.Client(no NewClient)"
	}
	return "digicert.Client(" + c.base.String() + ")"
}

// Get calls any other GET endpoint under the same rules of auth, pacing, retry, decoding and errors.
//
// path is relative to the base URL, such as "/order/certificate/123", URL-escaped
// where needed, and cannot leave it; the query is not part of it. params is nil, a struct with
// url tags (package go-querystring), or url.Values. result is a pointer to what the JSON is decoded
// into, or nil. Scalars are decoded as leniently as those of this package; a *json.RawMessage keeps the
// answer as it is, and a *[Download] takes one that is no JSON.
func (c *Client) Get(ctx context.Context, path string, params, result any) error {
	_, err := c.get(ctx, path, params, result)
	return err
}

// get is the one way down to the service. It also returns the moment at which the service
// answered, by its Date header, or by the local clock where it had none.
func (c *Client) get(ctx context.Context, path string, params, result any) (time.Time, error) {
	if c == nil || c.base == nil {
		return time.Time{}, errors.New("digicert: a Client is made by NewClient")
	}
	if v := reflect.ValueOf(result); result != nil && (v.Kind() != reflect.Pointer || v.IsNil()) {
		return time.Time{}, paramErrorf("result", "%T is no pointer to decode into", result)
	}
	u, path, err := c.resolve(path)
	if err != nil {
		return time.Time{}, err
	}
	values, ok := params.(url.Values)
	if !ok && params != nil {
		if values, err = query.Values(params); err != nil {
			return time.Time{}, paramErrorf("params", "%T is neither a struct nor url.Values", params)
		}
	}
	u.RawQuery = values.Encode()
	return c.attempts(ctx, &call{path: path, url: u, result: result})
}

// resolve joins path to the base URL and returns both in their escaped form.
func (c *Client) resolve(path string) (*url.URL, string, error) {
	u, err := url.Parse(path)
	switch {
	case err != nil:
		return nil, "", paramErrorf("path", "%q is no URL path", oneLine(path, 100))
	case u.Scheme != "" || u.Host != "" || u.User != nil || strings.HasPrefix(path, "//"):
		return nil, "", paramErrorf("path", "it is relative to the base URL and cannot name a host")
	case strings.Contains(path, "?"):
		return nil, "", paramErrorf("path", "the query belongs into params")
	case strings.Contains(path, "#"):
		return nil, "", paramErrorf("path", "it has a fragment, which is never sent")
	}
	rel := strings.TrimPrefix(u.Path, "/")
	if rel == "" {
		return nil, "", paramErrorf("path", "it is empty")
	}
	for _, segment := range strings.FieldsFunc(rel, func(r rune) bool { return r == '/' || r == '\\' }) {
		if segment == "." || segment == ".." {
			return nil, "", paramErrorf("path", "%q would leave the base URL", oneLine(path, 100))
		}
	}
	escaped := "/" + strings.TrimPrefix(u.EscapedPath(), "/")
	full := *c.base
	full.Path = c.base.Path + "/" + rel
	full.RawPath = c.base.EscapedPath() + escaped
	return &full, escaped, nil
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
