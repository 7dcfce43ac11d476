package digicert_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode"

	"github.com/jarcoal/httpmock"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// testKey is like nothing else in these tests: where it turns up, it leaked.
const testKey = "K3Y-never-to-be-shown-0123456789"

// service is a mock of the service. It keeps the requests that it was sent.
type service struct {
	*httpmock.MockTransport

	mu       sync.Mutex
	requests []*http.Request
}

// newService answers every request with what answer makes of it.
func newService(answer httpmock.Responder) *service {
	s := &service{MockTransport: httpmock.NewMockTransport()}
	s.RegisterNoResponder(func(req *http.Request) (*http.Response, error) {
		s.mu.Lock()
		s.requests = append(s.requests, req)
		s.mu.Unlock()
		return answer(req)
	})
	return s
}

// client returns a client of s that sends each request once.
func (s *service) client(t testing.TB, opts ...digicert.Option) *digicert.Client {
	t.Helper()
	c, err := digicert.NewClient(testKey, append(s.options(), opts...)...)
	require.NoError(t, err)
	return c
}

// options connect a client to s and turn its retries off.
func (s *service) options() []digicert.Option {
	return []digicert.Option{
		digicert.WithHTTPClient(&http.Client{Transport: s}),
		digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 1}),
	}
}

// sent returns the requests so far.
func (s *service) sent() []*http.Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]*http.Request(nil), s.requests...)
}

// only returns the request, of which there must be one.
func (s *service) only(t testing.TB) *http.Request {
	t.Helper()
	sent := s.sent()
	require.Len(t, sent, 1)
	return sent[0]
}

// serve returns a client of a service that gives every request the same answer.
func serve(t testing.TB, status int, body string, opts ...digicert.Option) (*digicert.Client, *service) {
	t.Helper()
	s := newService(httpmock.NewStringResponder(status, body))
	return s.client(t, opts...), s
}

// unlimited is a limiter that never waits.
type unlimited struct{}

func (unlimited) Acquire(context.Context) (func(), error) { return func() {}, nil }

// call is one call of a client, with parameters that nothing is wrong with.
type call struct {
	name string
	path string // as errors show it
	raw  bool   // whether the answer is taken as it is, and need be no JSON
	do   func(context.Context, *digicert.Client) (any, error)
}

// calls has every way to read from the service that is one request.
var calls = []call{
	{"Reissues.List", "/order/certificate/123/reissue", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Reissues.List(ctx, 123, &digicert.ListReissuesParams{ShowArchived: true})
	}},
	{"Subaccounts.ListOrders", "/account/subaccount/order", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Subaccounts.ListOrders(ctx, &digicert.ListSubaccountOrdersParams{Limit: 7})
	}},
	{"StatusChanges.List", "/order/certificate/status-changes", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.StatusChanges.List(ctx, digicert.Last(time.Minute))
	}},
	{"Orders.Get", "/order/certificate/123", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Orders.Get(ctx, 123)
	}},
	{"Orders.List", "/order/certificate", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Orders.List(ctx, &digicert.ListOrdersParams{Limit: 7})
	}},
	{"Orders.Duplicates", "/order/certificate/123/duplicate", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Orders.Duplicates(ctx, 123, &digicert.ListDuplicatesParams{ShowArchived: true})
	}},
	{"Subaccounts.List", "/account/subaccount", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Subaccounts.List(ctx, &digicert.ListSubaccountsParams{Limit: 7})
	}},
	{"Subaccounts.GetOrder", "/account/subaccount/order/123", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Subaccounts.GetOrder(ctx, 123)
	}},
	{"Certificates.Chain", "/certificate/5/chain", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Certificates.Chain(ctx, 5)
	}},
	{"Certificates.Download", "/certificate/5/download/format/pem_all", true, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Certificates.Download(ctx, 5, digicert.FormatPEMAll)
	}},
	{"Requests.List", "/request", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Requests.List(ctx, &digicert.ListRequestsParams{Limit: 7})
	}},
	{"Requests.Get", "/request/123", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Requests.Get(ctx, 123)
	}},
	{"Orders.Validation", "/order/certificate/123/validation", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Orders.Validation(ctx, 123)
	}},
	{"Organizations.List", "/organization", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Organizations.List(ctx, &digicert.ListOrganizationsParams{Limit: 7})
	}},
	{"Organizations.Get", "/organization/123", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Organizations.Get(ctx, 123)
	}},
	{"Organizations.Validations", "/organization/123/validation", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Organizations.Validations(ctx, 123)
	}},
	{"Products.List", "/product", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Products.List(ctx)
	}},
	{"Products.Get", "/product/ssl_plus", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Products.Get(ctx, "ssl_plus")
	}},
	{"Domains.List", "/domain", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Domains.List(ctx, &digicert.ListDomainsParams{Limit: 7})
	}},
	{"Domains.Get", "/domain/123", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Domains.Get(ctx, 123, &digicert.GetDomainParams{IncludeDCV: true})
	}},
	{"Users.Me", "/user/me", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Users.Me(ctx)
	}},
	{"Account.Get", "/account", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		return c.Account.Get(ctx)
	}},
	{"Get", "/certificate/5/chain", false, func(ctx context.Context, c *digicert.Client) (any, error) {
		var result struct{}
		return result, c.Get(ctx, "/certificate/5/chain", url.Values{"show": {"all"}}, &result)
	}},
}

// write is one typed write, with parameters that nothing is wrong with.
type write struct {
	name   string
	method string
	path   string
	body   bool // whether it sends one
	do     func(context.Context, *digicert.Client) error
}

// writes has every typed write.
func writes(t testing.TB) (list []write, csr string) {
	t.Helper()
	_, csr = newKey(t)
	return []write{
		{"Orders.Place", http.MethodPost, "/order/certificate/ssl_plus", true, func(ctx context.Context, c *digicert.Client) error {
			_, err := c.Orders.Place(ctx, "ssl_plus", placing(csr, ""))
			return err
		}},
		{"Orders.Cancel", http.MethodPut, "/order/certificate/123/status", true, func(ctx context.Context, c *digicert.Client) error {
			return c.Orders.Cancel(ctx, 123, "why")
		}},
		{"Orders.Revoke", http.MethodPut, "/order/certificate/123/revoke", true, func(ctx context.Context, c *digicert.Client) error {
			_, err := c.Orders.Revoke(ctx, 123, nil)
			return err
		}},
		{"Orders.CreateDuplicate", http.MethodPost, "/order/certificate/123/duplicate", true, func(ctx context.Context, c *digicert.Client) error {
			_, err := c.Orders.CreateDuplicate(ctx, 123, asking(csr))
			return err
		}},
		{"Reissues.Create", http.MethodPost, "/order/certificate/123/reissue", true, func(ctx context.Context, c *digicert.Client) error {
			_, err := c.Reissues.Create(ctx, 123, asking(csr))
			return err
		}},
		{"Certificates.Revoke", http.MethodPut, "/certificate/5/revoke", true, func(ctx context.Context, c *digicert.Client) error {
			_, err := c.Certificates.Revoke(ctx, 5, nil)
			return err
		}},
		{"Requests.Approve", http.MethodPut, "/request/198/status", true, func(ctx context.Context, c *digicert.Client) error {
			return c.Requests.Approve(ctx, 198, "")
		}},
		{"Requests.Reject", http.MethodPut, "/request/198/status", true, func(ctx context.Context, c *digicert.Client) error {
			return c.Requests.Reject(ctx, 198, "why")
		}},
		{"Orders.SetDCVMethod", http.MethodPut, "/order/certificate/123/dcv-method", true, func(ctx context.Context, c *digicert.Client) error {
			_, err := c.Orders.SetDCVMethod(ctx, 123, digicert.DCVDNSTXT)
			return err
		}},
		{"Orders.CheckDCV", http.MethodPut, "/order/certificate/123/check-dcv", false, func(ctx context.Context, c *digicert.Client) error {
			_, err := c.Orders.CheckDCV(ctx, 123)
			return err
		}},
		{"Orders.DCVToken", http.MethodPut, "/order/certificate/123/dcv-random-value", false, func(ctx context.Context, c *digicert.Client) error {
			_, err := c.Orders.DCVToken(ctx, 123)
			return err
		}},
		{"Do", http.MethodPut, "/certificate/5/archive", true, func(ctx context.Context, c *digicert.Client) error {
			return c.Do(ctx, http.MethodPut, "/certificate/5/archive", nil, map[string]int{"a": 1}, nil)
		}},
	}, csr
}

// composed is an answer composed of every field that is known of it, and what it says.
type composed struct {
	name string
	body string
	want any
	do   func(context.Context, *digicert.Client) (any, error)
}

// composedAnswers are those of the endpoints of whose answers there is no documented sample.
func composedAnswers() []composed {
	return []composed{
		{"Orders.Get", orderInfoBody, orderInfo(), func(ctx context.Context, c *digicert.Client) (any, error) {
			return c.Orders.Get(ctx, 123457)
		}},
		{"Orders.List", ordersBody, ordersPage(), func(ctx context.Context, c *digicert.Client) (any, error) {
			return c.Orders.List(ctx, nil)
		}},
		{"Orders.Duplicates", duplicatesBody, duplicates(), func(ctx context.Context, c *digicert.Client) (any, error) {
			return c.Orders.Duplicates(ctx, 1, nil)
		}},
		{"Subaccounts.List", subaccountsBody, subaccountsPage(), func(ctx context.Context, c *digicert.Client) (any, error) {
			return c.Subaccounts.List(ctx, nil)
		}},
		{"Subaccounts.GetOrder", subaccountOrderBody, subaccountOrder(), func(ctx context.Context, c *digicert.Client) (any, error) {
			return c.Subaccounts.GetOrder(ctx, 123457)
		}},
		{"Certificates.Chain", chainBody, chain(), func(ctx context.Context, c *digicert.Client) (any, error) {
			return c.Certificates.Chain(ctx, 1)
		}},
		{"Organizations.List", organizationsBody, organizationsPage(), func(ctx context.Context, c *digicert.Client) (any, error) {
			return c.Organizations.List(ctx, nil)
		}},
		{"Organizations.Get", organizationBody, new(wholeOrganization()), func(ctx context.Context, c *digicert.Client) (any, error) {
			return c.Organizations.Get(ctx, 117483)
		}},
		{"Products.Get", productBody, wholeProduct(), func(ctx context.Context, c *digicert.Client) (any, error) {
			return c.Products.Get(ctx, "ssl_plus")
		}},
		{"Domains.Get", domainBody, wholeDomain(), func(ctx context.Context, c *digicert.Client) (any, error) {
			return c.Domains.Get(ctx, 1587137, nil)
		}},
		{"Users.Me", userBody, wholeUser(), func(ctx context.Context, c *digicert.Client) (any, error) {
			return c.Users.Me(ctx)
		}},
		{"Account.Get", accountBody, wholeAccount(), func(ctx context.Context, c *digicert.Client) (any, error) {
			return c.Account.Get(ctx)
		}},
	}
}

// queryOf returns the pairs of a request's query with their percent signs decoded and nothing
// else: a "+" in them is the "+" that travelled.
func queryOf(t testing.TB, req *http.Request) []string {
	t.Helper()
	if req.URL.RawQuery == "" {
		return nil
	}
	pairs := strings.Split(req.URL.RawQuery, "&")
	for i, p := range pairs {
		decoded, err := url.PathUnescape(p)
		require.NoError(t, err)
		pairs[i] = decoded
	}
	return pairs
}

// requireParamError asserts that err is the refusal of param.
func requireParamError(t testing.TB, err error, param string) {
	t.Helper()
	var refused *digicert.ParamError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, param, refused.Param)
	require.NotEmpty(t, refused.Reason)
	require.Contains(t, err.Error(), param)
	requireOneLine(t, err)
}

// requireDecodeError asserts that err says that the body is wrong at pointer.
func requireDecodeError(t testing.TB, err error, path, pointer string) {
	t.Helper()
	var undecoded *digicert.DecodeError
	require.ErrorAs(t, err, &undecoded)
	require.Equal(t, path, undecoded.Path)
	require.Equal(t, pointer, undecoded.Pointer)
	require.Error(t, undecoded.Err)
	require.Contains(t, err.Error(), path)
	require.Contains(t, err.Error(), pointer)
	requireOneLine(t, err)
}

// requireOneLine asserts what every message of this package owes its reader: that it is one
// printable line of bearable length, from this package, without key and host.
func requireOneLine(t testing.TB, err error) {
	t.Helper()
	text := err.Error()
	require.True(t, strings.HasPrefix(text, "digicert: "), text)
	require.NotContains(t, text, testKey)
	require.NotContains(t, text, "www.digicert.com")
	require.False(t, strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\u0085' || r == '\u2028' }), "%q", text)
	require.Less(t, len(text), 2500)
}

// fixture returns a file of testdata, which holds the bodies that the service documents.
func fixture(t testing.TB, name string) string {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return string(body)
}

// utc is a moment in the form in which this package gives it.
func utc(year int, month time.Month, day, hour, minute, second int) time.Time {
	return time.Date(year, month, day, hour, minute, second, 0, time.UTC)
}

// sampleReissues is what testdata/reissues.json says.
func sampleReissues() []digicert.Reissue {
	return []digicert.Reissue{
		{
			ID:                     12345,
			Thumbprint:             "<thumbprint>",
			SerialNumber:           "<serial_number>",
			CommonName:             "example.com",
			DNSNames:               []string{"yourexample.com", "anotherexample.com", "*.myexample.com"},
			Status:                 digicert.ReissueStatusIssued,
			DateCreated:            utc(2019, time.April, 8, 17, 33, 26),
			DateIssued:             time.Time{},
			ValidTill:              digicert.Date{Year: 2020, Month: time.April, Day: 8},
			DaysRemaining:          new(267),
			CSR:                    "<csr>",
			KeySize:                2048,
			Archived:               false,
			UserID:                 1576,
			Email:                  "logan.nelson@example.com",
			FirstName:              "Logan",
			LastName:               "Nelson",
			ReceiptID:              "1234",
			PurchasedDNSNames:      new(2),
			PurchasedWildcardNames: new(1),
		},
		{
			ID:                     23456,
			Thumbprint:             "",
			SerialNumber:           "",
			CommonName:             "anewdomain.com",
			DNSNames:               []string{"anewdomain.com"},
			Status:                 digicert.ReissueStatusRejected,
			DateCreated:            utc(2018, time.November, 14, 19, 57, 9),
			DateIssued:             time.Time{},
			ValidTill:              digicert.Date{},
			DaysRemaining:          nil,
			CSR:                    "<csr>",
			KeySize:                2048,
			Archived:               false,
			UserID:                 1576,
			Email:                  "logan.nelson@example.com",
			FirstName:              "Logan",
			LastName:               "Nelson",
			ReceiptID:              "",
			PurchasedDNSNames:      nil,
			PurchasedWildcardNames: nil,
		},
		{
			ID:                     34567,
			Thumbprint:             "",
			SerialNumber:           "",
			CommonName:             "example.net",
			DNSNames:               []string{"example.net"},
			Status:                 digicert.ReissueStatusPending,
			DateCreated:            utc(2018, time.November, 15, 22, 41, 43),
			DateIssued:             time.Time{},
			ValidTill:              digicert.Date{},
			DaysRemaining:          nil,
			CSR:                    "<csr>",
			KeySize:                2048,
			Archived:               false,
			UserID:                 1576,
			Email:                  "logan.nelson@example.com",
			FirstName:              "Logan",
			LastName:               "Nelson",
			ReceiptID:              "",
			PurchasedDNSNames:      nil,
			PurchasedWildcardNames: nil,
		},
	}
}

// samplePage is what testdata/subaccount_orders.json says.
func samplePage() *digicert.SubaccountOrderPage {
	return &digicert.SubaccountOrderPage{
		Orders: []digicert.SubaccountOrder{
			{
				ID:          123456,
				Certificate: digicert.OrderCertificate{DNSNames: []string{}, OrganizationUnits: []string{}},
				Subaccount: digicert.Subaccount{
					AccountID:        112233,
					AccountType:      digicert.AccountTypeEnterprise,
					OrganizationName: "Sub account organization",
				},
				Product:       digicert.Product{NameID: "ssl_plus", Name: "Standard SSL", Type: "ssl_certificate"},
				OrderPrice:    digicert.Price{Cost: decimal.NewFromInt(198), Currency: "USD"},
				Status:        digicert.OrderStatusPending,
				NumberOfSANs:  1,
				DateCreated:   utc(2019, time.May, 7, 9, 33, 8),
				DateIssued:    time.Time{},
				ValidityYears: 1,
			},
			{
				ID: 123457,
				Certificate: digicert.OrderCertificate{
					ID:                101015,
					Thumbprint:        "03F6",
					SerialNumber:      "0FDA",
					CommonName:        "example.com",
					DNSNames:          []string{"sub1.example.com", "sub2.example.com", "sub3.example.com", "sub4.example.com"},
					ValidTill:         digicert.Date{Year: 2020, Month: time.June, Day: 15},
					OrganizationUnits: []string{"IT Dept."},
					SignatureHash:     "sha256",
				},
				Subaccount: digicert.Subaccount{
					AccountID:        123445,
					AccountType:      digicert.AccountTypeEnterprise,
					OrganizationName: "Sub account organization",
				},
				Product:       digicert.Product{NameID: "ssl_multi_domain", Name: "Multi-Domain SSL", Type: "ssl_certificate"},
				OrderPrice:    digicert.Price{Cost: decimal.NewFromInt(358), Currency: "USD"},
				Status:        digicert.OrderStatusIssued,
				NumberOfSANs:  4,
				DateCreated:   utc(2019, time.June, 11, 7, 8, 4),
				DateIssued:    utc(2019, time.June, 11, 7, 9, 0),
				ValidityYears: 1,
			},
			{
				ID: 123458,
				Certificate: digicert.OrderCertificate{
					ID:                3179443638,
					Thumbprint:        "",
					SerialNumber:      "",
					CommonName:        "example2.com",
					DNSNames:          []string{"sub.example2.com"},
					ValidTill:         digicert.Date{},
					OrganizationUnits: []string{"Finance Department"},
					SignatureHash:     "sha256",
				},
				Subaccount: digicert.Subaccount{
					AccountID:        123445,
					AccountType:      digicert.AccountTypeEnterprise,
					OrganizationName: "Sub account organization",
				},
				Product:       digicert.Product{NameID: "ssl_securesite", Name: "Secure Site SSL", Type: "ssl_certificate"},
				OrderPrice:    digicert.Price{Cost: decimal.NewFromInt(399), Currency: "USD"},
				Status:        digicert.OrderStatusPending,
				NumberOfSANs:  1,
				DateCreated:   utc(2019, time.June, 21, 9, 6, 47),
				DateIssued:    time.Time{},
				ValidityYears: 1,
			},
		},
		Page: digicert.PageInfo{Total: 3, Limit: 1000, Offset: 0},
	}
}

// sampleChanges is what testdata/status_changes.json says.
func sampleChanges() []digicert.StatusChange {
	return []digicert.StatusChange{
		{OrderID: 265, CertificateID: 112233, Status: digicert.OrderStatusIssued},
		{OrderID: 264, CertificateID: 112232, Status: digicert.OrderStatusCanceled},
		{OrderID: 263, CertificateID: 112231, Status: digicert.OrderStatusIssued},
		{OrderID: 262, CertificateID: 112230, Status: digicert.OrderStatusRejected},
		{OrderID: 261, CertificateID: 112229, Status: digicert.OrderStatusIssued},
		{OrderID: 260, CertificateID: 112228, Status: digicert.OrderStatusIssued},
		{OrderID: 259, CertificateID: 112227, Status: digicert.OrderStatusIssued},
	}
}

// requirePrintable asserts that a message is one line.
func requirePrintable(t testing.TB, text string) {
	t.Helper()
	require.False(t, strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }), "%q", text)
}
