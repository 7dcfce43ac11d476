package digicerttest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/digicerttest"
)

func TestAccess(t *testing.T) {
	t.Parallel()
	s := digicerttest.NewServer(
		t,
		digicerttest.WithKey("second"),
		digicerttest.WithKey("view-only", digicerttest.ViewOnly()),
		digicerttest.WithKey("no-subaccounts", digicerttest.NoSubaccounts()),
		digicerttest.WithKey("orders-only", digicerttest.OrdersOnly()),
		digicerttest.WithKey("orders-domains", digicerttest.OrdersDomainsOrganizations()),
		digicerttest.WithKey("neither", digicerttest.ViewOnly(), digicerttest.NoSubaccounts()),
	)
	noFeature := digicerttest.NewServer(t, digicerttest.WithoutSubaccounts())
	const (
		reissues = "/order/certificate/123457/reissue"
		invalid  = "access_denied|access_denied_invalid_key"
		missing  = "access_denied|missing_permission"
		unknown  = "not_implemented"
	)
	for _, tt := range []struct {
		name         string
		server       *digicerttest.Server
		method, path string
		key          string
		status       int
		code         string
	}{
		{"the key", s, "GET", reissues, s.Key(), 200, ""},
		{"a further key", s, "GET", reissues, "second", 200, ""},
		{"no key", s, "GET", reissues, "", 403, invalid},
		{"a bad key", s, "GET", reissues, "wrong", 403, invalid},
		{"part of a key", s, "GET", reissues, s.Key()[1:], 403, invalid},
		{"a bad key and an unknown route", s, "GET", "/nowhere", "wrong", 403, invalid},
		{"a bad key and bad parameters", s, "GET", orderPath + "?limit=-1", "wrong", 403, invalid},

		{"view only reads", s, "GET", reissues, "view-only", 200, ""},
		{"view only reads subaccounts", s, "GET", orderPath, "view-only", 200, ""},
		{"view only writes", s, "POST", reissues, "view-only", 403, missing},
		{"view only deletes what is not there", s, "DELETE", "/nowhere", "view-only", 403, missing},

		{"no permission for subaccounts", s, "GET", orderPath, "no-subaccounts", 403, missing},
		{"no permission, bad parameters", s, "GET", orderPath + "?limit=-1", "no-subaccounts", 403, missing},
		{"no permission, other endpoint", s, "GET", reissues, "no-subaccounts", 200, ""},
		{"neither", s, "GET", orderPath, "neither", 403, missing},
		{"no subaccounts feature", noFeature, "GET", orderPath, s.Key(), 403, missing},
		{"no subaccounts feature, other endpoint", noFeature, "GET", reissues, s.Key(), 200, ""},

		{"orders only, an order", s, "GET", reissues, "orders-only", 200, ""},
		{"orders only, a product", s, "GET", "/product", "orders-only", 200, ""},
		{"orders only, a domain", s, "GET", "/domain", "orders-only", 403, missing},
		{"orders only, a user", s, "GET", "/user/me", "orders-only", 403, missing},
		{"orders only, subaccounts", s, "GET", orderPath, "orders-only", 403, missing},
		{"orders, domains and organizations, an order", s, "GET", reissues, "orders-domains", 200, ""},
		{"orders, domains and organizations, an organization", s, "GET", "/organization", "orders-domains", 200, ""},
		{"orders, domains and organizations, the account", s, "GET", "/account", "orders-domains", 403, missing},

		{"another method", s, "DELETE", reissues, s.Key(), 501, unknown},
		{"another method on subaccounts", s, "PUT", orderPath, s.Key(), 501, unknown},
		{"another method, unknown route", s, "POST", "/nowhere", s.Key(), 501, unknown},

		{"unknown route", s, "GET", "/nowhere", s.Key(), 501, unknown},
		{"the base URL itself", s, "GET", "", s.Key(), 501, unknown},
		{"a slash at the end", s, "GET", reissues + "/", s.Key(), 200, ""},
		{"a slash before the query", s, "GET", reissues + "/?show_archived=true", s.Key(), 200, ""},
		{"two slashes at the end", s, "GET", reissues + "//", s.Key(), 501, unknown},
		{"a slash twice", s, "GET", "/account//subaccount/order", s.Key(), 501, unknown},
		{"a longer path", s, "GET", "/x" + orderPath, s.Key(), 501, unknown},
		{"another case", s, "GET", "/Account/subaccount/order", s.Key(), 501, unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := send(t, http.DefaultClient, tt.method, tt.server.URL()+tt.path, tt.key)
			require.NoError(t, err)
			if tt.code == "" {
				require.Equal(t, tt.status, got.status, got.body)
				return
			}
			requireError(t, got, tt.status, tt.code)
			if tt.code == invalid { // recorded
				require.JSONEq(t, `{"errors":[{"code":"access_denied|access_denied_invalid_key","message":"Access denied due to access_denied_invalid_key."}]}`, got.body)
			}
		})
	}
}

func TestKeysComeAndGo(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	hc := &http.Client{Transport: s.Transport()}
	status := func(key string) int {
		got, err := send(t, hc, http.MethodGet, s.URL()+orderPath, key)
		require.NoError(t, err)
		return got.status
	}
	require.Equal(t, 403, status("new"))
	require.NoError(t, s.AddKey("new", nil))
	require.Equal(t, 200, status("new"))
	require.NoError(t, s.RemoveKey(s.Key()))
	require.Equal(t, 403, status(s.Key()))
	require.NoError(t, s.RemoveKey("new"))
	require.Equal(t, 403, status("new"))

	require.EqualError(t, s.RemoveKey("new"), "digicerttest: RemoveKey: unknown key")
	require.NoError(t, s.AddKey("new"))
	require.EqualError(t, s.AddKey("new"), "digicerttest: the key already exists")
	for _, key := range []string{"", "two words", "line\n", "é"} {
		require.EqualError(t, s.AddKey(key), "digicerttest: a key must be one word of printable ASCII")
	}
}
