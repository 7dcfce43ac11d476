package digicerttest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// fakeTB records how a test is used.
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

// TestClientPacesWhereLimitsAre checks that the client of a server with limits keeps within them, and that
// the client of a server without limits does not wait.
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

func TestOnRequest(t *testing.T) {
	t.Parallel()
	s := orderServer(t)
	// An order vanishes between two pages, so that the orders after it move up and one is never listed.
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
