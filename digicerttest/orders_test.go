package digicerttest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/stretchr/testify/require"
)

// ownServer returns a server with orders 1 to 6 of the account itself and order 7 of a subaccount.
func ownServer(t *testing.T, opts ...digicerttest.Option) *digicerttest.Server {
	t.Helper()
	s := newServer(t, opts...)
	for i, o := range []digicert.SubaccountOrder{
		{
			Status: "issued", ValidityYears: 2, OrderPrice: digicert.Price{Cost: cents(19850)},
			Certificate: digicert.OrderCertificate{CommonName: "www.b.example", DNSNames: []string{"www.b.example", "b.example"}, SerialNumber: "0a"},
		},
		{Status: "pending", Certificate: digicert.OrderCertificate{CommonName: "A.example", SerialNumber: "0b", Thumbprint: "AA"}},
		{Status: "rejected", Certificate: digicert.OrderCertificate{CommonName: "c.example", ValidTill: date(2030, 1, 1), SerialNumber: "0c"}},
		{
			Status: "expired", Product: digicert.Product{NameID: "ssl_dv_rapidssl", Name: "RapidSSL", Type: "dv_ssl_certificate"},
			Certificate: digicert.OrderCertificate{CommonName: "notb.example", ValidTill: date(2024, 6, 1), SerialNumber: "0d"},
		},
		{
			Status: "reissue_pending", Product: digicert.Product{NameID: "ssl_ev_plus", Name: "EV SSL", Type: "ssl_certificate"},
			Certificate: digicert.OrderCertificate{CommonName: "e.example", OrganizationUnits: []string{"IT"}},
		},
		{Status: "canceled", Product: digicert.Product{NameID: "client_premium", Name: "Premium", Type: "client_certificate"}, Certificate: digicert.OrderCertificate{CommonName: "Jo Doe"}},
		{Status: "issued", Subaccount: digicert.Subaccount{AccountID: 10, OrganizationName: "Ten"}},
	} {
		o.ID = digicert.OrderID(i + 1)
		o.Certificate.ID = digicert.CertificateID(i + 1001)
		o.DateCreated = noon.AddDate(-1, 0, i)
		require.NoError(t, s.AddOrder(o))
	}
	return s
}

func TestOwnOrderFiltersAndSorting(t *testing.T) {
	t.Parallel()
	s := ownServer(t)
	for _, tt := range []struct {
		name  string
		query []string
		want  string // ids
	}{
		{"none: by id, those of subaccounts left out", nil, "1 2 3 4 5 6"},
		{"id", []string{"filters[id]", "3"}, "3"},
		{"id of a subaccount's order", []string{"filters[id]", "7"}, ""},
		{"status", []string{"filters[status]", "pending"}, "2"},
		{"issued includes expired", []string{"filters[status]", "issued"}, "1 4"},
		{"organization", []string{"filters[organization_id]", "117483"}, "1 2 3 5 6"},
		{"another organization", []string{"filters[organization_id]", "10"}, ""},
		{"product", []string{"filters[product_name_id]", "ssl_plus"}, "1 2 3"},
		{"valid till, which pending ones and the like lack", []string{"filters[valid_till]", ">2000-01-01"}, "1 4 5"},
		{"user", []string{"filters[user_id]", "1576"}, "1 2 3 4 5 6"},
		{"another user", []string{"filters[user_id]", "1577"}, ""},
		{"common name", []string{"filters[common_name]", "a.EXAMPLE"}, "2"},
		{"domain name, with those below it", []string{"filters[domain_name]", "B.example"}, "1"},
		{"domain name of any name", []string{"filters[domain_name]", "example"}, "1 2 3 4 5"},
		{"created", []string{"filters[date_created]", "<2023-06-17"}, "1 2"},
		{"container", []string{"filters[container_id]", "5"}, "1 2 3 4 5 6"},
		{"another container", []string{"filters[container_id]", "6"}, ""},
		{"renewed", []string{"filters[is_renewed]", "true"}, ""},
		{"not renewed", []string{"filters[is_renewed]", "0"}, "1 2 3 4 5 6"},
		{"email", []string{"filters[email]", "Logan.Nelson@example.com"}, "1 2 3 4 5 6"},
		{"another email", []string{"filters[email]", "nelson@example.com"}, ""},
		{"certificate", []string{"filters[certificate_id]", "1004"}, "4"},
		{"certificate of a subaccount's order", []string{"filters[certificate_id]", "1007"}, ""},
		{"serial number", []string{"filters[serial_number]", "0A"}, "1"},
		{"serial number that is not shown", []string{"filters[serial_number]", "0b"}, ""},
		{"search for a beginning", []string{"filters[search]", "www.B"}, "1"},
		{"search for a beginning of any name", []string{"filters[search]", "b.ex"}, "1"},
		{"search for a part", []string{"filters[search]", "%B.ex"}, "1 4"},
		{"search for a part of nothing", []string{"filters[search]", "%zz"}, ""},
		{"several statuses as PHP writes them", []string{"filters[status][0]", "pending", "filters[status][1]", "rejected"}, "2 3"},
		{"a list of one", []string{"filters[status][]", "pending"}, "2"},
		{"a list for another filter", []string{"filters[common_name][0]", "a.example"}, "2"},
		{"created in a second", []string{"filters[date_created]", "2023-06-16 12:00:00...2023-06-16 12:00:00"}, "2"},
		{"created since a time, open end", []string{"filters[date_created]", "2023-06-18T12:00:00..."}, "4 5 6"},
		{"created until a time, open start", []string{"filters[date_created]", "...2023-06-16T11:59:59Z"}, "1"},
		{"created after a time", []string{"filters[date_created]", ">2023-06-19T12:00:00"}, "6"},
		{"valid till within hours of a day", []string{"filters[valid_till]", "2024-06-01 10:00:00...2024-06-01 11:00:00"}, "4"},
		{"with the content type as a parameter", []string{"content_type", "json", "filters[status]", "pending"}, "2"},
		{"two filters", []string{"filters[status]", "issued", "filters[search]", "%not"}, "4"},
		{"sort by id, descending", []string{"sort", "-order_id"}, "6 5 4 3 2 1"},
		{"sort by name", []string{"sort", "common_name"}, "2 6 3 5 4 1"},
		{"sort by product", []string{"sort", "product_name"}, "5 6 4 1 2 3"},
		{"sort by the last day, those without one first", []string{"sort", "valid_till"}, "2 3 6 4 5 1"},
		{"sort by creation, descending", []string{"sort", "-date_created"}, "6 5 4 3 2 1"},
		{"sort by years", []string{"sort", "-validity_years"}, "1 2 3 4 5 6"},
		{"sort by status", []string{"sort", "status"}, "6 4 1 2 5 3"},
		{"filter and sort", []string{"filters[status]", "issued", "sort", "-order_id"}, "4 1"},
		{"limit and offset", []string{"limit", "2", "offset", "3"}, "4 5"},
		{"behind the end", []string{"offset", "6"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := get(t, s, ownPath+query(tt.query...))
			require.Equal(t, strings.Fields(tt.want), column(t, got, "orders", "id"))
			if tt.want == "" { // the key of an empty list is absent
				require.Equal(t, []string{"page"}, keys(decoded(t, got.body)))
			}
		})
	}
	require.Len(t, rows(t, get(t, s, orderPath), "orders"), 1, "the other list is not in its views")
	require.Empty(t, rows(t, get(t, s, orderPath+query("filters[status]", "pending")), "orders"))
}

func TestOwnOrderRows(t *testing.T) {
	t.Parallel()
	s := ownServer(t)
	require.NoError(t, s.AddReissue(1, digicert.Reissue{}))
	require.NoError(t, s.AddReissue(1, digicert.Reissue{Archived: true}))
	require.NoError(t, s.AddDuplicate(1, digicert.Duplicate{}))
	const (
		issued = `{"id":1,"certificate":{"id":1001,"common_name":"www.b.example","dns_names":["www.b.example","b.example"],
			"serial_number":"0a","valid_from":"2023-06-15","valid_till":"2025-06-15","days_remaining":365,"signature_hash":"sha256"},
			"status":"issued","is_renewed":false,"date_created":"2023-06-15T12:00:00+00:00",
			"organization":{"id":117483,"name":"Example Organization"},"validity_years":2,"order_validity":{"years":2},
			"order_valid_till":"2025-06-15","disable_renewal_notifications":false,
			"container":{"id":5,"name":"Example Account","is_active":true},
			"product":{"name_id":"ssl_plus","name":"Standard SSL","type":"ssl_certificate"},
			"has_duplicates":true,"duplicates_count":1,"has_reissues":true,"reissues_count":2,"price":198.50,
			"product_name_id":"ssl_plus","number_of_sans":2,"is_multi_year_plan":"1"}`
		rejected = `{"id":3,"certificate":{"id":1003,"common_name":"c.example","dns_names":["c.example"],"signature_hash":"sha256"},
			"status":"rejected","is_renewed":false,"date_created":"2023-06-17T12:00:00+00:00",
			"organization":{"id":117483,"name":"Example Organization"},"validity_years":1,"order_validity":{"years":1},
			"disable_renewal_notifications":false,"container":{"id":5,"name":"Example Account","is_active":true},
			"product":{"name_id":"ssl_plus","name":"Standard SSL","type":"ssl_certificate"},
			"has_duplicates":false,"duplicates_count":0,"has_reissues":false,"reissues_count":0,"price":0,
			"product_name_id":"ssl_plus","number_of_sans":1}`
	)
	got := get(t, s, ownPath+"?limit=4")
	list := rows(t, got, "orders")
	require.Equal(t, decoded(t, issued), list[0])
	require.Equal(t, decoded(t, rejected), list[2])
	require.Equal(t, []any{}, list[3]["organization"], "a domain-validated product has none")
	require.Equal(t, decoded(t, `{"page":{"total":6,"limit":4,"offset":0}}`)["page"], decoded(t, got.body)["page"])

	capped := ownServer(t, digicerttest.WithPageLimit(2))
	require.Contains(t, get(t, capped, ownPath).body, `"page":{"total":6,"limit":2,"offset":0}`)
}

func TestOwnOrderRefusals(t *testing.T) {
	t.Parallel()
	s := ownServer(t)
	for _, tt := range []struct {
		path   string
		status int
		code   string
	}{
		{"?limit=1001", http.StatusBadRequest, "invalid_parameter|limit"},
		{"?offset=-1", http.StatusBadRequest, "invalid_parameter|offset"},
		{"?sort=email", http.StatusBadRequest, "invalid_parameter|sort"},
		{"?sort=product_name_id", http.StatusBadRequest, "invalid_parameter|sort"},
		{query("filters[organization_id]", "x"), http.StatusBadRequest, "invalid_parameter|filters[organization_id]"},
		{query("filters[is_renewed]", "yes"), http.StatusBadRequest, "invalid_parameter|filters[is_renewed]"},
		{query("filters[subaccount]", "1"), http.StatusBadRequest, "invalid_parameter|filters[subaccount]"},
		{"/8", http.StatusNotFound, "not_found|order"},
		{"/0", http.StatusNotFound, "not_found|order"},
		{"/1?limit=1", http.StatusBadRequest, "invalid_parameter|limit"},
		{"/one", http.StatusNotImplemented, "not_implemented"},
		{"//", http.StatusNotImplemented, "not_implemented"},
	} {
		t.Run(tt.path, func(t *testing.T) {
			t.Parallel()
			requireError(t, get(t, s, ownPath+tt.path), tt.status, tt.code)
		})
	}
	// The path of status changes is not that of an order.
	require.Equal(t, 200, get(t, s, changesPath+"?minutes=1").status)
	require.Equal(t, digicerttest.StatusChanges, s.Requests()[len(s.Requests())-1].Endpoint)
	requireError(t, get(t, s, orderPath+"?sort=status"), http.StatusBadRequest, "invalid_parameter|sort")
}

// TestOwnOrdersComeAndGo checks the list after removals, and that no stale selection is used.
func TestOwnOrdersComeAndGo(t *testing.T) {
	t.Parallel()
	s := ownServer(t)
	pending := ownPath + query("filters[status]", "pending")
	require.Equal(t, []string{"2"}, column(t, get(t, s, pending), "orders", "id"))
	require.NoError(t, s.RemoveOrder(2))
	require.Empty(t, rows(t, get(t, s, pending), "orders"))
	require.Equal(t, []string{"1", "3", "4", "5", "6"}, column(t, get(t, s, ownPath), "orders", "id"))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 2, DateCreated: noon.Add(-time.Hour)}))
	require.Equal(t, []string{"2"}, column(t, get(t, s, pending), "orders", "id"))
	require.Equal(t, []string{"1", "2", "3", "4", "5", "6"}, column(t, get(t, s, ownPath), "orders", "id"))
}
