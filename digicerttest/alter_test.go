package digicerttest_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/stretchr/testify/require"
)

func TestFaultsThatAlterJSON(t *testing.T) {
	t.Parallel()
	type fault = digicerttest.Fault
	for _, tt := range []struct {
		name, path, want string
		faults           []fault
	}{
		{
			"reissues with numbers as strings", reissuePath + "?show_archived=true",
			`{"certificates":[{"id":"1","common_name":"a","dns_names":["a"],"status":"pending","date_created":"2024-06-15T12:00:00+00:00","csr":"c","key_size":"256","archived":"0"}]}`,
			[]fault{digicerttest.NumbersAsStrings()},
		},
		{
			"reissues with nulls", reissuePath,
			`{"certificates":[{"id":1,"common_name":"a","dns_names":["a"],"status":"pending","date_created":"2024-06-15T12:00:00+00:00","csr":"c","key_size":256,
			"thumbprint":null,"serial_number":null,"date_issued":null,"valid_till":null,"days_remaining":null,"receipt_id":null,
			"purchased_dns_names":null,"purchased_wildcard_names":null}]}`,
			[]fault{digicerttest.Nulls()},
		},
		{
			"reissues with missing keys", reissuePath, `{"certificates":[{"id":1}]}`,
			[]fault{digicerttest.MissingKeys()},
		},
		{
			"reissues twice", reissuePath, `{"certificates":[` + strings.Repeat(`,{"id":1}`, 2)[1:] + `]}`,
			[]fault{digicerttest.DuplicateRows(), digicerttest.MissingKeys()},
		},
		{
			"reissues with the primary certificate", reissuePath,
			`{"certificates":[{"id":70,"thumbprint":"AA","serial_number":"BB","common_name":"a","dns_names":["a"],"status":"issued",
			"date_created":"2024-06-15T12:00:00+00:00","date_issued":"2024-06-15T12:00:00+00:00","valid_till":"2025-06-15","days_remaining":365,
			"csr":"<csr>","key_size":256,"receipt_id":"70","purchased_dns_names":"0","purchased_wildcard_names":"0"}]}`,
			[]fault{digicerttest.RepeatPrimary()},
		},
		{
			"no reissues, with the primary certificate", "/order/certificate/123458/reissue", `{"certificates":[{"id":71}]}`,
			[]fault{digicerttest.RepeatPrimary(), digicerttest.MissingKeys()},
		},
		{
			"no reissues, with empty arrays", "/order/certificate/123458/reissue", `[]`,
			[]fault{digicerttest.EmptyArraysForObjects()},
		},
		{
			"no reissues, with nulls", "/order/certificate/123458/reissue", `{"certificates":null}`,
			[]fault{digicerttest.Nulls()},
		},
		{
			"orders with empty arrays", orderPath,
			`{"orders":[{"id":123457,"certificate":[],"subaccount":[],"product":[],"order_price":[],"status":"issued","number_of_sans":1,
			"date_created":"2024-06-15T12:00:00+00:00","date_issued":"2024-06-15T12:00:00+00:00","validity_years":1},
			{"id":123458,"certificate":[],"subaccount":[],"product":[],"order_price":[],"status":"pending","number_of_sans":1,
			"date_created":"2024-06-15T12:00:00+00:00","validity_years":1}],"page":[]}`,
			[]fault{digicerttest.EmptyArraysForObjects()},
		},
		{
			"orders with nulls", orderPath + "?offset=1",
			`{"orders":[{"id":123458,"certificate":null,"subaccount":{"account_id":20,"account_type":"enterprise"},
			"product":{"name_id":"ssl_plus","name":"Standard SSL","type":"ssl_certificate"},"order_price":{"cost":0,"currency":"USD"},
			"status":"pending","number_of_sans":1,"date_created":"2024-06-15T12:00:00+00:00","date_issued":null,"validity_years":1}],
			"page":{"total":2,"limit":1000,"offset":1}}`,
			[]fault{digicerttest.Nulls()},
		},
		{
			"certificates of orders with nulls", orderPath + query("filters[id]", "123459"),
			`{"orders":null,"page":{"total":0,"limit":1000,"offset":0}}`,
			[]fault{digicerttest.Nulls()},
		},
		{
			"orders with missing keys", orderPath, `{"orders":[{"id":123457},{"id":123458}]}`,
			[]fault{digicerttest.MissingKeys()},
		},
		{
			"orders with missing keys, numbers as strings", orderPath, `{"orders":[{"id":"123457"},{"id":"123458"}]}`,
			[]fault{digicerttest.NumbersAsStrings(), digicerttest.MissingKeys()},
		},
		{
			"orders twice, in pages", orderPath + "?limit=2&offset=1", `{"orders":[{"id":123457},{"id":123458}]}`,
			[]fault{digicerttest.DuplicateRows(), digicerttest.MissingKeys()},
		},
		{
			"status changes with numbers as strings", changesPath + "?minutes=1",
			`{"orders":[{"order_id":"123458","certificate_id":"71","status":"pending"},{"order_id":"123457","certificate_id":"70","status":"issued"}]}`,
			[]fault{digicerttest.NumbersAsStrings()},
		},
		{
			"status changes twice, with missing keys", changesPath + "?minutes=1",
			`{"orders":[{"order_id":123458},{"order_id":123458},{"order_id":123457},{"order_id":123457}]}`,
			[]fault{digicerttest.DuplicateRows(), digicerttest.MissingKeys()},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			require.NoError(t, s.AddSubaccount(0, digicert.Subaccount{AccountID: 10}))
			require.NoError(t, s.AddSubaccount(10, digicert.Subaccount{AccountID: 20}))
			require.NoError(t, s.AddOrder(digicert.SubaccountOrder{
				ID: 123457, Subaccount: digicert.Subaccount{AccountID: 10}, Status: "issued",
				Certificate: digicert.OrderCertificate{ID: 70, Thumbprint: "AA", SerialNumber: "BB", CommonName: "a"},
			}))
			require.NoError(t, s.AddReissue(123457, digicert.Reissue{ID: 1, Status: "pending", CSR: "c"}))
			require.NoError(t, s.AddOrder(digicert.SubaccountOrder{
				ID: 123458, Subaccount: digicert.Subaccount{AccountID: 20}, Certificate: digicert.OrderCertificate{ID: 71},
			}))
			require.NoError(t, s.Inject(tt.faults...))
			got := get(t, s, tt.path)
			require.Equal(t, 200, got.status)
			require.JSONEq(t, tt.want, withoutCSR.ReplaceAllString(got.body, `"csr":"<csr>"`))
			require.Equal(t, digicerttest.Stats{Requests: 1, Faulted: 1}, s.Stats())
		})
	}
}

// TestRepeatPrimary checks that there are as many copies as reissues.
func TestRepeatPrimary(t *testing.T) {
	t.Parallel()
	s, err := digicerttest.New()
	require.NoError(t, err)
	require.NoError(t, s.Inject(digicerttest.RepeatPrimary()))
	got := get(t, s, reissuePath)
	require.Equal(t, []string{"101015", "101015", "101015"}, column(t, got, "certificates", "id"))
	require.Equal(t, []string{"issued", "issued", "issued"}, column(t, got, "certificates", "status"))
	pending := get(t, s, "/order/certificate/123458/reissue")
	require.Equal(t, []string{"pending"}, column(t, pending, "certificates", "status"))
	require.NotContains(t, pending.body, "thumbprint")
	get(t, s, orderPath)
	require.Equal(t, 2, s.Stats().Faulted, "it is for reissues alone")
}

// TestNullsInCertificates checks the certificate of a pending order, some keys of which are documented
// to be absent.
func TestNullsInCertificates(t *testing.T) {
	t.Parallel()
	s, err := digicerttest.New()
	require.NoError(t, err)
	require.NoError(t, s.Inject(digicerttest.Nulls()))
	row := rows(t, get(t, s, orderPath+query("filters[id]", "123458")), "orders")[0]["certificate"].(map[string]any)
	for _, key := range []string{"thumbprint", "serial_number", "valid_till"} {
		require.Contains(t, row, key)
		require.Nil(t, row[key])
	}
	require.Equal(t, "example2.com", row["common_name"])
}

// TestDuplicateRowsLoseNothing reads all pages of a list that has every row twice.
func TestDuplicateRowsLoseNothing(t *testing.T) {
	t.Parallel()
	s := orderServer(t)
	require.NoError(t, s.Inject(digicerttest.DuplicateRows()))
	for _, limit := range []int{1, 2, 5, 12, 1000} {
		seen := map[string]int{}
		for _, row := range walk(t, s, limit) {
			seen[fmt.Sprint(row["id"])]++
		}
		require.Equal(t, map[string]int{"1": 2, "2": 2, "3": 2, "4": 2, "5": 2, "6": 2}, seen)
	}
}

// TestFaultsThatAlterLists alters answers that are lists and answers that are a single order.
func TestFaultsThatAlterLists(t *testing.T) {
	t.Parallel()
	type fault = digicerttest.Fault
	const subOrder = orderPath + "/8"
	for _, tt := range []struct {
		name, path, want string // want has the checked members
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
			require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1, Status: "issued", Certificate: digicert.OrderCertificate{ID: 70}}))
			require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 2, Certificate: digicert.OrderCertificate{ID: 71}}))
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

// withoutCSR finds derived CSRs, which are long.
var withoutCSR = regexp.MustCompile(`"csr":"-----BEGIN [^"]*"`)
