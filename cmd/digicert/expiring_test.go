// Tests of the expiring command.

package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func TestExpiring(t *testing.T) {
	t.Parallel()
	now := time.Date(2031, 3, 9, 12, 0, 0, 0, time.UTC)
	server := digicerttest.NewServer(t, digicerttest.WithoutSamples(), digicerttest.WithClock(func() time.Time { return now }))
	s := service{url: server.URL()}
	for i, days := range []int{25, 0, 40, 3, -1} {
		for account := range digicert.AccountID(3) {
			var below digicert.Subaccount
			if account > 0 {
				below = digicert.Subaccount{AccountID: account}
			}
			require.NoError(t, server.AddOrder(digicert.SubaccountOrder{
				ID: digicert.OrderID(10*int(account) + i + 1), Status: digicert.OrderStatusIssued, Subaccount: below, Product: digicert.Product{NameID: fmt.Sprint("p", i)},
				Certificate: digicert.OrderCertificate{CommonName: fmt.Sprintf("%c.example", 'c'-i), ValidTill: digicert.DateOf(now).AddDays(days)},
			}))
		}
	}
	ids := func(args ...string) (list []string) {
		for _, e := range decodeLines[digicert.Expiring](t, s.ok(t, append([]string{"expiring"}, args...)...)) {
			list = append(list, fmt.Sprint(e.OrderID))
		}
		return list
	}
	require.Equal(t, []string{"2", "12", "22", "4", "14", "24", "1", "11", "21"}, ids("30d"))
	require.Equal(t, []string{"2", "12", "22", "4", "14", "24"}, ids("2w"))
	require.Equal(t, []string{"1", "2", "4", "11", "12", "14", "21", "22", "24"}, ids("30d", "--sort", "order_id"))
	require.Equal(t, []string{"4", "14", "24", "2", "12", "22", "1", "11", "21"}, slices.Clone(ids("30d", "--sort", "common_name")))
	require.Equal(t, []string{"12", "14", "11"}, ids("30d", "--subaccount", "1"))
	require.Equal(t, []string{"2", "4", "1"}, ids("30d", "--subaccount", "0"))
	require.Equal(t, []string{"4", "14", "24"}, ids("30d", "--product", "p3"))
	require.Equal(t, []string{"4", "14", "1", "11"}, ids("30d", "--product", "p3,p0", "--subaccount", "0,1"))

	table := s.ok(t, "expiring", "1d", "-o", "table", "--subaccount", "1")
	require.Regexp(t, `^days_left +valid_till +common_name +order_id`, table)
	require.Regexp(t, `(?m)^ +0 +2031-03-09 +b\.example +12 `, table)

	r := s.run(t, "expiring", "30d", "--fail", "--subaccount", "1")
	require.Equal(t, exitExpires, r.code)
	require.Equal(t, 3, strings.Count(r.stdout, "\n"))
	requireOneLine(t, r.stderr, "3 certificates expire within 30d")
	r = s.run(t, "expiring", "1d", "--fail", "--subaccount", "1")
	require.Equal(t, exitExpires, r.code)
	requireOneLine(t, r.stderr, "digicert: 1 certificate expires within 1d\n")
	for _, format := range []string{"jsonl", "csv", "table"} { // cron sends what is printed
		r = s.run(t, "expiring", "30d", "--fail", "--product", "none", "-o", format)
		require.Zero(t, r.code)
		require.Empty(t, r.stdout+r.stderr, format)
	}
	require.Equal(t, "[]\n", s.ok(t, "expiring", "30d", "--fail", "--product", "none", "-o", "json"))
	require.Equal(t, "order_id\n", s.ok(t, "expiring", "30d", "--product", "none", "-o", "csv", "--columns", "order_id"))
}

func TestExpiringRefused(t *testing.T) {
	t.Parallel()
	url := unusedServer(t)
	for args, want := range map[string]string{
		"expiring": "takes one argument, WITHIN", "expiring soon": "is not a length of time", "expiring 0d": "is not a length of time",
		"expiring 30d --sort days": `--sort "days" is invalid`, "expiring 30d --subaccount=-1": `--subaccount "-1" is not an id`,
	} {
		r := execute(t, cleanEnv(keyVariable+"="+key), append([]string{"--base-url", url}, strings.Fields(args)...)...)
		require.Equal(t, exitUsage, r.code)
		requireOneLine(t, r.stderr, want)
	}
}
