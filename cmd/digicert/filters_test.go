// Tests of filters that take several values.

package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

func TestFilterValues(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"issued":                      {"issued"},
		"issued,revoked":              {"issued", "revoked"},
		"b,a,b":                       {"b", "a"},
		"Example Inc":                 {"Example Inc"},
		`"Example, Inc."`:             {"Example, Inc."},
		`"Example, Inc.","a ""b""",c`: {"Example, Inc.", `a "b"`, "c"},
		"\"a\nb\"":                    {"a\nb"},
		"%x'y":                        {"%x'y"},
	} {
		got, err := valuesOfFilter(t, text)
		require.NoError(t, err, text)
		require.Equal(t, want, got, text)
	}
	for text, want := range map[string]string{
		"":                `--f is empty`,
		",":               `--f "," has an empty value`,
		"a,":              `--f "a," has an empty value`,
		`a,""`:            "has an empty value",
		"Example, Inc.":   `--f "Example, Inc." has white space before or after a value; one that contains a comma must be quoted as in CSV`,
		" a":              "has white space",
		`a"b`:             "must be quoted as in CSV",
		`"a`:              "must be quoted as in CSV",
		"a\nb":            "must be quoted as in CSV",
		`"a" "b"`:         "must be quoted as in CSV",
		`"a",b,"c ",d`:    "has white space",
		"\"a\nb\"\n\"c\"": "must be quoted as in CSV",
	} {
		_, err := valuesOfFilter(t, text)
		require.ErrorAs(t, err, new(usageError), text)
		require.ErrorContains(t, err, want)
	}
}

// valuesOfFilter returns the values of a flag --f with a text.
func valuesOfFilter(t *testing.T, text string) (values []string, err error) {
	t.Helper()
	c := &cli.Command{Flags: []cli.Flag{newFilterFlag("f", "")}}
	c.Action = func(_ context.Context, c *cli.Command) error {
		values, err = filterValues(c, "f")
		return nil
	}
	require.NoError(t, c.Run(t.Context(), []string{"x", "--f=" + text}))
	return values, err
}

// TestFiltersAreSent checks that there is a listing for each value of a filter, and for each combination of several filters, and that
// each filter is sent as one value.
func TestFiltersAreSent(t *testing.T) {
	t.Parallel()
	server, s := sampleServer(t)
	for args, want := range map[string][]string{
		"orders list --status issued,pending":                  {"status=issued", "status=pending", "status=issued"},
		"orders list --product ssl_plus,ssl_basic":             {"product_name_id=ssl_plus", "product_name_id=ssl_basic", "product_name_id=ssl_plus"},
		"orders list --common-name a.example,b.example":        {"common_name=a.example", "common_name=b.example", "common_name=a.example"},
		`orders list --common-name "a,b",c`:                    {"common_name=a,b", "common_name=c", "common_name=a,b"},
		"orders list --domain a.example,b.example":             {"domain_name=a.example", "domain_name=b.example", "domain_name=a.example"},
		"orders list --serial-number 0A,0B":                    {"serial_number=0A", "serial_number=0B", "serial_number=0A"},
		"orders list --email a@example.com,b@example.com":      {"email=a@example.com", "email=b@example.com", "email=a@example.com"},
		"orders list --search %a,%b":                           {"search=%a", "search=%b", "search=%a"},
		"orders list --organization 7,8":                       {"organization_id=7", "organization_id=8", "organization_id=7"},
		"orders list --container 7,8":                          {"container_id=7", "container_id=8", "container_id=7"},
		"orders list --user 7,8":                               {"user_id=7", "user_id=8", "user_id=7"},
		"orders list --certificate 7,8,9":                      {"certificate_id=7", "certificate_id=8", "certificate_id=9", "certificate_id=7", "certificate_id=8"},
		"subaccounts orders --subaccount 5,6":                  {"subaccount=5", "subaccount=6", "subaccount=5"},
		"subaccounts orders --account-type retail,enterprise":  {"account_type=retail", "account_type=enterprise", "account_type=retail"},
		"subaccounts orders --product ssl_plus,ssl_basic":      {"product_name_id=ssl_plus", "product_name_id=ssl_basic", "product_name_id=ssl_plus"},
		"subaccounts orders --common-name a.example,b.example": {"common_name=a.example", "common_name=b.example", "common_name=a.example"},
		"requests list --status pending,approved":              {"status=pending", "status=approved", "status=pending"},
		"requests list --type reissue,revoke":                  {"type=reissue", "type=revoke", "type=reissue"},
		"requests list --container 7,8":                        {"container_id=7", "container_id=8", "container_id=7"},
		"requests list --search a,b":                           {"search=a", "search=b", "search=a"},
		"organizations list --status active,inactive":          {"status=active", "status=inactive", "status=active"},
		"organizations list --search a,b":                      {"search=a", "search=b", "search=a"},
		"domains list --status active,inactive":                {"status=active", "status=inactive", "status=active"},
		"domains list --dcv-method email,http-token":           {"dcv_method=email", "dcv_method=http-token", "dcv_method=email"},
		"domains list --search %a,b":                           {"search=%a", "search=b", "search=%a"},
		"subaccounts orders --status issued,pending --subaccount 5,6": {
			"status=issued subaccount=5", "status=issued subaccount=6", "status=pending subaccount=5", "status=pending subaccount=6",
			"status=issued subaccount=5", "status=issued subaccount=6", "status=pending subaccount=5",
		},
		"orders list --status issued": {"status=issued"},
		"orders list":                 {""},
	} {
		server.ResetRequests()
		s.ok(t, strings.Fields(args)...)
		var got []string
		for _, r := range server.Requests() {
			require.Equal(t, http.StatusOK, r.Status)
			got = append(got, filtersOf(t, r))
		}
		require.Equal(t, want, slices.Compact(got), args) // one listing takes several requests
	}
}

// filtersOf returns the filters of a request.
func filtersOf(t *testing.T, r digicerttest.Request) string {
	t.Helper()
	query, err := url.ParseQuery(r.RawQuery)
	require.NoError(t, err)
	var filters []string
	for name, values := range query {
		if inner, ok := strings.CutPrefix(name, "filters["); ok {
			require.Len(t, values, 1)
			filters = append(filters, strings.TrimSuffix(inner, "]")+"="+values[0])
		}
	}
	slices.Sort(filters)
	return strings.Join(filters, " ")
}

// TestSeveralValues checks that a listing of several values is that of each, and has each row once.
func TestSeveralValues(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--orders", "400")
	ids := func(args ...string) (list []digicert.OrderID) {
		for _, o := range decodeLines[digicert.SubaccountOrder](t, s.ok(t, append([]string{"subaccounts", "orders"}, args...)...)) {
			list = append(list, o.ID)
		}
		return list
	}
	want := append(ids("--status", "pending"), ids("--status", "revoked")...)
	require.NotEmpty(t, want)
	require.Equal(t, want, ids("--status", "pending,revoked"))
	require.Equal(t, ids("--status", "pending"), ids("--status", "pending,pending"))
	require.Equal(t, want[:3], ids("--status", "pending,revoked", "--limit", "3"))
}

// TestFiltersMoved checks that an order that changes from a later status to an earlier one, before the later one is listed, is not
// missed.
func TestFiltersMoved(t *testing.T) {
	t.Parallel()
	for _, to := range []digicert.OrderStatus{"pending", "issued", "revoked"} {
		server, s := sampleServer(t)
		require.NoError(t, server.SetStatus(2, "revoked"))
		server.OnRequest(func(r *http.Request) {
			if r.URL.Query().Get("filters[status]") == "issued" { // pending is listed already
				assert.NoError(t, server.SetStatus(2, to))
			}
		})
		var got []digicert.OrderID
		for _, o := range decodeLines[digicert.Order](t, s.ok(t, "orders", "list", "--status", "pending,issued,revoked")) {
			got = append(got, o.ID)
		}
		slices.Sort(got)
		require.Equal(t, []digicert.OrderID{1, 2}, got, to)
	}
}
