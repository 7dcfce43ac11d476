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

func TestDuplicateRow(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{
		ID: 5, Status: "issued", ValidityYears: 2,
		Certificate: digicert.OrderCertificate{ID: 70, CommonName: "a.example", DNSNames: []string{"a.example", "b.example"}, SignatureHash: "sha384"},
	}))
	full := digicert.Duplicate{
		ID: 1 << 40, Thumbprint: "AB", SerialNumber: "CD", CommonName: "c.example", DNSNames: []string{"c.example"},
		Status: "issued", DateCreated: noon.Add(-time.Hour), DateIssued: noon, ValidFrom: date(2024, 6, 14), ValidTill: date(2024, 7, 1),
		CSR: "csr", ServerPlatform: digicert.ServerPlatform{ID: -1, Name: "OTHER"}, SignatureHash: "sha512", KeySize: 4096,
		CACertID: "CA", SubID: "7", PublicID: "P", UserID: 9, Email: "e@mail.example", FirstName: "F", LastName: "L", ReceiptID: "33",
		PurchasedDNSNames: new(2), PurchasedWildcardNames: new(1),
	}
	pending, rejected, approved := full, full, full
	pending.Status, rejected.Status, approved.Status = "pending", "rejected", "approved"
	approved.DaysRemaining = new(-3)
	for _, d := range []digicert.Duplicate{full, pending, rejected, approved, {}, {Status: "approved"}} {
		require.NoError(t, s.AddDuplicate(5, d))
	}
	const waiting = `"id":1099511627776,"common_name":"c.example","dns_names":["c.example"],
		"status":"pending","date_created":"2024-06-15T11:00:00+00:00","csr":"csr","server_platform":{"id":-1,"name":"OTHER"},
		"signature_hash":"sha512","key_size":4096,"ca_cert_id":"CA","sub_id":"7","public_id":"P","archived":"0","user_id":9,
		"email":"e@mail.example","firstname":"F","lastname":"L"}`
	issued := `{"thumbprint":"AB","serial_number":"CD","date_issued":"2024-06-15T12:00:00+00:00","valid_from":"2024-06-14",
		"valid_till":"2024-07-01","days_remaining":16,"receipt_id":"33","purchased_dns_names":"2","purchased_wildcard_names":"1",` +
		strings.ReplaceAll(waiting, "pending", "issued")
	got := get(t, s, "/order/certificate/5/duplicate")
	list := rows(t, got, "certificates")
	require.Len(t, list, 6)
	require.Equal(t, decoded(t, issued), list[0])
	require.Equal(t, decoded(t, "{"+waiting), list[1])
	require.Equal(t, decoded(t, "{"+strings.ReplaceAll(waiting, "pending", "rejected")), list[2])
	require.Equal(t, decoded(t, strings.NewReplacer(`"issued"`, `"approved"`, ":16,", ":-3,").Replace(issued)), list[3])

	// Missing fields are filled in as the service sends them.
	filled := list[4]
	for key, want := range map[string]any{
		"common_name": "a.example", "dns_names": []any{"a.example", "b.example"}, "status": "issued", "signature_hash": "sha384",
		"date_created": "2024-06-15T12:00:00+00:00", "date_issued": "2024-06-15T12:00:00+00:00", "valid_from": "2024-06-15",
		"valid_till": "2026-06-15", "receipt_id": "1099511627777", "sub_id": "005", "ca_cert_id": "D161CE127E57CA01",
		"purchased_dns_names": "0", "archived": "0",
	} {
		require.Equal(t, want, filled[key], key)
	}
	require.Equal(t, "1099511627777", filled["id"].(interface{ String() string }).String())
	require.Equal(t, "nginx", filled["server_platform"].(map[string]any)["name"])
	require.Len(t, filled["thumbprint"], 40)
	require.Len(t, filled["serial_number"], 32)
	require.Len(t, filled["public_id"], 24)
	require.NotContains(t, filled, "email")
	for _, key := range []string{"thumbprint", "serial_number", "date_issued", "valid_from", "valid_till", "csr"} {
		require.Contains(t, list[5], key, "the documented sample has it on an approved one")
	}
	require.Equal(t, []string{"certificates"}, keys(decoded(t, got.body)), "no page object")

	read, err := s.Client().Orders.Duplicates(t.Context(), 5, nil)
	require.NoError(t, err)
	full.DaysRemaining = new(16)
	require.Equal(t, full, read[0])
}

func TestDuplicateArchived(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for id := range digicert.OrderID(3) {
		require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: id + 5}))
	}
	require.NoError(t, s.AddDuplicate(5, digicert.Duplicate{ID: 1}))
	require.NoError(t, s.AddDuplicate(5, digicert.Duplicate{ID: 2, Archived: true}))
	require.NoError(t, s.AddDuplicate(6, digicert.Duplicate{ID: 3, Archived: true}))
	for _, tt := range []struct{ query, ids, archived string }{
		{"", "1", "0"},
		{"?show_archived=false", "1", "0"},
		{"?show_archived=true", "1 2", "0 1"},
		{"?show_archived=1", "1 2", "0 1"},
	} {
		t.Run(tt.query, func(t *testing.T) {
			t.Parallel()
			got := get(t, s, "/order/certificate/5/duplicate"+tt.query)
			require.Equal(t, strings.Fields(tt.ids), column(t, got, "certificates", "id"))
			require.Equal(t, strings.Fields(tt.archived), column(t, got, "certificates", "archived"))
			require.Contains(t, got.body, `"archived":"0"`, "a string")
		})
	}
	require.JSONEq(t, `{}`, get(t, s, "/order/certificate/6/duplicate").body, "all are archived")
	require.JSONEq(t, `{}`, get(t, s, "/order/certificate/7/duplicate").body, "an order without duplicates")
}

func TestDuplicateDaysRemainingFollowTheClock(t *testing.T) {
	t.Parallel()
	clock := digicerttest.NewClock(noon)
	s := newServer(t, digicerttest.WithClock(clock.Now))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 5}))
	require.NoError(t, s.AddDuplicate(5, digicert.Duplicate{ValidTill: date(2024, 6, 16)}))
	for _, want := range []string{"1", "0", "-1"} {
		require.Equal(t, []string{want}, column(t, get(t, s, "/order/certificate/5/duplicate"), "certificates", "days_remaining"))
		clock.Advance(24 * time.Hour)
	}
}

// TestAddDuplicateKeeps checks that a duplicate is stored as given, in whole seconds and without sharing
// memory with the caller, and that it is removed with its order.
func TestAddDuplicateKeeps(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 5}))
	given := digicert.Duplicate{
		ID: 1, Thumbprint: "AB", SerialNumber: "CD", CommonName: "c.example", DNSNames: []string{"c.example"},
		Status: "pending", DateCreated: noon, DateIssued: noon, ValidFrom: date(2024, 6, 1), ValidTill: date(2024, 7, 1), DaysRemaining: new(7),
		CSR: "csr", ServerPlatform: digicert.ServerPlatform{ID: 2, Name: "x", InstallURL: "i", CSRURL: "c"}, SignatureHash: "sha512",
		KeySize: 4096, CACertID: "CA", SubID: "7", PublicID: "P", Archived: true, UserID: 9, Email: "e@mail.example",
		FirstName: "F", LastName: "L", ReceiptID: "33", PurchasedDNSNames: new(2), PurchasedWildcardNames: new(1),
	}
	sent := given
	sent.DNSNames, sent.DaysRemaining = []string{"c.example"}, new(7)
	sent.DateCreated = noon.Add(time.Millisecond).In(time.FixedZone("", 3600))
	sent.DateIssued = sent.DateCreated
	require.NoError(t, s.AddDuplicate(5, sent))
	sent.DNSNames[0], *sent.DaysRemaining = "changed", 8
	require.Equal(t, []digicert.Duplicate{given}, s.Duplicates(5))
	s.Duplicates(5)[0].DNSNames[0] = "changed"
	require.Equal(t, []digicert.Duplicate{given}, s.Duplicates(5))
	require.Empty(t, s.Duplicates(6))

	require.NoError(t, s.RemoveOrder(5))
	require.Empty(t, s.Duplicates(5))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 5}))
	require.JSONEq(t, `{}`, get(t, s, "/order/certificate/5/duplicate?show_archived=1").body)
	require.Equal(t, 404, get(t, s, "/certificate/1/chain").status)
}

func TestDuplicateRefusals(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 5}))
	beyond := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	for text, tt := range map[string]struct {
		order digicert.OrderID
		row   digicert.Duplicate
	}{
		"AddDuplicate to order 6: the order does not exist":                                {6, digicert.Duplicate{}},
		"AddDuplicate to order 5: certificate id -1 is outside 1 to 2^62":                  {5, digicert.Duplicate{ID: -1}},
		"AddDuplicate to order 5: -1 bits and user 0: neither may be negative":             {5, digicert.Duplicate{KeySize: -1}},
		"AddDuplicate to order 5: 0 bits and user -1: neither may be negative":             {5, digicert.Duplicate{UserID: -1}},
		"AddDuplicate to order 5: valid_from: 2023-02-30 is not a valid date":              {5, digicert.Duplicate{ValidFrom: date(2023, 2, 30)}},
		"AddDuplicate to order 5: valid_till: 2023-02-30 is not a valid date":              {5, digicert.Duplicate{ValidTill: date(2023, 2, 30)}},
		"AddDuplicate to order 5: the year of a date is out of range":                      {5, digicert.Duplicate{DateIssued: beyond}},
		"AddDuplicate to order -1: the order does not exist":                               {-1, digicert.Duplicate{}},
		"AddDuplicate to order 5: certificate id 4611686018427387905 is outside 1 to 2^62": {5, digicert.Duplicate{ID: 1<<62 + 1}},
	} {
		require.EqualError(t, s.AddDuplicate(tt.order, tt.row), "digicerttest: "+text)
		require.Empty(t, s.Duplicates(5))
	}
	for _, tt := range []struct {
		path   string
		status int
		code   string
	}{
		{"/order/certificate/6/duplicate", http.StatusNotFound, "not_found|order"},
		{"/order/certificate/-5/duplicate", http.StatusNotImplemented, "not_implemented"},
		{"/order/certificate/5/duplicate?show_archived=yes", http.StatusBadRequest, "invalid_parameter|show_archived"},
		{"/order/certificate/5/duplicate?limit=5", http.StatusBadRequest, "invalid_parameter|limit"},
	} {
		requireError(t, get(t, s, tt.path), tt.status, tt.code)
	}
}
