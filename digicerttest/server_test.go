package digicerttest_test

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// fakeTB is a test that can be looked at afterwards.
type fakeTB struct {
	failure  string
	cleanups []func()
}

func (f *fakeTB) Helper()                           {}
func (f *fakeTB) Cleanup(c func())                  { f.cleanups = append(f.cleanups, c) }
func (f *fakeTB) Fatalf(format string, args ...any) { f.failure = fmt.Sprintf(format, args...) }

func TestNewServerEndsWithTheTest(t *testing.T) {
	t.Parallel()
	tb := new(fakeTB)
	s := digicerttest.NewServer(tb)
	require.Empty(t, tb.failure)
	hc := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	_, err := send(t, hc, http.MethodGet, s.URL()+orderPath, s.Key())
	require.NoError(t, err)
	require.Len(t, tb.cleanups, 1)
	tb.cleanups[0]()
	_, err = send(t, hc, http.MethodGet, s.URL()+orderPath, s.Key())
	require.Error(t, err)
	s.Close()
	require.Equal(t, 10, s.Orders(), "the state outlives the listener")
}

func TestNewServerFailsTheTest(t *testing.T) {
	t.Parallel()
	tb := new(fakeTB)
	require.Nil(t, digicerttest.NewServer(tb, digicerttest.WithPageLimit(0)))
	require.Equal(t, "digicerttest: WithPageLimit: 0 is outside 1 to 1000", tb.failure)
	require.Empty(t, tb.cleanups)
}

func TestOptionsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		opt  digicerttest.Option
		text string
	}{
		{nil, "an option is nil"},
		{digicerttest.WithOrders(1, -1), "WithOrders: -1 orders"},
		{digicerttest.WithClock(nil), "WithClock: the function is nil"},
		{digicerttest.WithAddr("nowhere"), "WithAddr: address nowhere: missing port in address"},
		{digicerttest.WithAddr("127.0.0.1:0"), "WithAddr is for Start and NewServer: New does not listen"},
		{digicerttest.WithRateLimits(digicert.Window{Requests: 1}), "WithRateLimits: a window of 1 requests per 0s: both must be positive"},
		{digicerttest.WithRateLimits(digicert.Window{Per: 1}), "WithRateLimits: a window of 0 requests per 1ns: both must be positive"},
		{digicerttest.WithMountainTime(nil), "WithMountainTime: the location is nil"},
		{digicerttest.WithPageLimit(1001), "WithPageLimit: 1001 is outside 1 to 1000"},
		{digicerttest.WithLatency(-1), "WithLatency: -1ns is negative"},
		{digicerttest.WithKey(""), "a key is one word of printable ASCII"},
		{digicerttest.WithDrift(1, 0, -0.5), "drift: a share of -0.5 is outside 0 to 1"},
	} {
		s, err := digicerttest.New(tt.opt)
		require.EqualError(t, err, "digicerttest: "+tt.text)
		require.Nil(t, s)
	}
}

func TestOptionsAtTheirBounds(t *testing.T) {
	t.Parallel()
	for _, opt := range []digicerttest.Option{
		digicerttest.WithOrders(1, 0), digicerttest.WithPageLimit(1), digicerttest.WithPageLimit(1000), digicerttest.WithLatency(0),
		digicerttest.WithRateLimits(digicert.Window{Requests: 1, Per: 1}), digicerttest.WithDrift(1, 0, 1),
	} {
		_, err := digicerttest.New(opt)
		require.NoError(t, err)
	}
}

func TestWithAddr(t *testing.T) {
	t.Parallel()
	s, err := digicerttest.Start(digicerttest.WithAddr(":0"))
	require.NoError(t, err)
	defer s.Close()
	require.Regexp(t, `^http://127\.0\.0\.1:\d+/services/v2$`, s.URL(), "a client cannot connect to everywhere")
	require.Equal(t, 200, get(t, s, orderPath).status)

	_, err = digicerttest.Start(digicerttest.WithAddr(strings.TrimSuffix(strings.TrimPrefix(s.URL(), "http://"), "/services/v2")))
	var inUse *net.OpError
	require.ErrorAs(t, err, &inUse)
}

func TestAsHandler(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	mux := http.NewServeMux()
	mux.Handle(digicerttest.BasePath+"/", s)
	own := httptest.NewServer(mux)
	defer own.Close()
	got, err := send(t, own.Client(), http.MethodGet, own.URL+digicerttest.BasePath+orderPath, s.Key())
	require.NoError(t, err)
	require.JSONEq(t, `{"page":{"total":0,"limit":1000,"offset":0}}`, got.body)
}

func TestClient(t *testing.T) {
	t.Parallel()
	memory, err := digicerttest.New()
	require.NoError(t, err)
	for name, s := range map[string]*digicerttest.Server{"loopback": digicerttest.NewServer(t), "memory": memory} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := s.Client()
			for range 150 { // the client's own pace would allow 100 at once
				reissues, err := c.Reissues.List(t.Context(), 123457, nil)
				require.NoError(t, err)
				require.Len(t, reissues, 3)
			}
			require.True(t, s.Requests()[149].KeyKnown)
			require.PanicsWithValue(t, "digicerttest: digicert: parameter WithHTTPClient: the client is nil", func() {
				s.Client(digicert.WithHTTPClient(nil))
			})
		})
	}
}

// TestClientPacesWhereLimitsAre shows that the client of a server with limits keeps within them, and
// that of one without does not wait.
func TestClientPacesWhereLimitsAre(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := digicerttest.New(digicerttest.WithRateLimits())
		require.NoError(t, err)
		c := s.Client()
		start := time.Now()
		for range 201 {
			_, err := c.StatusChanges.List(t.Context(), digicert.Last(time.Minute))
			require.NoError(t, err)
		}
		require.GreaterOrEqual(t, time.Since(start), 10*time.Second)
		require.Equal(t, digicerttest.Stats{Requests: 201}, s.Stats())

		s, err = digicerttest.New()
		require.NoError(t, err)
		c, start = s.Client(), time.Now()
		for range 201 {
			_, err := c.StatusChanges.List(t.Context(), digicert.Last(time.Minute))
			require.NoError(t, err)
		}
		require.Zero(t, time.Since(start))
	})
}

func TestClock(t *testing.T) {
	t.Parallel()
	clock := digicerttest.NewClock(noon)
	s := newServer(t)
	s.SetClock(clock.Now)
	dateOf := func() string { return get(t, s, orderPath).header.Get("Date") }
	require.Equal(t, "Sat, 15 Jun 2024 12:00:00 GMT", dateOf())
	clock.Advance(time.Minute)
	require.Equal(t, "Sat, 15 Jun 2024 12:01:00 GMT", dateOf())
	clock.Set(noon.Add(-time.Hour).In(time.FixedZone("", 3600)))
	require.Equal(t, "Sat, 15 Jun 2024 11:00:00 GMT", dateOf())
	require.Equal(t, noon.Add(-time.Hour), s.Requests()[2].Time.UTC())

	s.SetClock(nil)
	at, err := http.ParseTime(dateOf())
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), at, time.Minute)
}

func TestRequests(t *testing.T) {
	t.Parallel()
	clock := digicerttest.NewClock(noon)
	s := digicerttest.NewServer(t, digicerttest.WithClock(clock.Now))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/order/certificate/1%32/reissue?show_archived=true&a=b+c", nil)
	require.NoError(t, err)
	req.Header.Set("X-DC-DEVKEY", s.Key())
	req.Header.Set("User-Agent", "somebody/1")
	resp, err := http.DefaultClient.Do(req)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	clock.Advance(time.Second)
	_, err = send(t, http.DefaultClient, http.MethodPost, s.URL()+"/x", "a-real-key-by-mistake")
	require.NoError(t, err)

	list := s.Requests()
	require.Len(t, list, 2)
	first := list[0]
	require.Equal(t, http.MethodGet, first.Method)
	require.Equal(t, "/order/certificate/1%32/reissue", first.Path)
	require.Equal(t, "show_archived=true&a=b+c", first.RawQuery)
	require.Equal(t, "b c", first.Query().Get("a"))
	require.Equal(t, "somebody/1", first.Header.Get("User-Agent"))
	require.Equal(t, noon, first.Time)
	require.Equal(t, "http://"+first.Host+digicerttest.BasePath, s.URL())
	require.True(t, first.KeyKnown)
	second := list[1]
	require.Equal(t, http.MethodPost, second.Method)
	require.Equal(t, digicerttest.Endpoint(""), second.Endpoint)
	require.Equal(t, 403, second.Status)
	require.Equal(t, noon.Add(time.Second), second.Time)
	require.False(t, second.KeyKnown)
	require.NotContains(t, fmt.Sprintf("%+v", list), "a-real-key-by-mistake")
	require.NotContains(t, fmt.Sprintf("%+v", list), s.Key())

	list[0].Header.Set("User-Agent", "changed")
	require.Equal(t, "somebody/1", s.Requests()[0].Header.Get("User-Agent"))
	require.Equal(t, digicerttest.Stats{Requests: 2}, s.Stats())
	s.ResetRequests()
	require.Empty(t, s.Requests())
	require.Zero(t, s.Stats())
}

func TestRequestsAreBounded(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	for i := range 10_003 {
		get(t, s, fmt.Sprint("/", i))
	}
	list := s.Requests()
	require.Len(t, list, 10_000)
	require.Equal(t, "/3", list[0].Path)
	require.Equal(t, "/10002", list[9_999].Path)
	require.Equal(t, 10_003, s.Stats().Requests)
}

func TestOnRequest(t *testing.T) {
	t.Parallel()
	s := orderServer(t)
	// A walk through pages during which an order vanishes: everything behind it moves up, and one
	// is never seen.
	s.OnRequest(func(r *http.Request) {
		if r.URL.Query().Get("offset") == "3" {
			_ = s.RemoveOrder(1)
		}
	})
	require.Equal(t, []string{"1", "2", "3"}, column(t, get(t, s, orderPath+"?limit=3"), "orders", "id"))
	require.Equal(t, []string{"5", "6"}, column(t, get(t, s, orderPath+"?limit=3&offset=3"), "orders", "id"))
	s.OnRequest(nil)
	require.NoError(t, s.AddOrder(digicert.SubaccountOrder{ID: 1, Subaccount: digicert.Subaccount{AccountID: 10}}))
	require.Equal(t, []string{"4", "5", "6"}, column(t, get(t, s, orderPath+"?limit=3&offset=3"), "orders", "id"))
}

func TestDrift(t *testing.T) {
	t.Parallel()
	ids := func(s *digicerttest.Server) []string { return column(t, get(t, s, orderPath), "orders", "id") }

	s := orderServer(t, digicerttest.WithDrift(1, 1, 0))
	require.Equal(t, strings.Fields("1 2 3 4 5 6 8"), ids(s), "behind the highest id, that of an own order")
	require.Equal(t, strings.Fields("1 2 3 4 5 6 8 9"), ids(s))
	get(t, s, changesPath+"?minutes=1")
	require.Equal(t, 9, s.Orders(), "other endpoints move nothing")
	require.NoError(t, s.Drift(1, 0, 1))
	require.Len(t, ids(s), 7)
	require.NoError(t, s.Drift(1, 0, 0))
	require.Len(t, ids(s), 7)
	require.NoError(t, s.Drift(1, 0, 1))
	for range 10 {
		ids(s)
	}
	require.Empty(t, ids(s), "until nothing is left")
	require.Equal(t, 1, s.Orders(), "but the own order")

	// The same seed makes the same moves, and some of each kind.
	walk := func() (all [][]string) {
		s := orderServer(t, digicerttest.WithDrift(7, 0.5, 0.5))
		for range 20 {
			all = append(all, ids(s))
		}
		return all
	}
	first := walk()
	require.Equal(t, first, walk())
	require.NotEqual(t, first[0], first[19])

	empty := newServer(t, digicerttest.WithDrift(1, 1, 1))
	require.Equal(t, []string{"1"}, ids(empty), "an order needs somebody who places it")
	require.Equal(t, []string{"1"}, ids(empty))
}

func TestLatency(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, err := digicerttest.New(digicerttest.WithLatency(time.Second))
		require.NoError(t, err)
		start := time.Now()
		got := get(t, s, orderPath)
		require.Equal(t, time.Second, time.Since(start))
		require.Equal(t, start.Add(time.Second).UTC().Format(http.TimeFormat), got.header.Get("Date"))
		_, err = send(t, &http.Client{Transport: s.Transport()}, http.MethodGet, s.URL(), "wrong")
		require.NoError(t, err)
		require.Equal(t, 2*time.Second, time.Since(start), "refusals take as long")

		_, err = send(t, &http.Client{Transport: s.Transport(), Timeout: time.Second / 2}, http.MethodGet, s.URL(), s.Key())
		var timeout net.Error
		require.True(t, errors.As(err, &timeout) && timeout.Timeout(), "%v", err)
		require.Equal(t, 2500*time.Millisecond, time.Since(start))
	})
}
