package digicerttest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

const ownPath = "/order/certificate"

// ownServer has orders 1 to 6 of the account itself and order 7 of a subaccount.
func ownServer(t *testing.T, opts ...digicerttest.Option) *digicerttest.Server {
	t.Helper()
	s := newServer(t, opts...)
	for i, o := range []digicert.SubaccountOrder{
		{
			Status: "issued", ValidityYears: 2, OrderPrice: digicert.Price{Cost: cents(19850)},
			Certificate: &digicert.OrderCertificate{CommonName: "www.b.example", DNSNames: []string{"www.b.example", "b.example"}, SerialNumber: "0a"},
		},
		{Status: "pending", Certificate: &digicert.OrderCertificate{CommonName: "A.example", SerialNumber: "0b", Thumbprint: "AA"}},
		{Status: "rejected", Certificate: &digicert.OrderCertificate{CommonName: "c.example", ValidTill: date(2030, 1, 1), SerialNumber: "0c"}},
		{
			Status: "expired", Product: digicert.Product{NameID: "ssl_dv_rapidssl", Name: "RapidSSL", Type: "dv_ssl_certificate"},
			Certificate: &digicert.OrderCertificate{CommonName: "notb.example", ValidTill: date(2024, 6, 1), SerialNumber: "0d"},
		},
		{
			Status: "reissue_pending", Product: digicert.Product{NameID: "ssl_ev_plus", Name: "EV SSL", Type: "ssl_certificate"},
			Certificate: &digicert.OrderCertificate{CommonName: "e.example", OrganizationUnits: []string{"IT"}},
		},
		{Status: "canceled", Product: digicert.Product{NameID: "client_premium", Name: "Premium", Type: "client_certificate"}, Certificate: &digicert.OrderCertificate{CommonName: "Jo Doe"}},
		{Status: "issued", Subaccount: digicert.Subaccount{AccountID: 10, OrganizationName: "Ten"}},
	} {
		o.ID = digicert.OrderID(i + 1)
		if o.Certificate == nil {
			o.Certificate = new(digicert.OrderCertificate)
		}
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
		{"two filters", []string{"filters[status]", "issued", "filters[search]", "%not"}, "4"},
		{"sort by id", []string{"sort", "order_id"}, "1 2 3 4 5 6"},
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
			if tt.want == "" { // an empty list lacks its key
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

func TestOrderInfo(t *testing.T) {
	t.Parallel()
	s := ownServer(t)
	require.NoError(t, s.SetStatusAt(5, "reissue_pending", noon))
	info := func(id int) map[string]any {
		r := get(t, s, fmt.Sprintf("%s/%d", ownPath, id))
		require.Equal(t, 200, r.status)
		return decoded(t, r.body)
	}
	issued, _ := s.Order(1)
	const common = `"is_renewed":false,"is_out_of_contract":false,"renewed_order_id":0,"disable_renewal_notifications":false,
		"auto_renew":0,"auto_reissue":0,"container":{"id":5,"name":"Example Account"},
		"organization":{"id":117483,"name":"Example Organization","assumed_name":"Example Organization",
			"display_name":"Example Organization","city":"Springfield","state":"Illinois","country":"us"},
		"user":{"id":1576,"firstname":"Logan","lastname":"Nelson","email":"logan.nelson@example.com"},
		"cs_provisioning_method":"none","payment_method":"balance",`
	const ofCertificate = `"csr":"<csr>","organization":{"id":117483},
		"server_platform":{"id":45,"name":"nginx","install_url":"https://docs.example/install/nginx","csr_url":"https://docs.example/csr/nginx"},
		"signature_hash":"sha256","key_size":2048,"ca_cert":{"id":"D161CE127E57CA01","name":"digicerttest TLS CA"}}`
	require.Equal(t, decoded(t, `{"id":1,"status":"issued",`+common+`"alternative_order_id":"digicerttest-1",
		"date_created":"2023-06-15T12:00:00+00:00","date_issued":"2023-06-15T12:00:00+00:00","order_valid_till":"2025-06-15",
		"validity_years":2,"order_validity":{"years":2},
		"product":{"name_id":"ssl_plus","name":"Standard SSL","type":"ssl_certificate",
			"validation_type":"ov","validation_name":"OV","validation_description":"Normal Organization Validation"},
		"requests":[{"id":2,"date":"2023-06-15T12:00:00+00:00","type":"new_request","status":"approved","comments":"A request of digicerttest."}],
		"receipt_id":1001,"purchased_dns_names":2,"price":198.50,"is_multi_year_plan":"1","has_pending_request":false,
		"certificate":{"id":1001,"thumbprint":"`+issued.Certificate.Thumbprint+`","serial_number":"0a","common_name":"www.b.example",
			"dns_names":["www.b.example","b.example"],"date_created":"2023-06-15T12:00:00+00:00","date_issued":"2023-06-15T12:00:00+00:00",
			"valid_from":"2023-06-15","valid_till":"2025-06-15","days_remaining":365,`+ofCertificate+`}`), info(1))
	require.Equal(t, decoded(t, `{"id":2,"status":"pending",`+common+`"alternative_order_id":"digicerttest-2",
		"date_created":"2023-06-16T12:00:00+00:00","validity_years":1,"order_validity":{"years":1},
		"product":{"name_id":"ssl_plus","name":"Standard SSL","type":"ssl_certificate",
			"validation_type":"ov","validation_name":"OV","validation_description":"Normal Organization Validation"},
		"requests":[{"id":4,"date":"2023-06-16T12:00:00+00:00","type":"new_request","status":"pending","comments":"A request of digicerttest."}],
		"purchased_dns_names":1,"price":0,"has_pending_request":true,
		"certificate":{"id":1002,"common_name":"A.example","dns_names":["A.example"],`+ofCertificate+`}`), info(2))

	require.Equal(t, "rejected", info(3)["requests"].([]any)[0].(map[string]any)["status"])
	dv := info(4)
	require.Equal(t, []any{}, dv["organization"])
	require.Equal(t, []any{}, dv["certificate"].(map[string]any)["organization"])
	require.Equal(t, "dv", dv["product"].(map[string]any)["validation_type"])
	require.Equal(t, "2024-06-18", dv["order_valid_till"], "the certificate ends before its order")
	ev := info(5)
	require.Equal(t, "EV", ev["product"].(map[string]any)["validation_name"])
	require.Equal(t, true, ev["has_pending_request"])
	require.Equal(t, []any{"IT"}, ev["certificate"].(map[string]any)["organization_units"])
	require.Len(t, ev["requests"], 2)
	require.Equal(t, decoded(t, `{"id":11,"date":"2024-06-15T12:00:00+00:00","type":"reissue","status":"pending"}`), ev["requests"].([]any)[1])
	client := info(6)
	require.Equal(t, []any{"logan.nelson@example.com"}, client["certificate"].(map[string]any)["emails"])
	require.NotContains(t, client["certificate"], "valid_from", "what was canceled before its issue has no dates")
	sub := info(7)
	require.Equal(t, "Ten", sub["organization"].(map[string]any)["name"], "orders of subaccounts are known too")
}

func TestOrderInfoWithLongCertificate(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1, Status: "issued", Certificate: &digicert.OrderCertificate{ValidTill: date(2026, 7, 1)}}))
	require.Contains(t, get(t, s, ownPath+"/1").body, `"order_valid_till":"2026-07-01"`)
}

// TestOrderInfoThroughTheClient shows that what is sent is what the client reads.
func TestOrderInfoThroughTheClient(t *testing.T) {
	t.Parallel()
	s := ownServer(t)
	require.NoError(t, s.AddReissue(1, digicert.Reissue{DateCreated: noon}))
	require.NoError(t, s.AddDuplicate(1, digicert.Duplicate{DateCreated: noon}))
	c := s.Client()
	o, err := c.Orders.Get(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, "1001", o.ReceiptID)
	require.True(t, o.IsMultiYearPlan)
	require.Equal(t, "198.5", o.Price.String())
	require.Equal(t, date(2025, 6, 15), o.OrderValidTill)
	require.Equal(t, "digicerttest-1", o.AlternativeOrderID)
	require.Equal(t, digicert.User{ID: 1576, FirstName: "Logan", LastName: "Nelson", Email: "logan.nelson@example.com"}, o.User)
	require.Equal(t, "OV", o.Product.ValidationName)
	require.Equal(t, "nginx", o.Certificate.ServerPlatform.Name)
	require.Equal(t, 365, *o.Certificate.DaysRemaining)
	require.Equal(t, noon.AddDate(-1, 0, 0), o.Certificate.DateIssued)
	var ids []digicert.OrderID
	for o, err := range c.Orders.All(t.Context(), &digicert.ListOrdersParams{Limit: 2}) {
		require.NoError(t, err)
		ids = append(ids, o.ID)
	}
	require.Equal(t, []digicert.OrderID{1, 2, 3, 4, 5, 6}, ids)
	h, err := c.Orders.History(t.Context(), 1)
	require.NoError(t, err)
	require.Len(t, h.Entries, 3)
	require.True(t, h.Entries[1].Current, "the reissue")
	require.NotNil(t, h.Entries[2].Duplicate)
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
		{"?sort=id", http.StatusBadRequest, "invalid_parameter|sort"},
		{query("filters[organization_id]", "x"), http.StatusBadRequest, "invalid_parameter|filters[organization_id]"},
		{query("filters[is_renewed]", "yes"), http.StatusBadRequest, "invalid_parameter|filters[is_renewed]"},
		{query("filters[subaccount]", "1"), http.StatusBadRequest, "invalid_parameter|filters[subaccount]"},
		{"/8", http.StatusNotFound, "not_found|order"},
		{"/0", http.StatusNotFound, "not_found|order"},
		{"/1?limit=1", http.StatusBadRequest, "invalid_parameter|limit"},
		{"/one", http.StatusNotFound, "not_found|route"},
		{"/1/", http.StatusNotFound, "not_found|route"},
	} {
		t.Run(tt.path, func(t *testing.T) {
			t.Parallel()
			requireError(t, get(t, s, ownPath+tt.path), tt.status, tt.code)
		})
	}
	// The path of status changes is not taken for that of an order.
	require.Equal(t, 200, get(t, s, changesPath+"?minutes=1").status)
	require.Equal(t, digicerttest.StatusChanges, s.Requests()[len(s.Requests())-1].Endpoint)
	requireError(t, get(t, s, orderPath+"?sort=status"), http.StatusBadRequest, "invalid_parameter|sort")
}

// TestOwnOrdersComeAndGo looks at the list after removals, and at views that have become old.
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

// TestFaultsThatDistortNeighbours distorts the answers that are lists, and those that are one order.
func TestFaultsThatDistortNeighbours(t *testing.T) {
	t.Parallel()
	type fault = digicerttest.Fault
	const subOrder = orderPath + "/8"
	for _, tt := range []struct {
		name, path, want string // want holds what is looked at
		faults           []fault
		lacks            string
	}{
		{"list with missing keys", ownPath, `{"orders":[{"id":1},{"id":2}]}`, []fault{digicerttest.MissingKeys()}, "page"},
		{"list twice, in pages", ownPath + "?limit=2&offset=1", `{"orders":[{"id":1},{"id":2}]}`, []fault{digicerttest.DuplicateRows(), digicerttest.MissingKeys()}, ""},
		{"empty list with nulls", ownPath + "?offset=2", `{"orders":null}`, []fault{digicerttest.Nulls()}, ""},
		{"order with missing keys", ownPath + "/1", `{"id":1}`, []fault{digicerttest.MissingKeys()}, "certificate"},
		{
			"order with empty arrays", ownPath + "/1",
			`{"id":1,"certificate":[],"organization":[],"container":[],"product":[],"user":[],"order_validity":[]}`,
			[]fault{digicerttest.EmptyArraysForObjects()},
			"",
		},
		{
			"order with numbers as strings", ownPath + "/1",
			`{"id":"1","receipt_id":"70","renewed_order_id":"0","price":"0","auto_renew":"0","purchased_dns_names":"1"}`,
			[]fault{digicerttest.NumbersAsStrings()},
			"",
		},
		{
			"order with nulls", ownPath + "/2",
			`{"date_issued":null,"order_valid_till":null,"receipt_id":null,"is_multi_year_plan":null}`,
			[]fault{digicerttest.Nulls()},
			"",
		},
		{"duplicates twice", ownPath + "/1/duplicate", `{"certificates":[{"id":73},{"id":73}]}`, []fault{digicerttest.DuplicateRows(), digicerttest.MissingKeys()}, ""},
		{"no duplicates, with empty arrays", ownPath + "/2/duplicate", `[]`, []fault{digicerttest.EmptyArraysForObjects()}, ""},
		{"no duplicates, with nulls", ownPath + "/2/duplicate", `{"certificates":null}`, []fault{digicerttest.Nulls()}, ""},
		{"subaccounts twice", subaccountPath, `{"subaccounts":[{"account_id":10},{"account_id":10}]}`, []fault{digicerttest.DuplicateRows(), digicerttest.MissingKeys()}, "page"},
		{"subaccount order with missing keys", subOrder, `{"id":8}`, []fault{digicerttest.MissingKeys()}, "status"},
		{"subaccount order with empty arrays", subOrder, `{"certificate":[],"organization":[],"subaccount":[]}`, []fault{digicerttest.EmptyArraysForObjects()}, ""},
		{"subaccount order with nulls", subOrder, `{"certificate":null,"date_issued":null,"order_valid_from":null,"order_valid_till":null}`, []fault{digicerttest.Nulls()}, ""},
		{"chain twice", "/certificate/70/chain", `{"intermediates":[{},{},{},{},{},{}]}`, []fault{digicerttest.DuplicateRows(), digicerttest.MissingKeys()}, ""},
		{"no chain, with empty arrays", "/certificate/71/chain", `[]`, []fault{digicerttest.EmptyArraysForObjects()}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1, Status: "issued", Certificate: &digicert.OrderCertificate{ID: 70}}))
			require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 2, Certificate: &digicert.OrderCertificate{ID: 71}}))
			require.NoError(t, s.AddDuplicate(1, digicert.Duplicate{ID: 73}))
			require.NoError(t, s.AddSubaccount(0, digicert.Subaccount{AccountID: 10}))
			require.NoError(t, s.AddSubaccount(10, digicert.Subaccount{AccountID: 20}))
			require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 8, Subaccount: digicert.Subaccount{AccountID: 20}}))
			require.NoError(t, s.Inject(tt.faults...))
			got := get(t, s, tt.path)
			require.Equal(t, 200, got.status)
			require.Equal(t, 1, s.Stats().Faulted)
			if tt.want[0] == '[' {
				require.JSONEq(t, tt.want, got.body)
				return
			}
			doc := decoded(t, got.body)
			for key, want := range decoded(t, tt.want) {
				require.Contains(t, doc, key)
				require.Equal(t, want, doc[key], key)
			}
			require.NotContains(t, doc, tt.lacks)
		})
	}
	t.Run("nulls within the certificate", func(t *testing.T) {
		t.Parallel()
		s := ownServer(t)
		require.NoError(t, s.Inject(digicerttest.Nulls()))
		for _, certificate := range []any{
			decoded(t, get(t, s, ownPath+"/2").body)["certificate"], rows(t, get(t, s, ownPath), "orders")[1]["certificate"],
		} {
			for _, key := range []string{"serial_number", "valid_from", "valid_till", "days_remaining"} {
				require.Contains(t, certificate, key)
				require.Nil(t, certificate.(map[string]any)[key])
			}
		}
	})
	t.Run("one order has no rows to repeat", func(t *testing.T) {
		t.Parallel()
		s := ownServer(t)
		want := get(t, s, ownPath+"/1").body
		require.NoError(t, s.Inject(digicerttest.DuplicateRows().Times(1)))
		require.Equal(t, want, get(t, s, ownPath+"/1").body)
		get(t, s, orderPath+"/7")
		require.Zero(t, s.Stats().Faulted)
		require.Len(t, rows(t, get(t, s, orderPath), "orders"), 2)
	})
}
