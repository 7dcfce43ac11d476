// Tests of the subaccounts commands.

package main

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

func TestSubaccountsOrders(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--orders", "2500", "--seed", "7")
	client := s.client(t)
	year := digicert.DateOf(time.Now()).Year
	all := collect(t, client.Subaccounts.AllOrders(t.Context(), nil))
	requireFormats(t, s, all, "subaccounts", "orders")
	name := all[slices.IndexFunc(all, func(o digicert.SubaccountOrder) bool { return !o.Certificate.IsZero() })].Certificate.CommonName

	type params = digicert.ListSubaccountOrdersParams
	type filters = digicert.SubaccountOrderFilters
	for _, test := range []struct {
		args   []string
		params params
	}{
		{[]string{"--status", "issued"}, params{Filters: filters{Status: "issued"}}},
		{[]string{"--subaccount", "200001"}, params{Filters: filters{SubaccountID: 200001}}},
		{[]string{"--account-type", "retail"}, params{Filters: filters{AccountType: "retail"}}},
		{[]string{"--product", "ssl_plus"}, params{Filters: filters{ProductNameID: "ssl_plus"}}},
		{[]string{"--common-name", name}, params{Filters: filters{CommonName: name}}},
		{
			[]string{"--created", "2021-01-01..2022-12-31"},
			params{Filters: filters{DateCreated: digicert.DateRange{From: digicert.Date{Year: 2021, Month: 1, Day: 1}, To: digicert.Date{Year: 2022, Month: 12, Day: 31}}}},
		},
		{
			[]string{"--valid-till", ".." + digicert.Date{Year: year, Month: 1, Day: 1}.String()},
			params{Filters: filters{ValidTill: digicert.DateRange{To: digicert.Date{Year: year, Month: 1, Day: 1}}}},
		},
		{
			[]string{"--valid-till", digicert.Date{Year: year, Month: 1, Day: 1}.String() + ".."},
			params{Filters: filters{ValidTill: digicert.DateRange{From: digicert.Date{Year: year, Month: 1, Day: 1}}}},
		},
		{[]string{"--sort", "-date_created,id"}, params{Sort: []string{"-date_created", "id"}}},
	} {
		want := collect(t, client.Subaccounts.AllOrders(t.Context(), &test.params))
		got := s.ok(t, append([]string{"subaccounts", "orders"}, test.args...)...)
		require.Equal(t, jsonOf(t, want), jsonOf(t, decodeLines[digicert.SubaccountOrder](t, got)), test.args)
		require.NotEmpty(t, want, test.args)
		require.NotEqual(t, all, want, test.args)
	}

	for _, n := range []string{"1", "2", "1000", "1001"} {
		got := decodeLines[digicert.SubaccountOrder](t, s.ok(t, "subaccounts", "orders", "--limit", n))
		require.Equal(t, n, json.Number(jsonOf(t, len(got))).String())
		require.Equal(t, jsonOf(t, all[:len(got)]), jsonOf(t, got))
	}
	s.requireRequest(t, "limit=2&") // no more rows than needed
}
