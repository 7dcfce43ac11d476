package digicerttest_test

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

const reissuePath = "/order/certificate/123457/reissue"

// eachWay runs a test over real connections and in memory. Connections are used once: net/http
// repeats by itself a request whose connection breaks when it was used before.
func eachWay(t *testing.T, test func(t *testing.T, s *digicerttest.Server, hc *http.Client)) {
	t.Run("loopback", func(t *testing.T) {
		t.Parallel()
		s := digicerttest.NewServer(t)
		test(t, s, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, CheckRedirect: noRedirect})
	})
	t.Run("memory", func(t *testing.T) {
		t.Parallel()
		s, err := digicerttest.New()
		require.NoError(t, err)
		test(t, s, &http.Client{Transport: s.Transport(), CheckRedirect: noRedirect})
	})
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

func TestFaultsThatAnswer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault       digicerttest.Fault
		status      int
		contentType string
		body        string // or, with a *, a part of it
		header      [2]string
	}{
		{fault: digicerttest.Status(503, ""), status: 503},
		{fault: digicerttest.Status(204, ""), status: 204},
		{fault: digicerttest.Status(500, "oops"), status: 500, contentType: "text/plain; charset=UTF-8", body: "oops"},
		{fault: digicerttest.Status(500, ` {"a":1}`), status: 500, contentType: "application/json", body: ` {"a":1}`},
		{fault: digicerttest.Status(200, "<p>"), status: 200, contentType: "text/html; charset=UTF-8", body: "<p>"},
		{
			fault: digicerttest.APIError(200, "a|b", `m"`), status: 200, contentType: "application/json",
			body: `{"errors":[{"code":"a|b","message":"m\""}]}`,
		},
		{fault: digicerttest.HTMLPage(502), status: 502, contentType: "text/html; charset=UTF-8", body: "*<h1>502 Bad Gateway</h1>"},
		{fault: digicerttest.Redirect("https://elsewhere.example/"), status: 302, header: [2]string{"Location", "https://elsewhere.example/"}},
		{
			fault: digicerttest.RateLimited(0), status: 429, contentType: "application/json",
			body:   `{"errors":[{"code":"request_limit_exceeded","message":"Service unavailable, please limit request volume"}]}`,
			header: [2]string{"Retry-After", ""},
		},
		{
			fault: digicerttest.RateLimited(1500 * time.Millisecond), status: 429, contentType: "application/json",
			body: "*request_limit_exceeded", header: [2]string{"Retry-After", "2"},
		},
		{
			fault: digicerttest.Status(307, "").Header("Location", "/x").Header("Date", "yesterday"), status: 307,
			header: [2]string{"Date", "yesterday"},
		},
	} {
		t.Run(tt.fault.String(), func(t *testing.T) {
			t.Parallel()
			eachWay(t, func(t *testing.T, s *digicerttest.Server, hc *http.Client) {
				require.NoError(t, s.Inject(tt.fault))
				for _, key := range []string{s.Key(), "wrong"} { // what is in front of the service does not know keys
					got, err := send(t, hc, http.MethodGet, s.URL()+reissuePath, key)
					require.NoError(t, err)
					require.Equal(t, tt.status, got.status)
					require.Equal(t, tt.contentType, got.header.Get("Content-Type"))
					if part, ok := strings.CutPrefix(tt.body, "*"); ok {
						require.Contains(t, got.body, part)
					} else {
						require.Equal(t, tt.body, got.body)
					}
					if tt.header[0] != "" {
						require.Equal(t, tt.header[1], got.header.Get(tt.header[0]))
					}
				}
				require.Equal(t, digicerttest.Stats{Requests: 2, Faulted: 2}, s.Stats())
				require.Equal(t, tt.status, s.Requests()[0].Status)
				s.ClearFaults()
				got, err := send(t, hc, http.MethodGet, s.URL()+reissuePath, s.Key())
				require.NoError(t, err)
				require.JSONEq(t, sample(t, "reissues"), got.body)
			})
		})
	}
}

func TestFaultsThatBreakTheConnection(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		fault digicerttest.Fault
		want  error
		part  bool // whether half of the body arrives
	}{
		{digicerttest.Reset(), syscall.ECONNRESET, false},
		{digicerttest.ResetInBody(), syscall.ECONNRESET, true},
		{digicerttest.Truncate(), io.ErrUnexpectedEOF, true},
		{digicerttest.TruncateSilently(), nil, true},
	} {
		t.Run(tt.fault.String(), func(t *testing.T) {
			t.Parallel()
			eachWay(t, func(t *testing.T, s *digicerttest.Server, hc *http.Client) {
				whole, err := send(t, hc, http.MethodGet, s.URL()+reissuePath, s.Key())
				require.NoError(t, err)
				require.NoError(t, s.Inject(tt.fault.Times(1)))
				got, err := send(t, hc, http.MethodGet, s.URL()+reissuePath, s.Key())
				require.ErrorIs(t, err, tt.want)
				if tt.part {
					require.Equal(t, 200, got.status)
					require.Equal(t, whole.body[:len(whole.body)/2], got.body)
					announced := len(whole.body)
					if tt.want == nil {
						announced /= 2
					}
					require.Equal(t, fmt.Sprint(announced), got.header.Get("Content-Length"))
				} else {
					require.Zero(t, s.Requests()[1].Status, "it was not answered")
				}
				got, err = send(t, hc, http.MethodGet, s.URL()+reissuePath, s.Key())
				require.NoError(t, err)
				require.Equal(t, whole.body, got.body)
				require.Equal(t, digicerttest.Stats{Requests: 3, Faulted: 1}, s.Stats())
			})
		})
	}
}

func TestFaultsThatSwell(t *testing.T) {
	t.Parallel()
	const size = 5<<20 + 12345
	for _, fault := range []digicerttest.Fault{digicerttest.HugeBody(size), digicerttest.GzipBomb(size)} {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			eachWay(t, func(t *testing.T, s *digicerttest.Server, hc *http.Client) {
				require.NoError(t, s.Inject(fault))
				got, err := send(t, hc, http.MethodGet, s.URL()+reissuePath, s.Key())
				require.NoError(t, err)
				require.Empty(t, got.header.Get("Content-Length"))
				require.Empty(t, got.header.Get("Content-Encoding"), "net/http hides it")
				require.Equal(t, size, len(got.body)-len(strings.TrimSpace(got.body)))
				require.JSONEq(t, sample(t, "reissues"), got.body)
			})
		})
	}
}

// TestGzipBombIsSmall looks at the bomb itself, as a client gets it that asks for compression.
func TestGzipBombIsSmall(t *testing.T) {
	t.Parallel()
	const size = 100 << 20
	eachWay(t, func(t *testing.T, s *digicerttest.Server, hc *http.Client) {
		require.NoError(t, s.Inject(digicerttest.GzipBomb(size)))
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+reissuePath, nil)
		require.NoError(t, err)
		req.Header.Set("X-DC-DEVKEY", s.Key())
		req.Header.Set("Accept-Encoding", "gzip")
		resp, err := hc.Do(req)
		require.NoError(t, err)
		defer resp.Body.Close()
		require.Equal(t, "gzip", resp.Header.Get("Content-Encoding"))
		require.Less(t, resp.ContentLength, int64(size/500))
		z, err := gzip.NewReader(resp.Body)
		require.NoError(t, err)
		n, err := io.Copy(io.Discard, z)
		require.NoError(t, err)
		require.Greater(t, n, int64(size))
	})
}

func TestFaultsThatDistort(t *testing.T) {
	t.Parallel()
	type fault = digicerttest.Fault
	for _, tt := range []struct {
		name, path, want string
		faults           []fault
	}{
		{
			"reissues with numbers as strings", reissuePath + "?show_archived=true",
			`{"certificates":[{"id":"1","common_name":"a","dns_names":["a"],"status":"pending","date_created":"2024-06-15T12:00:00+00:00","key_size":"2048","archived":"0"}]}`,
			[]fault{digicerttest.NumbersAsStrings()},
		},
		{
			"reissues with nulls", reissuePath,
			`{"certificates":[{"id":1,"common_name":"a","dns_names":["a"],"status":"pending","date_created":"2024-06-15T12:00:00+00:00","key_size":2048,
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
			"key_size":2048,"receipt_id":"70","purchased_dns_names":"0","purchased_wildcard_names":"0"}]}`,
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
			require.NoError(t, s.AddReissue(123457, digicert.Reissue{ID: 1, Status: "pending"}))
			require.NoError(t, s.AddOrder(digicert.SubaccountOrder{
				ID: 123458, Subaccount: digicert.Subaccount{AccountID: 20}, Certificate: digicert.OrderCertificate{ID: 71},
			}))
			require.NoError(t, s.Inject(tt.faults...))
			got := get(t, s, tt.path)
			require.Equal(t, 200, got.status)
			require.JSONEq(t, tt.want, got.body)
			require.Equal(t, digicerttest.Stats{Requests: 1, Faulted: 1}, s.Stats())
		})
	}
}

// TestRepeatPrimary counts the copies: as many as there were reissues.
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

// TestNullsInCertificates looks at the certificate of a pending order, whose own keys are
// documented to be absent.
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

// TestDuplicateRowsLoseNothing walks through pages of a list that has every row twice.
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

func TestWhomFaultsBefall(t *testing.T) {
	t.Parallel()
	const ok, bad = 200, 503
	fault := digicerttest.Status(bad, "")
	for _, tt := range []struct {
		name   string
		faults []digicerttest.Fault
		want   map[string][]int // statuses by path, which are asked for in turn
	}{
		{"always", []digicerttest.Fault{fault}, map[string][]int{reissuePath: {bad, bad, bad}, orderPath: {bad, bad, bad}, "/nowhere": {bad}}},
		{"twice", []digicerttest.Fault{fault.Times(2)}, map[string][]int{reissuePath: {bad, bad, ok, ok}}},
		{"after two, once", []digicerttest.Fault{fault.After(2).Times(1)}, map[string][]int{reissuePath: {ok, ok, bad, ok}}},
		{
			"on an endpoint",
			[]digicerttest.Fault{fault.On(digicerttest.SubaccountOrders).Times(1)},
			map[string][]int{reissuePath: {ok, ok}, orderPath: {bad, ok}, "/nowhere": {404}},
		},
		{
			"on two endpoints",
			[]digicerttest.Fault{fault.On(digicerttest.SubaccountOrders, digicerttest.Reissues)},
			map[string][]int{reissuePath: {bad}, orderPath: {bad}, changesPath + "?minutes=1": {ok}},
		},
		{
			"one after the other",
			[]digicerttest.Fault{fault.Times(1), digicerttest.HTMLPage(502).Times(1)},
			map[string][]int{reissuePath: {bad, 502, ok}},
		},
		{
			"none by chance",
			[]digicerttest.Fault{fault.Share(1e-300, 1)},
			map[string][]int{reissuePath: {ok, ok, ok}},
		},
		{
			"all by chance",
			[]digicerttest.Fault{fault.Share(1, 1)},
			map[string][]int{reissuePath: {bad, bad, bad}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := digicerttest.New()
			require.NoError(t, err)
			require.NoError(t, s.Inject(tt.faults...))
			for path, want := range tt.want {
				var got []int
				for range want {
					got = append(got, get(t, s, path).status)
				}
				require.Equal(t, want, got, path)
			}
		})
	}
}

func TestShareOfRequests(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	run := func(seed uint64) (which []bool, n int) {
		s, err := digicerttest.New()
		require.NoError(t, err)
		require.NoError(t, s.Inject(digicerttest.Status(503, "").Share(0.25, seed)))
		for range 2000 {
			bad := get(t, s, reissuePath).status == 503
			which = append(which, bad)
			if bad {
				n++
			}
		}
		require.Equal(t, n, s.Stats().Faulted)
		return which, n
	}
	first, n := run(seed)
	require.InDelta(t, 500, n, 120) // six standard deviations
	again, _ := run(seed)
	require.Equal(t, first, again)
	other, _ := run(seed + 1)
	require.NotEqual(t, first, other)
}

// TestFaultsSpareRefusals shows that a fault for bodies waits for an answer that it can spoil.
func TestFaultsSpareRefusals(t *testing.T) {
	t.Parallel()
	s, err := digicerttest.New()
	require.NoError(t, err)
	require.NoError(t, s.Inject(digicerttest.TruncateSilently().Times(1)))
	requireError(t, get(t, s, "/nowhere"), 404, "not_found|route")
	requireError(t, get(t, s, orderPath+"?limit=x"), 400, "invalid_parameter|limit")
	require.Zero(t, s.Stats().Faulted)
	require.NotEqual(t, sample(t, "reissues"), get(t, s, reissuePath).body)
	require.Equal(t, 1, s.Stats().Faulted)
	require.JSONEq(t, sample(t, "reissues"), get(t, s, reissuePath).body)
}

// TestFaultsInFrontDoNotCount shows that what does not reach the service does not count against its
// limits.
func TestFaultsInFrontDoNotCount(t *testing.T) {
	t.Parallel()
	s, err := digicerttest.New(digicerttest.WithRateLimits(digicert.Window{Requests: 1, Per: time.Hour}))
	require.NoError(t, err)
	require.NoError(t, s.Inject(digicerttest.HTMLPage(502).Times(3)))
	var got []int
	for range 5 {
		got = append(got, get(t, s, reissuePath).status)
	}
	require.Equal(t, []int{502, 502, 502, 200, 429}, got)
	require.Equal(t, digicerttest.Stats{Requests: 5, Refused: 1, Faulted: 3}, s.Stats())
}

func TestFaultsTogether(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := digicerttest.New(digicerttest.WithLatency(time.Second))
		require.NoError(t, err)
		require.NoError(t, s.Inject(
			digicerttest.Delay(2*time.Second), digicerttest.HTMLPage(502).Times(1), digicerttest.Status(500, "").Times(1),
			digicerttest.Truncate().Times(1), digicerttest.TruncateSilently().Times(1), digicerttest.HugeBody(10), digicerttest.HugeBody(20),
			digicerttest.Drip(7, time.Millisecond), digicerttest.Delay(4*time.Second),
		))
		start := time.Now()
		require.Equal(t, 502, get(t, s, reissuePath).status)
		require.Equal(t, 7*time.Second, time.Since(start))
		require.Equal(t, 500, get(t, s, reissuePath).status)

		_, err = send(t, &http.Client{Transport: s.Transport()}, http.MethodGet, s.URL()+reissuePath, s.Key())
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "a body is cut once, by the first")
		short := get(t, s, reissuePath)
		whole := get(t, s, reissuePath)
		require.Equal(t, whole.body[:len(whole.body)/2], short.body)
		require.Equal(t, 30, len(whole.body)-len(strings.TrimSpace(whole.body)))
	})
}

func TestWaits(t *testing.T) {
	t.Parallel()
	t.Run("delay", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, err := digicerttest.New()
			require.NoError(t, err)
			require.NoError(t, s.Inject(digicerttest.Delay(3*time.Second)))
			start := time.Now()
			// What the answer says is as old as the request.
			time.AfterFunc(time.Second, func() { _ = s.RemoveOrder(123456) })
			require.Len(t, rows(t, get(t, s, orderPath), "orders"), 3)
			require.Equal(t, 3*time.Second, time.Since(start))

			_, err = send(t, &http.Client{Transport: s.Transport(), Timeout: time.Second}, http.MethodGet, s.URL()+reissuePath, s.Key())
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, 4*time.Second, time.Since(start))
		})
	})
	t.Run("hang", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, err := digicerttest.New()
			require.NoError(t, err)
			require.NoError(t, s.Inject(digicerttest.Hang()))
			cause := errors.New("enough")
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(time.Hour, func() { cancel(cause) })
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+reissuePath, nil)
			require.NoError(t, err)
			start := time.Now()
			_, err = s.Transport().RoundTrip(req)
			require.ErrorIs(t, err, cause)
			require.Equal(t, time.Hour, time.Since(start))
			require.Zero(t, s.Requests()[0].Status)
			_, err = s.Transport().RoundTrip(req)
			require.ErrorIs(t, err, cause)
			require.Len(t, s.Requests(), 1, "a request whose context has ended is not sent")
		})
	})
	t.Run("drip", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			s, err := digicerttest.New()
			require.NoError(t, err)
			whole := get(t, s, reissuePath).body
			require.NoError(t, s.Inject(digicerttest.Drip(100, time.Second)))
			start := time.Now()
			require.Equal(t, whole, get(t, s, reissuePath).body)
			require.Equal(t, time.Duration((len(whole)-1)/100)*time.Second, time.Since(start), "a pause between any two drops")

			start = time.Now()
			got, err := send(t, &http.Client{Transport: s.Transport(), Timeout: 2500 * time.Millisecond}, http.MethodGet, s.URL()+reissuePath, s.Key())
			require.ErrorIs(t, err, context.DeadlineExceeded)
			require.Equal(t, whole[:300], got.body)
			require.Equal(t, 2500*time.Millisecond, time.Since(start))
		})
	})
}

// TestWaitsOverConnections shows what the waits do to a real connection, without waiting.
func TestWaitsOverConnections(t *testing.T) {
	t.Parallel()
	t.Run("a hanging request ends with the client", func(t *testing.T) {
		t.Parallel()
		s := digicerttest.NewServer(t)
		require.NoError(t, s.Inject(digicerttest.Hang()))
		ctx, cancel := context.WithCancel(t.Context())
		s.OnRequest(func(*http.Request) { cancel() })
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL()+reissuePath, nil)
		require.NoError(t, err)
		resp, err := http.DefaultClient.Do(req)
		if err == nil {
			resp.Body.Close()
		}
		require.ErrorIs(t, err, context.Canceled)
	})
	for _, fault := range []digicerttest.Fault{digicerttest.Hang(), digicerttest.Delay(time.Hour), digicerttest.Drip(1, time.Hour)} {
		t.Run(fault.String()+" ends with the server", func(t *testing.T) {
			t.Parallel()
			s := digicerttest.NewServer(t)
			require.NoError(t, s.Inject(fault))
			arrived := make(chan struct{})
			s.OnRequest(func(*http.Request) { close(arrived) })
			go func() {
				<-arrived
				s.Close()
			}()
			_, err := send(t, http.DefaultClient, http.MethodGet, s.URL()+reissuePath, s.Key())
			require.Error(t, err)
		})
	}
	t.Run("a hanging request whose body nobody reads ends with the server", func(t *testing.T) {
		t.Parallel()
		s := digicerttest.NewServer(t)
		require.NoError(t, s.Inject(digicerttest.Hang()))
		arrived := make(chan context.Context, 1)
		s.OnRequest(func(r *http.Request) { arrived <- r.Context() })
		go func() {
			req, _ := http.NewRequest(http.MethodPost, s.URL()+reissuePath, strings.NewReader("x"))
			if resp, err := http.DefaultClient.Do(req); err == nil {
				resp.Body.Close()
			}
		}()
		ctx := <-arrived
		s.Close()
		<-ctx.Done()
	})
	t.Run("drip", func(t *testing.T) {
		t.Parallel()
		s := digicerttest.NewServer(t)
		require.NoError(t, s.Inject(digicerttest.Drip(100, time.Nanosecond)))
		require.JSONEq(t, sample(t, "reissues"), get(t, s, reissuePath).body)
	})
}

// TestBreakingWhatCannotBeHijacked shows what happens in front of a writer that is no connection.
func TestBreakingWhatCannotBeHijacked(t *testing.T) {
	t.Parallel()
	s, err := digicerttest.New()
	require.NoError(t, err)
	req := httptest.NewRequest(http.MethodGet, digicerttest.BasePath+reissuePath, nil)
	req.Header.Set("X-DC-DEVKEY", s.Key())
	for _, fault := range []digicerttest.Fault{digicerttest.Reset(), digicerttest.ResetInBody(), digicerttest.Truncate()} {
		require.NoError(t, s.Inject(fault.Times(1)))
		require.PanicsWithError(t, http.ErrAbortHandler.Error(), func() { s.ServeHTTP(httptest.NewRecorder(), req) }, fault)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, req)
	require.JSONEq(t, sample(t, "reissues"), w.Body.String())
}

func TestInjectRefuses(t *testing.T) {
	t.Parallel()
	fine := digicerttest.Reset()
	for _, tt := range []struct {
		fault digicerttest.Fault
		text  string
	}{
		{digicerttest.Fault{}, "of no kind: the zero Fault does nothing"},
		{digicerttest.Status(199, ""), "status: status 199 is outside 200 to 599"},
		{digicerttest.HTMLPage(600), "html: status 600 is outside 200 to 599"},
		{digicerttest.APIError(0, "a", "b"), "error: status 0 is outside 200 to 599"},
		{digicerttest.Redirect(""), "redirect: a redirect without a URL"},
		{digicerttest.Delay(0), "delay: a wait of 0s"},
		{digicerttest.RateLimited(-time.Second), "rate-limited: a wait of -1s"},
		{digicerttest.Drip(0, time.Second), "drip: 0 bytes"},
		{digicerttest.Drip(1, 0), "drip: a wait of 0s"},
		{digicerttest.HugeBody(-1), "huge-body: -1 bytes"},
		{digicerttest.GzipBomb(0), "gzip-bomb: 0 bytes"},
		{fine.Times(0), "reset: the number of times must be positive"},
		{fine.Times(-1), "reset: the number of times must be positive"},
		{fine.After(-1), "reset: the number of requests to spare is negative"},
		{fine.Share(0, 1), "reset: the share must be above 0 and at most 1"},
		{fine.Share(1.1, 1), "reset: the share must be above 0 and at most 1"},
		{fine.Share(math.NaN(), 1), "reset: the share must be above 0 and at most 1"},
		{fine.On("elsewhere"), `reset: there is no endpoint "elsewhere"`},
		{fine.Header("a", "b"), "reset: a header is for faults that answer themselves"},
		{digicerttest.RepeatPrimary().On(digicerttest.StatusChanges), "repeat-primary: only the list of reissues can repeat the primary certificate"},
	} {
		s, err := digicerttest.New()
		require.NoError(t, err)
		require.EqualError(t, s.Inject(fine, tt.fault), "digicerttest: fault "+tt.text)
		require.Equal(t, 200, get(t, s, reissuePath).status, "none is added")
	}
}

func TestFaultsAreValues(t *testing.T) {
	t.Parallel()
	base := digicerttest.Status(500, "").On(digicerttest.Reissues).Header("A", "1")
	one, two := base.On(digicerttest.StatusChanges).Header("B", "2"), base.On(digicerttest.SubaccountOrders).Header("C", "3")
	require.Equal(t, "status=500,endpoint=reissues,header=A:1", base.String())
	require.Equal(t, "status=500,endpoint=reissues,endpoint=status-changes,header=A:1,header=B:2", one.String())
	require.Equal(t, "status=500,endpoint=reissues,endpoint=subaccount-orders,header=A:1,header=C:3", two.String())

	s, err := digicerttest.New()
	require.NoError(t, err)
	once := digicerttest.Status(500, "").Times(1)
	require.NoError(t, s.Inject(once))
	require.Equal(t, 500, get(t, s, reissuePath).status)
	require.NoError(t, s.Inject(once), "which is not used up")
	require.Equal(t, 500, get(t, s, reissuePath).status)
}
