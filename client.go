// The Client and its constructor.

package digicert

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
)

// Version is the version of this library, as sent in the User-Agent.
const Version = "0.1.0"

// The base URLs of the service's two regions. Each region has its own accounts and keys.
const (
	BaseURLUS = "https://www.digicert.com/services/v2"
	BaseURLEU = "https://certcentral.digicert.eu/services/v2"
)

const (
	defaultUserAgent       = "go-digicert/" + Version + " (+https://github.com/go-digicert/digicert)"
	defaultMaxResponse     = 32 << 20 // bytes
	defaultPageConcurrency = 4
	maxPageConcurrency     = 100 // the requests of the shorter documented window: more would only wait for each other
)

// Client calls the CertCentral Services API v2. It is safe for concurrent use, and should be shared: requests are paced
// per client, or per [Limiter] if clients share one.
//
// Printing or logging a Client shows its base URL and never its key.
type Client struct {
	Orders        *OrdersService
	Reissues      *ReissuesService
	Subaccounts   *SubaccountsService
	StatusChanges *StatusChangesService
	Certificates  *CertificatesService
	Requests      *RequestsService
	Organizations *OrganizationsService
	Products      *ProductsService
	Domains       *DomainsService
	Users         *UsersService
	Account       *AccountService

	base  *url.URL // without a trailing slash
	agent string

	// key returns the API key. It is called for every attempt. It is a function and not a string, because fmt prints
	// unexported strings of nested structs without calling their methods.
	key  func(context.Context) (string, error)
	keys keyring // the most recently used keys, to redact them

	http                 *http.Client                               // a copy, with the redirect rule of this package
	callersCheckRedirect func(*http.Request, []*http.Request) error // of WithHTTPClient; may be nil
	retry                RetryPolicy                                // without zero fields
	pacer                pacer
	expiring             ExpiringLimiter // the limiter if its slots expire; else nil
	log                  *slog.Logger
	maxResponse          int64 // bytes
	pageConcurrency      int
	writes               *keyedLock // by what the writes change
	locker               Locker     // of WithLocker; may be nil
	doubts               *doubts
}

// NewClient returns a client that authenticates with apiKey. The base URL is [BaseURLUS] unless [WithBaseURL] sets another
// one. NewClient sends no request.
//
// The key must be one word of printable ASCII, or "" with [WithAPIKeyFunc]. NewClient returns a *[ParamError] if the
// key or an option is invalid. The error never contains the key.
func NewClient(apiKey string, opts ...Option) (*Client, error) {
	c := &Client{
		agent:           defaultUserAgent,
		keys:            newKeyring(4),
		retry:           RetryPolicy{}.withDefaults(),
		pacer:           NewRollingLimiter(),
		log:             slog.New(slog.DiscardHandler),
		maxResponse:     defaultMaxResponse,
		pageConcurrency: defaultPageConcurrency,
		writes:          new(keyedLock),
		doubts:          new(doubts),
	}
	defaults := []Option{WithBaseURL(BaseURLUS), WithHTTPClient(&http.Client{Transport: defaultTransport()})}
	for _, opt := range append(defaults, opts...) {
		if opt == nil {
			return nil, paramErrorf("opts", "an option is nil")
		}
		if err := opt(c); err != nil {
			return nil, err
		}
	}
	if err := c.setKey(apiKey); err != nil {
		return nil, err
	}
	if c.expiring != nil {
		c.expiring.SetAttemptTimeout(c.retry.AttemptTimeout)
	}
	c.Orders = &OrdersService{c}
	c.Reissues = &ReissuesService{c}
	c.Subaccounts = &SubaccountsService{c}
	c.StatusChanges = &StatusChangesService{c}
	c.Certificates = &CertificatesService{c}
	c.Requests = &RequestsService{c}
	c.Organizations = &OrganizationsService{c}
	c.Products = &ProductsService{c}
	c.Domains = &DomainsService{c}
	c.Users = &UsersService{c}
	c.Account = &AccountService{c}
	return c, nil
}

// setKey sets c.key: to the checked function of WithAPIKeyFunc, or without one to a function that returns apiKey.
func (c *Client) setKey(apiKey string) error {
	keyFunc := c.key
	switch {
	case keyFunc != nil && apiKey != "":
		return paramErrorf("apiKey", `must be "" with WithAPIKeyFunc`)
	case keyFunc == nil:
		if err := checkKey(apiKey); err != nil {
			return err
		}
		c.keys.add(apiKey)
		c.key = func(context.Context) (string, error) { return apiKey, nil }
		return nil
	}
	c.key = func(ctx context.Context) (string, error) {
		key, err := keyFunc(ctx)
		if err != nil {
			return "", err
		}
		if err := checkKey(key); err != nil {
			return "", err
		}
		c.keys.add(key)
		return key, nil
	}
	return nil
}

// Format implements [fmt.Formatter]. Every verb prints only the base URL.
func (c Client) Format(f fmt.State, _ rune) { fmt.Fprint(f, c.text()) }

// LogValue implements [slog.LogValuer].
func (c Client) LogValue() slog.Value { return slog.StringValue(c.text()) }

func (c Client) text() string {
	if c.base == nil {
		return "digicert.Client(not made by NewClient)"
	}
	return "digicert.Client(" + c.base.String() + ")"
}

// client returns the client of a service, or nil for a zero service. Every method of a nil Client returns an error.
func (s *OrdersService) client() *Client {
	if s == nil {
		return nil
	}
	return s.c
}

func (s *ReissuesService) client() *Client {
	if s == nil {
		return nil
	}
	return s.c
}

func (s *SubaccountsService) client() *Client {
	if s == nil {
		return nil
	}
	return s.c
}

func (s *StatusChangesService) client() *Client {
	if s == nil {
		return nil
	}
	return s.c
}

func (s *CertificatesService) client() *Client {
	if s == nil {
		return nil
	}
	return s.c
}

func (s *RequestsService) client() *Client {
	if s == nil {
		return nil
	}
	return s.c
}

func (s *OrganizationsService) client() *Client {
	if s == nil {
		return nil
	}
	return s.c
}

func (s *ProductsService) client() *Client {
	if s == nil {
		return nil
	}
	return s.c
}

func (s *DomainsService) client() *Client {
	if s == nil {
		return nil
	}
	return s.c
}

func (s *UsersService) client() *Client {
	if s == nil {
		return nil
	}
	return s.c
}

func (s *AccountService) client() *Client {
	if s == nil {
		return nil
	}
	return s.c
}
