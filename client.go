// The Client: what it holds and how it is made.

package digicert

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
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
