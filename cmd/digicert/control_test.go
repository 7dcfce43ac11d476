// Tests of the sandbox's control API.

package main

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// controlled calls the control API of a sandbox, and returns status and body.
func (s service) controlled(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	base, _, ok := strings.Cut(s.url, "/services/v2")
	require.True(t, ok)
	req, err := http.NewRequestWithContext(t.Context(), method, base+"/_sandbox"+path, strings.NewReader(body))
	require.NoError(t, err)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

func TestControl(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--orders", "0")
	does := func(want int, method, path, body string) string {
		t.Helper()
		status, text := s.controlled(t, method, path, body)
		require.Equal(t, want, status, text)
		if text != "" {
			require.True(t, json.Valid([]byte(text)), text)
		}
		return text
	}
	added := does(200, "POST", "/orders", `{"id":5,"status":"issued","certificate":{"common_name":"a.example","valid_till":"2030-01-02"},"product":{"name_id":"ssl_plus"}}`)
	require.Contains(t, added, `"common_name":"a.example"`)
	does(200, "POST", "/orders", `{"id":6,"subaccount":{"account_id":7}}`)
	require.Equal(t, "a.example", object[digicert.Order](t, s.ok(t, "orders", "get", "5")).Certificate.CommonName)
	require.Equal(t, digicert.OrderID(6), object[digicert.SubaccountOrder](t, s.ok(t, "subaccounts", "orders")).ID)
	does(204, "PUT", "/orders/5/status", `{"status":"revoked"}`)
	require.Equal(t, digicert.OrderStatusRevoked, object[digicert.Order](t, s.ok(t, "orders", "get", "5")).Status)
	require.Contains(t, s.ok(t, "status-changes", "list", "--last", "1m"), `"revoked"`)

	does(204, "DELETE", "/requests", "")
	does(204, "POST", "/faults", `{"faults":["error=400:odd,times=1","error=400:other"]}`)
	requireOneLine(t, s.run(t, "orders", "get", "5").stderr, "odd")
	requireOneLine(t, s.run(t, "orders", "get", "5").stderr, "other")
	does(204, "DELETE", "/faults", "")
	s.ok(t, "orders", "get", "5")
	var received struct {
		Requests []struct {
			Method, Path, Endpoint string
			Status                 int
			Time                   time.Time
		}
	}
	text := does(200, "GET", "/requests", "")
	require.NotContains(t, text, key)
	require.NoError(t, json.Unmarshal([]byte(text), &received))
	require.Len(t, received.Requests, 3)
	require.Equal(t, []any{"GET", "/order/certificate/5", "order", 400}, []any{received.Requests[0].Method, received.Requests[0].Path, received.Requests[0].Endpoint, received.Requests[0].Status})

	at := func(text string) time.Time {
		var clock struct{ Time time.Time }
		require.NoError(t, json.Unmarshal([]byte(text), &clock))
		return clock.Time
	}
	require.WithinDuration(t, time.Now(), at(does(200, "GET", "/clock", "")), time.Minute)
	require.WithinDuration(t, time.Now().Add(36*time.Hour), at(does(200, "PUT", "/clock", `{"advance":"1d12h"}`)), time.Minute)
	require.Empty(t, s.ok(t, "status-changes", "list", "--last", "1m"))
	set := at(does(200, "PUT", "/clock", `{"time":"2040-02-03T04:05:06Z"}`))
	require.WithinDuration(t, time.Date(2040, 2, 3, 4, 5, 6, 0, time.UTC), set, time.Minute)

	does(204, "DELETE", "/orders/6", "")
	require.Empty(t, s.ok(t, "subaccounts", "orders"))
	require.Contains(t, does(200, "GET", "/", ""), "PUT /clock")

	for _, test := range []struct {
		status             int
		method, path, body string
		want               string
	}{
		{400, "POST", "/orders", `{"id":5}`, "exists already"},
		{400, "POST", "/orders", `{"id":-5}`, "-5"},
		{400, "POST", "/orders", `{"id":9,"name":"x"}`, `unknown field \"name\"`},
		{400, "POST", "/orders", `{"id":`, "not what is expected"},
		{400, "POST", "/orders", `{"id":9}{}`, "more than one JSON value"},
		{415, "POST", "/orders", "", "Content-Type must be application/json"},
		{404, "PUT", "/orders/77/status", `{"status":"issued"}`, "there is no order 77"},
		{400, "PUT", "/orders/x/status", `{"status":"issued"}`, `\"x\" is not the id of an order`},
		{400, "PUT", "/orders/5/status", `{}`, "status must not be empty"},
		{404, "DELETE", "/orders/77", "", "there is no order 77"},
		{400, "POST", "/faults", `{"faults":["nosuch"]}`, "nosuch"},
		{400, "POST", "/faults", `{}`, "faults must not be empty"},
		{400, "PUT", "/clock", `{}`, "exactly one of time and advance"},
		{400, "PUT", "/clock", `{"advance":"soon"}`, `advance \"soon\" is not a length of time`},
		{400, "POST", "/orders", `{"id":9}}`, "something after it"},
		{400, "POST", "/orders", `{"id":9,"order_valid_till":"2030-01-01"}`, "cannot be set"},
		{400, "PUT", "/clock", `{"time":"9999-01-01T00:00:00Z"}`, "the years 1900 to 2200"},
		{404, "GET", "/nosuch", "", "there is no GET /_sandbox/nosuch"},
		{404, "PATCH", "/orders", "", "there is no PATCH /_sandbox/orders"},
		{413, "POST", "/orders", `{"id":9,"status":"` + strings.Repeat("x", 1<<20) + `"}`, "longer than"},
	} {
		require.Contains(t, does(test.status, test.method, test.path, test.body), test.want)
	}
	s.run(t, "get", "/order/certificate", "key="+key)
	require.NotContains(t, does(200, "GET", "/requests", ""), key)
}
