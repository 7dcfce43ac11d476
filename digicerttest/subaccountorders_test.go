package digicerttest_test

import (
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

const orderPath = "/account/subaccount/order"

// orderServer returns a server with subaccounts 10, 20 below it and 30 below that, with orders 1 to 6, and order 7 of
// the account itself.
func orderServer(t *testing.T, opts ...digicerttest.Option) *digicerttest.Server {
	t.Helper()
	s := newServer(t, opts...)
	require.NoError(t, s.AddSubaccount(0, digicert.Subaccount{AccountID: 10, OrganizationName: "Ten"}))
	require.NoError(t, s.AddSubaccount(10, digicert.Subaccount{AccountID: 20, AccountType: "retail", OrganizationName: "Twenty"}))
	require.NoError(t, s.AddSubaccount(20, digicert.Subaccount{AccountID: 30, AccountType: "reseller", OrganizationName: "Thirty"}))
	at := func(month time.Month, day, hour int) time.Time {
		return time.Date(2023, month, day, hour, 0, 0, 0, time.UTC)
	}
	for _, o := range []struct {
		account digicert.AccountID
		status  digicert.OrderStatus
		name    string
		product string
		created time.Time
		years   int
		till    digicert.Date
	}{
		{10, "issued", "b.example", "ssl_plus", at(1, 1, 0), 1, date(2024, 1, 1)},
		{20, "issued", "A.example", "ssl_wildcard", at(1, 1, 23), 2, date(2025, 1, 1)},
		{30, "expired", "b.example", "ssl_plus", at(1, 2, 0), 1, date(2024, 1, 2)},
		{10, "pending", "c.example", "ssl_basic", at(3, 1, 12), 3, digicert.Date{}},
		{20, "revoked", "a.example", "ssl_plus", at(2, 1, 12), 1, date(2024, 1, 3)},
		{30, "canceled", "d.example", "ssl_basic", at(2, 1, 12), 2, digicert.Date{}},
		{0, "issued", "own.example", "ssl_plus", at(1, 1, 0), 1, date(2024, 1, 1)},
	} {
		id := digicert.OrderID(s.Orders() + 1)
		require.NoError(t, s.AddOrder(digicert.SubaccountOrder{
			ID:            id,
			Certificate:   digicert.OrderCertificate{ID: digicert.CertificateID(id) + 1000, CommonName: o.name, ValidTill: o.till},
			Subaccount:    digicert.Subaccount{AccountID: o.account},
			Product:       digicert.Product{NameID: o.product},
			Status:        o.status,
			DateCreated:   o.created,
			ValidityYears: o.years,
		}))
	}
	return s
}

func TestOrderPage(t *testing.T) {
	t.Parallel()
	s := orderServer(t)
	capped := orderServer(t, digicerttest.WithPageLimit(4))
	for _, tt := range []struct {
		name   string
		server *digicerttest.Server
		query  string
		rows   int
		page   string
	}{
		{"default", s, "", 6, `{"total":6,"limit":1000,"offset":0}`},
		{"limit and offset", s, "?limit=2&offset=3", 2, `{"total":6,"limit":2,"offset":3}`},
		{"behind the end", s, "?offset=100", 0, `{"total":6,"limit":1000,"offset":100}`},
		{"total counts what the filter lets through", s, query("limit", "1", "filters[status]", "issued"), 1, `{"total":3,"limit":1,"offset":0}`},
		{"capped by default", capped, "", 4, `{"total":6,"limit":4,"offset":0}`},
		{"capped below the limit", capped, "?limit=6", 4, `{"total":6,"limit":4,"offset":0}`},
		{"not capped above it", capped, "?limit=3", 3, `{"total":6,"limit":3,"offset":0}`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := get(t, tt.server, orderPath+tt.query)
			require.Len(t, rows(t, got, "orders"), tt.rows)
			require.Contains(t, got.body, `"page":`+tt.page)
		})
	}
}

func TestOrderParametersRefused(t *testing.T) {
	t.Parallel()
	s := orderServer(t)
	for _, tt := range []struct {
		name, query string
		codes       []string
	}{
		{"limit too large", "?limit=1001", []string{"invalid_parameter|limit"}},
		{"limit negative", "?limit=-1", []string{"invalid_parameter|limit"}},
		{"limit no number", "?limit=ten", []string{"invalid_parameter|limit"}},
		{"limit with a sign", "?limit=%2B5", []string{"invalid_parameter|limit"}},
		{"limit twice", "?limit=1&limit=2", []string{"invalid_parameter|limit"}},
		{"offset negative", "?offset=-1", []string{"invalid_parameter|offset"}},
		{"offset no number", "?offset=1.5", []string{"invalid_parameter|offset"}},
		{"sort by an unknown key", "?sort=id,-colour", []string{"invalid_parameter|sort"}},
		{"sort by nothing", "?sort=id,", []string{"invalid_parameter|sort"}},
		{"sort twice descending", "?sort=--id", []string{"invalid_parameter|sort"}},
		{"id 0", "?filters[id]=0", []string{"invalid_parameter|filters[id]"}},
		{"id no number", "?filters[id]=abc", []string{"invalid_parameter|filters[id]"}},
		{"certificate id negative", "?filters[certificate_id]=-1", []string{"invalid_parameter|filters[certificate_id]"}},
		{"subaccount no number", "?filters[subaccount]=Ten", []string{"invalid_parameter|filters[subaccount]"}},
		{"date without an operator", "?filters[date_created]=2023-01-01", []string{"invalid_parameter|filters[date_created]"}},
		{"date that is none", "?filters[date_created]=>2023-02-30", []string{"invalid_parameter|filters[date_created]"}},
		{"range with a date that is none", "?filters[valid_till]=2023-01-01...soon", []string{"invalid_parameter|filters[valid_till]"}},
		{"range with two open ends", "?filters[valid_till]=...", []string{"invalid_parameter|filters[valid_till]"}},
		{"range that ends before it starts", "?filters[valid_till]=2023-01-02...2023-01-01", []string{"invalid_parameter|filters[valid_till]"}},
		{"unknown filter", "?filters[color]=red", []string{"invalid_parameter|filters[color]"}},
		{"misspelt parameter", "?ofset=10", []string{"invalid_parameter|ofset"}},
		{"several", "?limit=x&offset=y&zzz=1", []string{"invalid_parameter|limit", "invalid_parameter|offset", "invalid_parameter|zzz"}},
		{"bad escape", "?limit=%zz", []string{"invalid_parameter"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			requireError(t, get(t, s, orderPath+tt.query), http.StatusBadRequest, tt.codes...)
		})
	}
}

// TestOrderFields checks the fields that an order has for its status and its subaccount.
func TestOrderFields(t *testing.T) {
	t.Parallel()
	always := []string{"id", "subaccount", "product", "order_price", "status", "number_of_sans", "date_created", "validity_years"}
	certificate := []string{"id", "common_name", "dns_names", "organization_units", "signature_hash"}
	issuedOnly := []string{"thumbprint", "serial_number", "valid_till"}
	for status, issued := range map[digicert.OrderStatus]bool{
		"issued": true, "revoked": true, "expired": true, "reissue_pending": true, "reissue_processing": true,
		"pending": false, "rejected": false, "waiting_pickup": false, "needs_approval": false, "needs_csr": false,
		"processing": false, "approved": false, "denied": false,
		// These statuses imply nothing; all fields are sent.
		"canceled": true, "brand_new": true,
	} {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			require.NoError(t, s.AddSubaccount(0, digicert.Subaccount{AccountID: 10}))
			require.NoError(t, s.AddSubaccount(10, digicert.Subaccount{AccountID: 20}))
			for i, account := range []digicert.AccountID{10, 20} {
				require.NoError(t, s.AddOrder(digicert.SubaccountOrder{
					ID: digicert.OrderID(i + 1),
					Certificate: digicert.OrderCertificate{
						Thumbprint: "AA", SerialNumber: "BB", ValidTill: date(2025, 1, 2), OrganizationUnits: []string{"IT"},
					},
					Subaccount: digicert.Subaccount{AccountID: account},
					Status:     status,
					DateIssued: noon,
				}))
			}
			list := rows(t, get(t, s, orderPath), "orders")
			immediate, deeper := list[0], list[1]
			wantRow, wantCertificate := slices.Clone(always), slices.Clone(certificate)
			if issued {
				wantRow = append(wantRow, "date_issued")
				wantCertificate = append(wantCertificate, issuedOnly...)
			}
			require.ElementsMatch(t, append(slices.Clone(wantRow), "certificate"), keys(immediate))
			require.ElementsMatch(t, wantRow, keys(deeper))
			require.ElementsMatch(t, wantCertificate, keys(immediate["certificate"].(map[string]any)))
			require.Equal(t, string(status), immediate["status"])
		})
	}
}

// TestOrderRow compares a whole row, with text that needs escaping and a fractional price.
func TestOrderRow(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{
		ID: 1 << 40,
		Certificate: digicert.OrderCertificate{
			ID: 1 << 41, Thumbprint: "AB", SerialNumber: "CD", CommonName: "bücher.example", DNSNames: []string{`a"\<b`},
			ValidTill: date(2025, 3, 4), OrganizationUnits: []string{}, SignatureHash: "sha384",
		},
		Subaccount:    digicert.Subaccount{AccountID: 5, AccountType: "retail", OrganizationName: "A \"quoted\"\nname\x00 </script>"},
		Product:       digicert.Product{NameID: "n", Name: "N", Type: "t"},
		OrderPrice:    digicert.Price{Cost: cents(19950), Currency: "EUR"},
		Status:        "issued",
		NumberOfSANs:  3,
		DateCreated:   time.Date(2023, 12, 31, 20, 59, 59, 999, time.FixedZone("", -5*3600)),
		DateIssued:    time.Date(2024, 1, 2, 3, 4, 5, 0, time.UTC),
		ValidityYears: 2,
	}))
	require.JSONEq(t, `{"orders":[{
		"id": 1099511627776,
		"certificate": {"id": 2199023255552, "thumbprint": "AB", "serial_number": "CD", "common_name": "bücher.example",
			"dns_names": ["a\"\\<b"], "valid_till": "2025-03-04", "organization_units": [], "signature_hash": "sha384"},
		"subaccount": {"account_id": 5, "account_type": "retail", "organization_name": "A \"quoted\"\nname\u0000 </script>"},
		"product": {"name_id": "n", "name": "N", "type": "t"},
		"order_price": {"cost": 199.50, "currency": "EUR"},
		"status": "issued", "number_of_sans": 3,
		"date_created": "2024-01-01T01:59:59+00:00", "date_issued": "2024-01-02T03:04:05+00:00", "validity_years": 2
	}],"page":{"total":1,"limit":1000,"offset":0}}`, get(t, s, orderPath).body)
	require.Contains(t, get(t, s, orderPath).body, `"cost":199.50,`, "every digit, and a number")
}
