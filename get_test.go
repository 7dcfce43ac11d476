package digicert_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/go-digicert/digicert"
	"github.com/stretchr/testify/require"
)

func TestGetPath(t *testing.T) {
	t.Parallel()
	const base = "https://www.digicert.com/services/v2"
	for given, want := range map[string]struct{ url, path string }{
		"/order/certificate/5":    {base + "/order/certificate/5", "/order/certificate/5"},
		"order/certificate/5":     {base + "/order/certificate/5", "/order/certificate/5"},
		"/order/certificate/5/":   {base + "/order/certificate/5/", "/order/certificate/5/"},
		"a":                       {base + "/a", "/a"},
		"/a:b/c":                  {base + "/a:b/c", "/a:b/c"},
		"/a%2Fb/c":                {base + "/a%2Fb/c", "/a%2Fb/c"},
		"/a%20b":                  {base + "/a%20b", "/a%20b"},
		"/a b":                    {base + "/a%20b", "/a%20b"},
		"/a%3Fb%23c":              {base + "/a%3Fb%23c", "/a%3Fb%23c"},
		"/a%25b":                  {base + "/a%25b", "/a%25b"},
		"/\u00fc":                 {base + "/%C3%BC", "/%C3%BC"},
		"/a+b@c":                  {base + "/a+b@c", "/a+b@c"},
		"/a..b/...":               {base + "/a..b/...", "/a..b/..."},
		"/.well-known/..x/x..":    {base + "/.well-known/..x/x..", "/.well-known/..x/x.."},
		"/a//b":                   {base + "/a//b", "/a//b"},
		"/certificate/1/chain;v2": {base + "/certificate/1/chain;v2", "/certificate/1/chain;v2"},
	} {
		t.Run(given, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, http.StatusNotFound, ``)

			err := c.Get(t.Context(), given, url.Values{"q": {"1"}}, nil)

			require.ErrorIs(t, err, digicert.ErrNotFound)
			require.Equal(t, want.url+"?q=1", s.only(t).URL.String())
			var answer *digicert.Error
			require.ErrorAs(t, err, &answer)
			require.Equal(t, want.path, answer.Path)
		})
	}
}

func TestGetPathRefused(t *testing.T) {
	t.Parallel()
	for name, given := range map[string]string{
		"empty":                    "",
		"slash":                    "/",
		"absolute URL":             "https://evil.example/x",
		"absolute URL, own host":   "https://www.digicert.com/services/v2/x",
		"other scheme":             "file:///etc/passwd",
		"opaque":                   "mailto:x",
		"host":                     "//evil.example/x",
		"host with user":           "//user:pass@evil.example/x",
		"no host":                  "///x",
		"parent":                   "..",
		"parent first":             "../x",
		"parent after slash":       "/../x",
		"parent within":            "/a/../../x",
		"parent that stays":        "/a/../x",
		"parent last":              "/a/..",
		"dot":                      ".",
		"dot within":               "/a/./x",
		"escaped parent":           "/%2e%2e/x",
		"escaped parent, capital":  "/%2E%2E/x",
		"half escaped parent":      "/.%2e/x",
		"escaped slash, parent":    "/a%2f../x",
		"escaped slash, parent 2":  "/a%2f..%2f..%2fx",
		"all escaped":              "%2f%2e%2e%2fx",
		"backslash":                `/a\..\x`,
		"backslash first":          `\..\x`,
		"escaped backslash":        "/a%5c..%5cx",
		"query":                    "/x?y=1",
		"empty query":              "/x?",
		"fragment":                 "/x#y",
		"empty fragment":           "/x#",
		"newline":                  "/x\ny",
		"CR LF":                    "/x HTTP/1.1\r\nX-Other: 1",
		"NUL":                      "/x\x00",
		"DEL":                      "/x\x7f",
		"bad escape":               "/x%zz",
		"half an escape":           "/x%2",
		"colon in the first place": "1:x",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, http.StatusOK, `{}`)
			err := c.Get(t.Context(), given, nil, nil)
			requireParamError(t, err, "path")
			require.Zero(t, s.GetTotalCallCount())
		})
	}
}

func TestGetParams(t *testing.T) {
	t.Parallel()
	type filters struct {
		Status string             `url:"status,omitempty"`
		Till   digicert.DateRange `url:"valid_till"`
	}
	type params struct {
		Limit   int     `url:"limit,omitempty"`
		Filters filters `url:"filters"`
	}
	for name, tc := range map[string]struct {
		params any
		query  []string
	}{
		"nil":            {nil, nil},
		"nil pointer":    {(*params)(nil), nil},
		"zero":           {params{}, nil},
		"struct":         {params{Limit: 5, Filters: filters{Status: "issued"}}, []string{"limit=5", "filters[status]=issued"}},
		"pointer":        {&params{Limit: 5}, []string{"limit=5"}},
		"range":          {&params{Filters: filters{Till: digicert.DateRange{From: digicert.Date{Year: 2024, Month: 1, Day: 2}}}}, []string{"filters[valid_till]=2024-01-02...2999-12-31"}},
		"values":         {url.Values{"filters[search]": {"%text"}, "sort": {"a", "b"}}, []string{"filters[search]=%text", "sort=a", "sort=b"}},
		"nil values":     {url.Values(nil), nil},
		"own parameters": {&digicert.ListSubaccountOrdersParams{Limit: 5}, []string{"limit=5"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, s := serve(t, http.StatusOK, `{}`)
			require.NoError(t, c.Get(t.Context(), "/x", tc.params, nil))
			require.ElementsMatch(t, tc.query, queryOf(t, s.only(t)))
		})
	}
	for _, wrong := range []any{5, "limit=5", []string{"limit=5"}, map[string]string{"limit": "5"}, true} {
		c, s := serve(t, http.StatusOK, `{}`)
		requireParamError(t, c.Get(t.Context(), "/x", wrong, nil), "params")
		require.Zero(t, s.GetTotalCallCount())
	}
}

// The parameters of a call are the caller's, and stay as they are.
func TestGetLeavesParamsAlone(t *testing.T) {
	t.Parallel()
	c, s := serve(t, http.StatusOK, `{}`)
	values := url.Values{"b": {"2", "1"}, "a": {""}}
	require.NoError(t, c.Get(t.Context(), "/x", values, nil))
	require.Equal(t, url.Values{"b": {"2", "1"}, "a": {""}}, values)
	require.Equal(t, values, s.only(t).URL.Query())
}

func TestGetResult(t *testing.T) {
	t.Parallel()
	body := fixture(t, "subaccount_orders.json")
	c, _ := serve(t, http.StatusOK, body)

	t.Run("nil", func(t *testing.T) {
		t.Parallel()
		require.NoError(t, c.Get(t.Context(), "/x", nil, nil))
	})
	t.Run("nothing where nothing is wanted", func(t *testing.T) {
		t.Parallel()
		for status, body := range map[int]string{http.StatusOK: "", http.StatusNoContent: "", http.StatusAccepted: "<html>"} {
			c, _ := serve(t, status, body)
			require.NoError(t, c.Get(t.Context(), "/x", nil, nil))
		}
	})
	t.Run("json.RawMessage", func(t *testing.T) {
		t.Parallel()
		var got json.RawMessage
		require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
		require.Equal(t, strings.TrimSpace(body), strings.TrimSpace(string(got)))
	})
	t.Run("json.RawMessage of its own", func(t *testing.T) {
		t.Parallel()
		first := `{"a":"` + strings.Repeat("x", 1000) + `"}`
		c, _ := serve(t, http.StatusOK, first)
		var got json.RawMessage
		require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
		other, _ := serve(t, http.StatusOK, strings.Repeat("9", 1200))
		require.NoError(t, other.Get(t.Context(), "/x", nil, new(json.RawMessage)))
		require.Equal(t, first, string(got), "not a buffer that another answer is read into")
	})
	t.Run("map", func(t *testing.T) {
		t.Parallel()
		var got map[string]json.RawMessage
		require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
		require.Len(t, got, 2)
		require.JSONEq(t, `{"total": 3, "limit": 1000, "offset": 0}`, string(got["page"]))
	})
	t.Run("any", func(t *testing.T) {
		t.Parallel()
		var got any
		require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
		require.Len(t, got, 2)
	})
	t.Run("own struct", func(t *testing.T) {
		t.Parallel()
		type orderInfo struct {
			digicert.SubaccountOrder
			Shared bool   `json:"is_shared"`
			Extra  string `json:"extra"`
		}
		row := `{"id": "7", "certificate": {"id": "8"}, "order_price": {"cost": "1.50"}, "date_created": "2018-11-29 01:48:04",
			"is_multi_year_plan": "1", "is_shared": "1", "extra": 5}`
		c, _ := serve(t, http.StatusOK, row)

		var got orderInfo
		require.NoError(t, c.Get(t.Context(), "/account/subaccount/order/7", nil, &got))

		want, err := decodeOrder(t, row)
		require.NoError(t, err)
		require.Equal(t, orderInfo{SubaccountOrder: want, Shared: true, Extra: "5"}, got)
	})
	t.Run("own page of own rows", func(t *testing.T) {
		t.Parallel()
		type row struct {
			digicert.SubaccountOrder
			Extra []string `json:"extra"`
		}
		var got struct {
			Orders []row             `json:"orders"`
			Page   digicert.PageInfo `json:"page"`
		}
		require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
		require.Equal(t, samplePage().Page, got.Page)
		for i, want := range samplePage().Orders {
			require.Equal(t, want, withLists(got.Orders[i].SubaccountOrder))
		}
	})
	t.Run("pointer to a pointer", func(t *testing.T) {
		t.Parallel()
		var got *digicert.SubaccountOrderPage
		require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
		require.Equal(t, samplePage(), got)
	})
}

func TestGetResultRefused(t *testing.T) {
	t.Parallel()
	for _, result := range []any{
		5, "x", struct{}{}, digicert.SubaccountOrderPage{}, map[string]any{}, []int{}, json.RawMessage{}, (*digicert.SubaccountOrderPage)(nil),
	} {
		c, s := serve(t, http.StatusOK, `{}`)
		requireParamError(t, c.Get(t.Context(), "/x", nil, result), "result")
		require.Zero(t, s.GetTotalCallCount())
	}
}
