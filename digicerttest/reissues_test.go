package digicerttest_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func TestReissueRow(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{
		ID:            5,
		Certificate:   digicert.OrderCertificate{ID: 70, CommonName: "a.example", DNSNames: []string{"a.example", "b.example"}},
		Status:        "issued",
		ValidityYears: 2,
	}))
	full := digicert.Reissue{
		ID: 1 << 40, Thumbprint: "AB", SerialNumber: "CD", CommonName: "c.example", DNSNames: []string{"c.example"},
		Status: "issued", DateCreated: noon.Add(-time.Hour), DateIssued: noon, ValidTill: date(2024, 7, 1),
		CSR: "csr", KeySize: 4096, UserID: 9, Email: "e@mail.example", FirstName: "F", LastName: "L", ReceiptID: "33",
		PurchasedDNSNames: new(2), PurchasedWildcardNames: new(1),
	}
	pending, rejected, other := full, full, full
	pending.Status, rejected.Status, other.Status = "pending", "rejected", "odd"
	other.DaysRemaining = new(-3)
	for _, r := range []digicert.Reissue{full, pending, rejected, other, {}} {
		require.NoError(t, s.AddReissue(5, r))
	}
	const issued = `{"id":1099511627776,"thumbprint":"AB","serial_number":"CD","common_name":"c.example","dns_names":["c.example"],
		"status":"issued","date_created":"2024-06-15T11:00:00+00:00","date_issued":"2024-06-15T12:00:00+00:00",
		"valid_till":"2024-07-01","days_remaining":16,"csr":"csr","key_size":4096,"user_id":9,"email":"e@mail.example",
		"firstname":"F","lastname":"L","receipt_id":"33","purchased_dns_names":"2","purchased_wildcard_names":"1"}`
	const waiting = `{"id":1099511627776,"common_name":"c.example","dns_names":["c.example"],
		"status":"pending","date_created":"2024-06-15T11:00:00+00:00","csr":"csr","key_size":4096,"user_id":9,
		"email":"e@mail.example","firstname":"F","lastname":"L"}`
	got := get(t, s, "/order/certificate/5/reissue")
	list := rows(t, got, "certificates")
	require.Len(t, list, 5)
	require.Equal(t, decoded(t, issued), list[0])
	require.Equal(t, decoded(t, waiting), list[1])
	require.Equal(t, decoded(t, strings.ReplaceAll(waiting, "pending", "rejected")), list[2])
	require.Equal(t, decoded(t, strings.NewReplacer(`"issued"`, `"odd"`, ":16,", ":-3,").Replace(issued)), list[3])

	// Missing fields are filled in as the service sends them.
	filled := list[4]
	require.Equal(t, "a.example", filled["common_name"])
	require.Equal(t, []any{"a.example", "b.example"}, filled["dns_names"])
	require.Equal(t, "1099511627777", filled["id"].(interface{ String() string }).String())
	require.Equal(t, "2024-06-15T12:00:00+00:00", filled["date_created"])
	require.Equal(t, "2024-06-15T12:00:00+00:00", filled["date_issued"])
	require.Equal(t, "2026-06-15", filled["valid_till"])
	require.Equal(t, "1099511627777", filled["receipt_id"])
	require.Equal(t, "0", filled["purchased_dns_names"])
	require.Len(t, filled["thumbprint"], 40)
	require.Len(t, filled["serial_number"], 32)
	require.NotContains(t, filled, "email")
	require.Equal(t, []string{"certificates"}, keys(decoded(t, got.body)), "no page object")
}

func TestReissueDaysRemainingFollowTheClock(t *testing.T) {
	t.Parallel()
	clock := digicerttest.NewClock(time.Date(2024, 6, 30, 23, 59, 59, 0, time.UTC))
	s := newServer(t, digicerttest.WithClock(clock.Now))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 5}))
	require.NoError(t, s.AddReissue(5, digicert.Reissue{ValidTill: date(2024, 7, 1)}))
	for _, want := range []string{"1", "0", "-1"} {
		require.Equal(t, []string{want}, column(t, get(t, s, "/order/certificate/5/reissue"), "certificates", "days_remaining"))
		clock.Advance(24 * time.Hour)
	}
}

func TestReissueArchived(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 5}))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 6}))
	require.NoError(t, s.AddReissue(5, digicert.Reissue{ID: 1}))
	require.NoError(t, s.AddReissue(5, digicert.Reissue{ID: 2, Archived: true}))
	require.NoError(t, s.AddReissue(6, digicert.Reissue{ID: 3, Archived: true}))
	for _, tt := range []struct {
		query, ids string
		archived   []string // "" if the field is absent
	}{
		{"", "1", []string{""}},
		{"?show_archived=", "1", []string{"0"}},
		{"?show_archived=false", "1", []string{"0"}},
		{"?show_archived=0", "1", []string{"0"}},
		{"?show_archived=true", "1 2", []string{"0", "1"}},
		{"?show_archived=1", "1 2", []string{"0", "1"}},
	} {
		t.Run(tt.query, func(t *testing.T) {
			t.Parallel()
			got := get(t, s, "/order/certificate/5/reissue"+tt.query)
			require.Equal(t, strings.Fields(tt.ids), column(t, got, "certificates", "id"))
			if tt.archived[0] == "" {
				require.NotContains(t, got.body, "archived")
				return
			}
			require.Equal(t, tt.archived, column(t, got, "certificates", "archived"))
		})
	}
	require.JSONEq(t, `{}`, get(t, s, "/order/certificate/6/reissue").body, "all are archived")
}

func TestReissueRefusals(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 5}))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1 << 62}))
	require.JSONEq(t, `{}`, get(t, s, "/order/certificate/5/reissue").body, "an order without reissues")
	require.JSONEq(t, `{}`, get(t, s, "/order/certificate/4611686018427387904/reissue").body)
	for _, tt := range []struct {
		path   string
		status int
		code   string
	}{
		{"/order/certificate/6/reissue", http.StatusNotFound, "not_found|order"},
		{"/order/certificate/0/reissue", http.StatusNotFound, "not_found|order"},
		{"/order/certificate/99999999999999999999/reissue", http.StatusNotFound, "not_found|order"},
		{"/order/certificate/-5/reissue", http.StatusNotImplemented, "not_implemented"},
		{"/order/certificate/five/reissue", http.StatusNotImplemented, "not_implemented"},
		{"/order/certificate//reissue", http.StatusNotImplemented, "not_implemented"},
		{"/order/certificate/5/reissue?show_archived=yes", http.StatusBadRequest, "invalid_parameter|show_archived"},
		{"/order/certificate/5/reissue?limit=5", http.StatusBadRequest, "invalid_parameter|limit"},
	} {
		t.Run(tt.path, func(t *testing.T) {
			t.Parallel()
			requireError(t, get(t, s, tt.path), tt.status, tt.code)
		})
	}
}

// TestAddReissueKeeps checks that a reissue is stored as given, in whole seconds and without sharing memory.
func TestAddReissueKeeps(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 5}))
	given := digicert.Reissue{
		ID: 1, Thumbprint: "AB", SerialNumber: "CD", CommonName: "c.example", DNSNames: []string{"c.example"},
		Status: "pending", DateCreated: noon, DateIssued: noon, ValidTill: date(2024, 7, 1), DaysRemaining: new(7),
		CSR: "csr", KeySize: 4096, Archived: true, UserID: 9, Email: "e@mail.example", FirstName: "F", LastName: "L",
		ReceiptID: "33", PurchasedDNSNames: new(2), PurchasedWildcardNames: new(1),
	}
	sent := given
	sent.DNSNames, sent.DaysRemaining = []string{"c.example"}, new(7)
	sent.DateCreated = noon.Add(time.Millisecond).In(time.FixedZone("", 3600))
	sent.DateIssued = sent.DateCreated
	require.NoError(t, s.AddReissue(5, sent))
	sent.DNSNames[0], *sent.DaysRemaining = "changed", 8
	require.Equal(t, []digicert.Reissue{given}, s.Reissues(5))
	s.Reissues(5)[0].DNSNames[0] = "changed"
	require.Equal(t, []digicert.Reissue{given}, s.Reissues(5))
}

func TestAddReissueRefuses(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 5}))
	for name, tt := range map[string]struct {
		order digicert.OrderID
		row   digicert.Reissue
		text  string
	}{
		"unknown order":    {6, digicert.Reissue{}, "digicerttest: AddReissue to order 6: the order does not exist"},
		"negative id":      {5, digicert.Reissue{ID: -1}, "digicerttest: AddReissue to order 5: certificate id -1 is outside 1 to 2^62"},
		"negative size":    {5, digicert.Reissue{KeySize: -1}, "digicerttest: AddReissue to order 5: -1 bits and user 0: neither may be negative"},
		"impossible day":   {5, digicert.Reissue{ValidTill: date(2023, 2, 30)}, "digicerttest: AddReissue to order 5: valid_till: 2023-02-30 is not a valid date"},
		"impossible time":  {5, digicert.Reissue{DateCreated: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}, "digicerttest: AddReissue to order 5: the year of a date is out of range"},
		"impossible issue": {5, digicert.Reissue{DateIssued: time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)}, "digicerttest: AddReissue to order 5: the year of a date is out of range"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.EqualError(t, s.AddReissue(tt.order, tt.row), tt.text)
			require.Empty(t, s.Reissues(5))
		})
	}
}
