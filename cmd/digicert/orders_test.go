// Tests of the orders commands.

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func TestOrdersList(t *testing.T) {
	t.Parallel()
	server, s := sampleServer(t)
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
		rows := client.Orders.All(t.Context(), &digicert.ListOrdersParams{Filters: filters})
		requireSameQuery(t, server, s, "/order/certificate", rows, append([]string{"orders", "list"}, strings.Fields(args)...))
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
	_, s := sampleServer(t)
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

func TestDuplicatesAndSubaccounts(t *testing.T) {
	t.Parallel()
	_, s := sampleServer(t)
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
	server, s := sampleServer(t)
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
