package main

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// neighbours is a service in the test's process with an order that has everything, on days that do not move.
func neighbours(t *testing.T) (*digicerttest.Server, service) {
	t.Helper()
	day := func(n int) time.Time { return time.Date(2026, 1, n, 12, 0, 0, 0, time.UTC) }
	server := digicerttest.NewServer(t, digicerttest.WithoutSamples(), digicerttest.WithClock(func() time.Time { return day(31) }))
	for _, o := range []digicert.SubaccountOrder{
		{ID: 1, Certificate: &digicert.OrderCertificate{ID: 11, CommonName: "www.example.com"}, Status: "issued", DateCreated: day(1)},
		{ID: 2, Certificate: &digicert.OrderCertificate{ID: 12, CommonName: "mail.example.com"}, Status: "pending", DateCreated: day(2)},
		{
			ID: 3, Certificate: &digicert.OrderCertificate{ID: 13, CommonName: "sub.example.com"}, Status: "issued", DateCreated: day(3),
			Subaccount: digicert.Subaccount{AccountID: 5, OrganizationName: "Five"},
		},
	} {
		require.NoError(t, server.AddOrder(o))
	}
	require.NoError(t, server.AddReissue(1, digicert.Reissue{ID: 21, DateCreated: day(4)}))
	require.NoError(t, server.AddReissue(1, digicert.Reissue{ID: 22, DateCreated: day(5), Status: "rejected"}))
	require.NoError(t, server.AddDuplicate(1, digicert.Duplicate{ID: 31, DateCreated: day(6)}))
	require.NoError(t, server.AddDuplicate(1, digicert.Duplicate{ID: 32, DateCreated: day(7), Archived: true}))
	return server, service{url: server.URL()}
}

// asked is the query of the first request for a path.
func asked(server *digicerttest.Server, path string) string {
	for _, r := range server.Requests() {
		if r.Path == path {
			return r.RawQuery
		}
	}
	return "none"
}

func TestOrdersList(t *testing.T) {
	t.Parallel()
	server, s := neighbours(t)
	client := s.client(t)
	requireFormats(t, s, collect(t, client.Orders.All(t.Context(), nil)), "orders", "list")
	yes, no := true, false
	for args, filters := range map[string]digicert.OrderFilters{
		"--status issued":               {Status: "issued"},
		"--product ssl_plus":            {ProductNameID: "ssl_plus"},
		"--common-name www.example.com": {CommonName: "www.example.com"},
		"--domain www.example.com":      {DomainName: "www.example.com"},
		"--serial-number 0B":            {SerialNumber: "0B"},
		"--email a@example.com":         {Email: "a@example.com"},
		"--search %www":                 {Search: "%www"},
		"--organization 7":              {OrganizationID: 7},
		"--container 8":                 {ContainerID: 8},
		"--user 9":                      {UserID: 9},
		"--certificate 11":              {CertificateID: 11},
		"--renewed":                     {IsRenewed: &yes},
		"--renewed=false":               {IsRenewed: &no},
		"--created 2026-01-01..":        {DateCreated: digicert.DateRange{From: digicert.Date{Year: 2026, Month: 1, Day: 1}}},
		"--valid-till ..2027-01-01":     {ValidTill: digicert.DateRange{To: digicert.Date{Year: 2027, Month: 1, Day: 1}}},
	} {
		server.ResetRequests()
		want := collect(t, client.Orders.All(t.Context(), &digicert.ListOrdersParams{Filters: filters}))
		query := asked(server, "/order/certificate")
		server.ResetRequests()
		got := s.ok(t, append([]string{"orders", "list"}, strings.Fields(args)...)...)
		require.JSONEq(t, jsonOf(t, want), jsonOf(t, decodeLines[digicert.Order](t, got)), args)
		require.Equal(t, query, asked(server, "/order/certificate"), args)
	}
	require.Len(t, decodeLines[digicert.Order](t, s.ok(t, "orders", "list", "--limit", "1")), 1)
	require.Contains(t, s.ok(t, "orders", "list", "--sort", "-order_id"), `{"id":2,`)
	for _, args := range []string{"--organization 0", "--container -1", "--user 0", "--certificate -5", "--sort a,,b", "--limit -1", "x"} {
		r := s.run(t, append([]string{"orders", "list"}, strings.Fields(args)...)...)
		require.Equal(t, exitUsage, r.code, args)
		requireOneLine(t, r.stderr)
	}
}

func TestOneOrder(t *testing.T) {
	t.Parallel()
	_, s := neighbours(t)
	client := s.client(t)
	order, err := client.Orders.Get(t.Context(), 1)
	require.NoError(t, err)
	requireOne(t, s, *order, "orders", "get", "1")
	ofSubaccount, err := client.Subaccounts.GetOrder(t.Context(), 3)
	require.NoError(t, err)
	requireOne(t, s, *ofSubaccount, "subaccounts", "order", "3")
	for _, args := range []string{"orders get 9", "subaccounts order 1", "orders duplicates 9", "orders history 9", "certificates chain 9", "certificates download 9"} {
		r := s.run(t, strings.Fields(args)...)
		require.Equal(t, exitNotFound, r.code, args)
		requireOneLine(t, r.stderr, "not_found|")
	}
	for _, args := range []string{"orders get x", "orders get", "subaccounts order 0", "orders duplicates -- -1", "orders history 1 2", "certificates chain", "certificates download x"} {
		r := s.run(t, strings.Fields(args)...)
		require.Equal(t, exitUsage, r.code, args)
	}
}

// requireOne checks what is printed of a single value.
func requireOne[T any](t *testing.T, s service, want T, args ...string) {
	t.Helper()
	var document T
	require.NoError(t, json.Unmarshal([]byte(s.ok(t, append(args, "-o", "json")...)), &document))
	require.Equal(t, jsonOf(t, want), jsonOf(t, document))
	require.Equal(t, jsonOf(t, []T{want}), jsonOf(t, decodeLines[T](t, s.ok(t, args...))))
	require.Equal(t, 2, strings.Count(s.ok(t, append(args, "-o", "csv")...), "\n"))
	golden(t, "table/"+strings.Join(args[:2], "_")+".txt", s.ok(t, append(args, "-o", "table")...))
}

func TestDuplicatesAndSubaccounts(t *testing.T) {
	t.Parallel()
	_, s := neighbours(t)
	client := s.client(t)
	for _, archived := range []bool{false, true} {
		want, err := client.Orders.Duplicates(t.Context(), 1, &digicert.ListDuplicatesParams{ShowArchived: archived})
		require.NoError(t, err)
		args := []string{"orders", "duplicates", "1"}
		if archived {
			args = append(args, "--archived")
		}
		require.Equal(t, want, decodeLines[digicert.Duplicate](t, s.ok(t, args...)))
		require.Len(t, want, map[bool]int{false: 1, true: 2}[archived])
	}
	want := collect(t, client.Subaccounts.All(t.Context(), nil))
	require.Len(t, want, 1)
	got := decodeLines[digicert.SubaccountInfo](t, s.ok(t, "subaccounts", "list"))
	require.Len(t, got, 1)
	require.JSONEq(t, jsonOf(t, want[0]), jsonOf(t, got[0]))
}

func TestHistory(t *testing.T) {
	t.Parallel()
	server, s := neighbours(t)
	want, err := s.client(t).Orders.History(t.Context(), 1)
	require.NoError(t, err)
	require.Len(t, want.Entries, 5)
	require.JSONEq(t, jsonOf(t, want), s.ok(t, "orders", "history", "1", "-o", "json"))
	require.JSONEq(t, jsonOf(t, want.Entries), jsonOf(t, decodeLines[digicert.HistoryEntry](t, s.ok(t, "orders", "history", "1"))))

	require.NoError(t, server.Inject(digicerttest.RepeatPrimary()))
	r := s.run(t, "orders", "history", "1")
	require.Zero(t, r.code)
	requireOneLine(t, r.stderr, "warning: the list of reissues repeats the primary certificate (1 rows)")
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	server, s := neighbours(t)
	chain, err := s.client(t).Certificates.Chain(t.Context(), 11)
	require.NoError(t, err)
	requireFormats(t, s, chain, "certificates", "chain", "11")
	text := s.ok(t, "certificates", "chain", "11", "--pem")
	require.Equal(t, text, s.ok(t, "certificates", "download", "11"), "the default is the whole chain")
	block, _ := pem.Decode([]byte(text))
	require.NotNil(t, block)
	cert, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	require.Equal(t, "www.example.com", cert.Subject.CommonName)
	require.Equal(t, 3, strings.Count(text, "BEGIN CERTIFICATE"))

	for _, format := range []digicert.DownloadFormat{"pem_noroot", "pem_nointermediate", "cer", "p7b", "default_pem", "apache"} {
		want, err := s.client(t).Certificates.Download(t.Context(), 11, format)
		require.NoError(t, err)
		require.Equal(t, string(want.Body), s.ok(t, "certificates", "download", "11", "--format", string(format)))
	}
	path := filepath.Join(t.TempDir(), "certificate.pem")
	serial := cert.SerialNumber.Text(16)
	require.Empty(t, s.ok(t, "certificates", "download", "11", "--serial-number", serial, "--out", path))
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, text, string(b))

	require.NoError(t, server.Inject(digicerttest.WrongCertificate().On(digicerttest.Download)))
	r := s.run(t, "certificates", "download", "11", "--serial-number", serial, "--out", path)
	require.Equal(t, exitFailure, r.code)
	requireOneLine(t, r.stderr, "not the certificate asked for", serial)
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, b, after, "the file stays")
	for args, want := range map[string]string{
		"download 11 --format ../x":                  "is no word",
		"download 11 --format p7b --serial-number 1": "cannot be parsed",
		"download 11 --serial-number x":              "no hexadecimal number",
		"download 11 -o json":                        "--format says which one",
		"chain 11 --pem -o json":                     "--pem and --output",
	} {
		r := s.run(t, append([]string{"certificates"}, strings.Fields(args)...)...)
		require.NotZero(t, r.code, args)
		requireOneLine(t, r.stderr, want)
	}
}

// TestNeighbourTables compares the tables with golden files.
func TestNeighbourTables(t *testing.T) {
	t.Parallel()
	_, s := neighbours(t)
	for name, args := range map[string]string{
		"orders_list":        "orders list",
		"orders_duplicates":  "orders duplicates 1 --archived",
		"orders_history":     "orders history 1",
		"subaccounts_list":   "subaccounts list",
		"certificates_chain": "certificates chain 11",
	} {
		golden(t, "table/"+name+".txt", s.ok(t, append(strings.Fields(args), "-o", "table")...))
	}
}
