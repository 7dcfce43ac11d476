// Tests of the sandbox's control API.

package main

import (
	"encoding/json"
	"flag"
	"io"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
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

	// A stopped clock stays where it is, and moves only when it is told to.
	stopped := func(text string) (now time.Time, stopped bool) {
		var clock struct{ Stopped bool }
		require.NoError(t, json.Unmarshal([]byte(text), &clock))
		return at(text), clock.Stopped
	}
	_, is := stopped(does(200, "GET", "/clock", ""))
	require.False(t, is)
	requireStopped := func(want time.Time, text string) {
		t.Helper()
		now, is := stopped(text)
		require.True(t, is)
		require.Equal(t, want, now)
	}
	day := time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC)
	requireStopped(day, does(200, "PUT", "/clock", `{"time":"2027-01-31T00:00:00Z","stopped":true}`))
	requireStopped(day, does(200, "GET", "/clock", ""))
	requireStopped(day.Add(time.Hour), does(200, "PUT", "/clock", `{"advance":"1h"}`))
	requireStopped(day.Add(time.Hour), does(200, "PUT", "/clock", `{"stopped":true}`))
	requireStopped(day, does(200, "PUT", "/clock", `{"time":"2027-01-31T00:00:00Z"}`))
	requireStopped(day, does(200, "GET", "/clock", ""))
	now, is := stopped(does(200, "PUT", "/clock", `{"stopped":false}`))
	require.False(t, is)
	require.WithinDuration(t, day, now, time.Minute)
	require.Eventually(t, func() bool { return at(does(200, "GET", "/clock", "")).After(now) }, tooLong, time.Millisecond, "it goes again")

	for _, test := range []struct {
		status             int
		method, path, body string
		want               string
	}{
		{400, "POST", "/orders", `{"id":5}`, "already exists"},
		{400, "POST", "/orders", `{"id":-5}`, `{"error":"order id -5 is outside 1 to 2^62"}`},
		{400, "POST", "/orders", `{"id":"9"}`, `{"error":"id must be a whole number, not string"}`},
		{400, "POST", "/orders", `{"id":9,"certificate":{"dns_names":"a"}}`, `{"error":"certificate.dns_names must be an array, not string"}`},
		{400, "POST", "/orders", `{"id":9,"certificate":{"valid_till":"soon"}}`, `\"soon\" is not a date`},
		{400, "POST", "/orders", `[]`, `{"error":"the body must be an object, not array"}`},
		{400, "POST", "/orders", ` `, `{"error":"the body is empty"}`},
		{400, "PUT", "/clock", `{"time":"soon"}`, `{"error":"\"soon\" is not a time, must be like 2027-01-31T00:00:00Z"}`},
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
		{400, "PUT", "/clock", `{}`, "one of time and advance is needed, or stopped"},
		{400, "PUT", "/clock", `{"time":"2027-01-31T00:00:00Z","advance":"1h"}`, "one of time and advance is needed"},
		{400, "PUT", "/clock", `{"stopped":"yes"}`, `{"error":"stopped must be true or false, not string"}`},
		{415, "POST", "/reset", "", "Content-Type must be application/json"},
		{400, "POST", "/reset", `{"orders":1}`, `unknown field \"orders\"`},
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
	// The media types that a web page can send to any host.
	for _, media := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json, text/plain", "x"} {
		require.Error(t, decodeMedia(media), media)
	}
	for _, media := range []string{"application/json", "Application/JSON; charset=utf-8"} {
		require.NoError(t, decodeMedia(media), media)
	}
	s.run(t, "get", "/order/certificate", "key="+key)
	require.NotContains(t, does(200, "GET", "/requests", ""), key)
}

// decodeMedia decodes the body of a request with a media type.
func decodeMedia(media string) error {
	r := httptest.NewRequest(http.MethodPost, "/_sandbox/reset", strings.NewReader("{}"))
	r.Header.Set("Content-Type", media)
	return decodeBody(r, new(struct{}))
}

// TestControlCounts checks that faults are listed with how often they have acted, and that what is written is counted.
func TestControlCounts(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--fault", "delay=1ms,endpoint=me")
	faults := func() string {
		status, text := s.controlled(t, "GET", "/faults", "")
		require.Equal(t, 200, status)
		return text
	}
	counts := func() string {
		status, text := s.controlled(t, "GET", "/counts", "")
		require.Equal(t, 200, status)
		return text
	}
	require.JSONEq(t, `{"faults":[{"fault":"delay=1ms,endpoint=me","acted":0}]}`, faults())
	require.Equal(t, `{"requests":0,"refused":0,"faulted":0,"writes":{}}`+"\n", counts())
	s.ok(t, "get", "/user/me")
	s.ok(t, "get", "/user/me")
	status, text := s.controlled(t, "POST", "/faults", `{"faults":["lose-answer,endpoint=place-order,times=2"]}`)
	require.Equal(t, 204, status, text)
	csr, _ := csrFile(t, "a.example")
	r := s.run(t, "orders", "place", "ssl_dv_geotrust", "--csr", csr, "--common-name", "a.example", "--years", "1", "--alternative-id", "mine", "--yes")
	require.Zero(t, r.code, r.stderr)
	require.JSONEq(t, `{"faults":[{"fault":"delay=1ms,endpoint=me","acted":2},{"fault":"lose-answer,times=1,endpoint=place-order","acted":1}]}`, faults())
	var counted struct {
		Requests, Faulted int
		Writes            map[string]struct{ Received, Acted int }
	}
	require.NoError(t, json.Unmarshal([]byte(counts()), &counted))
	require.Equal(t, map[string]struct{ Received, Acted int }{"place-order": {1, 1}}, counted.Writes)
	require.Equal(t, 3, counted.Faulted)
	require.Greater(t, counted.Requests, 3)
	status, _ = s.controlled(t, "DELETE", "/requests", "")
	require.Equal(t, 204, status)
	require.JSONEq(t, `{"requests":0,"refused":0,"faulted":0,"writes":{}}`, counts())
}

// TestControlReset checks that a sandbox that was reset is what it was at its start.
func TestControlReset(t *testing.T) {
	t.Parallel()
	s := sandbox(t, "--orders", "50", "--fault", "delay=1ms,endpoint=order")
	before := s.ok(t, "subaccounts", "orders")
	for _, request := range [][3]string{
		{"POST", "/orders", `{"id":5}`},
		{"POST", "/faults", `{"faults":["html=502"]}`},
		{"PUT", "/clock", `{"time":"2040-01-31T00:00:00Z","stopped":true}`},
	} {
		status, text := s.controlled(t, request[0], request[1], request[2])
		require.Less(t, status, 300, text)
	}
	require.Equal(t, exitUnavailable, s.run(t, "orders", "get", "5").code)
	status, text := s.controlled(t, "POST", "/reset", "{}")
	require.Equal(t, 204, status, text)

	for path, want := range map[string]string{
		"/faults": `{"faults":[{"fault":"delay=1ms,endpoint=order","acted":0}]}`, "/counts": `{"requests":0,"refused":0,"faulted":0,"writes":{}}`, "/requests": `{"requests":[]}`,
	} {
		_, text := s.controlled(t, "GET", path, "")
		require.JSONEq(t, want, text)
	}
	_, text = s.controlled(t, "GET", "/clock", "")
	var clock clockState
	require.NoError(t, json.Unmarshal([]byte(text), &clock))
	require.False(t, clock.Stopped)
	require.WithinDuration(t, time.Now(), clock.Time, time.Minute)
	require.Equal(t, before, s.ok(t, "subaccounts", "orders"))
	require.Equal(t, exitNotFound, s.run(t, "orders", "get", "5").code)
	s.requireRequest(t, "/order/certificate/5") // requests are still logged
}

// TestSandboxDocs runs the examples of docs/sandbox.md and of the help in their order, and checks that the page lists what there is.
func TestSandboxDocs(t *testing.T) {
	t.Parallel()
	page := read(t, filepath.Join("..", "..", "docs", "sandbox.md"))
	help := execute(t, cleanEnv(), "sandbox", "--help").stdout
	s := sandbox(t, "--orders", "0")
	ran := 0
	var answer string
	for line := range strings.Lines(page + help) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "{") { // what the example before it prints
			require.JSONEq(t, line, answer)
			continue
		}
		if !strings.HasPrefix(line, "curl ") {
			continue
		}
		words, err := splitWords(line)
		require.NoError(t, err)
		flags := flag.NewFlagSet(words[0], flag.ContinueOnError)
		header, body, method := flags.String("H", "", ""), flags.String("d", "", ""), flags.String("X", "", "")
		require.NoError(t, flags.Parse(words[1:]), line)
		require.Equal(t, 1, flags.NArg(), line)
		path, ok := strings.CutPrefix(flags.Arg(0), "http://127.0.0.1:8080"+controlPath)
		require.True(t, ok, line)
		if *body != "" {
			require.Equal(t, "Content-Type: application/json", *header, line)
		}
		if *method == "" { // as curl does
			*method = http.MethodGet
			if *body != "" {
				*method = http.MethodPost
			}
		}
		var status int
		status, answer = s.controlled(t, *method, path, *body)
		require.Less(t, status, 300, "%s: %s", line, answer)
		ran++
	}
	require.Equal(t, 9, ran)

	var is map[string]string
	_, text := s.controlled(t, "GET", "/", "")
	require.NoError(t, json.Unmarshal([]byte(text), &is))
	documented := map[string]bool{"GET /": true}
	for request := range is {
		documented[request] = true
	}
	listed := make(map[string]bool)
	for _, m := range regexp.MustCompile("(?m)^\\| `([A-Z]+) /_sandbox(/[^`]*)` \\|").FindAllStringSubmatch(page, -1) {
		listed[m[1]+" "+m[2]] = true
	}
	require.Equal(t, documented, listed)
}
