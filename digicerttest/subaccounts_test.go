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

const subaccountPath = "/account/subaccount"

func TestSubaccounts(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	require.JSONEq(t, `{"page":{"total":0,"limit":1000,"offset":0}}`, get(t, s, subaccountPath).body)
	require.NoError(t, s.AddSubaccount(0, digicert.Subaccount{AccountID: 30, AccountType: "retail", OrganizationName: "Thirty"}))
	require.NoError(t, s.AddSubaccount(30, digicert.Subaccount{AccountID: 31}))
	require.NoError(t, s.AddSubaccount(0, digicert.Subaccount{AccountID: 10}))
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{
		ID: 1, Subaccount: digicert.Subaccount{AccountID: 20}, DateCreated: time.Date(2018, 11, 29, 1, 48, 4, 0, time.UTC),
	}))
	require.Equal(t, decoded(t, `{"subaccounts":[
		{"account_id":10,"account_type":"enterprise","organization_name":"","date_created":"2024-06-15 12:00:00",
			"account_manager":{"firstname":"Ada","lastname":"Moreau"}},
		{"account_id":20,"account_type":"enterprise","organization_name":"","date_created":"2018-11-29 01:48:04",
			"account_manager":{"firstname":"Ada","lastname":"Moreau"}},
		{"account_id":30,"account_type":"retail","organization_name":"Thirty","date_created":"2024-06-15 12:00:00",
			"account_manager":{"firstname":"Ada","lastname":"Moreau"}}],
		"page":{"total":3,"limit":1000,"offset":0}}`), decoded(t, get(t, s, subaccountPath).body))
	for query, want := range map[string]string{
		"?limit=2": "10 20", "?limit=2&offset=1": "20 30", "?offset=2": "30", "?offset=3": "", "?limit=0": "10 20 30",
	} {
		require.Equal(t, strings.Fields(want), column(t, get(t, s, subaccountPath+query), "subaccounts", "account_id"), query)
	}
	requireError(t, get(t, s, subaccountPath+"?sort=account_id"), http.StatusBadRequest, "invalid_parameter|sort")

	page, err := s.Client().Subaccounts.List(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, time.Date(2018, 11, 29, 1, 48, 4, 0, time.UTC), page.Subaccounts[1].DateCreated)
	require.Equal(t, digicert.PageInfo{Total: 3, Limit: 1000}, page.Page)
}

func TestGeneratedSubaccounts(t *testing.T) {
	t.Parallel()
	s := newServer(t, digicerttest.WithOrders(1, 10), digicerttest.WithPageLimit(7))
	var ids []digicert.AccountID
	for a, err := range s.Client().Subaccounts.All(t.Context(), nil) {
		require.NoError(t, err)
		require.True(t, a.DateCreated.Before(noon.AddDate(-8, 0, 0)), "before their orders")
		ids = append(ids, a.AccountID)
	}
	require.Len(t, ids, 20, "the immediate ones")
	require.IsIncreasing(t, ids)
}

func TestChildAccounts(t *testing.T) {
	t.Parallel()
	s := orderServer(t)
	want := get(t, s, subaccountPath).body
	require.NoError(t, s.Inject(digicerttest.ChildAccounts().Times(2)))
	got := get(t, s, subaccountPath).body
	require.Equal(t, strings.Replace(want, `"subaccounts"`, `"child_accounts"`, 1), got)
	get(t, s, orderPath) // not affected
	page, err := s.Client().Subaccounts.List(t.Context(), nil)
	require.NoError(t, err)
	require.Len(t, page.Subaccounts, 1)
	require.Equal(t, want, get(t, s, subaccountPath).body)
	require.Equal(t, 2, s.Stats().Faulted)

	require.NoError(t, s.Inject(digicerttest.ChildAccounts(), digicerttest.MissingKeys(), digicerttest.Nulls()))
	require.JSONEq(t, `{"child_accounts":[{"account_id":10}]}`, get(t, s, subaccountPath).body)
}

func TestSubaccountOrder(t *testing.T) {
	t.Parallel()
	s, err := digicerttest.New(digicerttest.WithClock(digicerttest.NewClock(noon).Now))
	require.NoError(t, err)
	const of = `"subaccount":{"account_id":123445,"account_type":"enterprise","organization_name":"Sub account organization"},
		"organization":{"id":123445,"name":"Sub account organization","assumed_name":"Sub account organization","display_name":"Sub account organization"},`
	require.JSONEq(t, `{"id":123457,"certificate":{"id":101015,"thumbprint":"03F6","serial_number":"0FDA","common_name":"example.com",
		"dns_names":["sub1.example.com","sub2.example.com","sub3.example.com","sub4.example.com"],"valid_till":"2020-06-15",
		"organization_units":["IT Dept."],"signature_hash":"sha256","ca_cert":{"id":"D161CE127E57CA01","name":"digicerttest TLS CA"}},`+of+`
		"product":{"name_id":"ssl_multi_domain","name":"Multi-Domain SSL","type":"ssl_certificate"},"order_price":{"cost":358,"currency":"USD"},
		"status":"issued","number_of_sans":4,"date_created":"2019-06-11T07:08:04+00:00","date_issued":"2019-06-11T07:09:00+00:00",
		"validity_years":1,"order_valid_from":"2019-06-11","order_valid_till":"2020-06-15"}`, get(t, s, orderPath+"/123457").body)
	require.JSONEq(t, `{"id":123458,"certificate":{"id":3179443638,"common_name":"example2.com","dns_names":["sub.example2.com"],
		"organization_units":["Finance Department"],"signature_hash":"sha256","ca_cert":{"id":"D161CE127E57CA01","name":"digicerttest TLS CA"}},`+of+`
		"product":{"name_id":"ssl_securesite","name":"Secure Site SSL","type":"ssl_certificate"},"order_price":{"cost":399,"currency":"USD"},
		"status":"pending","number_of_sans":1,"date_created":"2019-06-21T09:06:47+00:00","validity_years":1}`, get(t, s, orderPath+"/123458").body)
	require.NotContains(t, decoded(t, get(t, s, orderPath+"/123456").body), "certificate", "not of an immediate subaccount")

	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{
		ID: 9, Subaccount: digicert.Subaccount{AccountID: 123445}, Status: "issued", ValidityYears: 3, Product: digicert.Product{Type: "dv_ssl_certificate"},
	}))
	plan := decoded(t, get(t, s, orderPath+"/9").body)
	require.Equal(t, "1", plan["is_multi_year_plan"])
	require.Equal(t, "2027-06-15", plan["order_valid_till"])
	require.Equal(t, []any{}, plan["organization"])
	o, err := s.Client().Subaccounts.GetOrder(t.Context(), 123457)
	require.NoError(t, err)
	require.Equal(t, "digicerttest TLS CA", o.Certificate.CACert.Name)
	require.Equal(t, digicert.OrganizationID(123445), o.Organization.ID)
	require.Equal(t, date(2019, 6, 11), o.OrderValidFrom)

	for _, path := range []string{"/265", "/1", "/99999999999999999999"} { // the first is the account's own
		requireError(t, get(t, s, orderPath+path), http.StatusNotFound, "not_found|order")
	}
	requireError(t, get(t, s, orderPath+"/x"), http.StatusNotImplemented, "not_implemented")
	requireError(t, get(t, s, orderPath+"/9?x=1"), http.StatusBadRequest, "invalid_parameter|x")
}

func TestPermissionForSubaccounts(t *testing.T) {
	t.Parallel()
	restricted, err := digicerttest.New(digicerttest.WithoutSubaccounts())
	require.NoError(t, err)
	for path, status := range map[string]int{
		subaccountPath: 403, orderPath + "/123457": 403, orderPath + "/1": 403,
		ownPath: 200, ownPath + "/265": 200, ownPath + "/123457/duplicate": 200,
		"/certificate/101015/chain": 200, "/certificate/101015/download/format/cer": 200,
	} {
		got := get(t, restricted, path)
		require.Equal(t, status, got.status, path)
		if status == 403 {
			requireError(t, got, 403, "access_denied|missing_permission")
		}
	}
}
