package digicerttest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/digicerttest"
)

// TestDateFaults checks the Dates of five answers, between which the server's clock goes on by a minute each, over a connection
// and in memory.
func TestDateFaults(t *testing.T) {
	t.Parallel()
	const minute, hour, day = time.Minute, time.Hour, 24 * time.Hour
	for name, tt := range map[string]struct {
		faults []digicerttest.Fault
		want   []time.Duration // after noon; below -day: none
	}{
		"none":       {nil, []time.Duration{0, minute, 2 * minute, 3 * minute, 4 * minute}},
		"ahead":      {[]digicerttest.Fault{digicerttest.DateAhead(day)}, []time.Duration{day, day + minute, day + 2*minute, day + 3*minute, day + 4*minute}},
		"ahead once": {[]digicerttest.Fault{digicerttest.DateAhead(day).Times(1)}, []time.Duration{day, minute, 2 * minute, 3 * minute, 4 * minute}},
		"behind":     {[]digicerttest.Fault{digicerttest.DateBehind(hour).After(3)}, []time.Duration{0, minute, 2 * minute, 3*minute - hour, 4*minute - hour}},
		"growing":    {[]digicerttest.Fault{digicerttest.DateGrowing(hour).After(2)}, []time.Duration{0, minute, 2*minute + hour, 3*minute + 2*hour, 4*minute + 3*hour}},
		"standing":   {[]digicerttest.Fault{digicerttest.DateStanding().After(1)}, []time.Duration{0, minute, minute, minute, minute}},
		"missing":    {[]digicerttest.Fault{digicerttest.DateMissing().Times(2)}, []time.Duration{-2 * day, -2 * day, 2 * minute, 3 * minute, 4 * minute}},
		"together": {
			[]digicerttest.Fault{digicerttest.DateStanding(), digicerttest.DateBehind(minute), digicerttest.HTMLPage(502)},
			[]time.Duration{-minute, -minute, -minute, -minute, -minute},
		},
	} {
		for _, inMemory := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				clock := digicerttest.NewClock(noon)
				s := digicerttest.NewServer(t, digicerttest.WithClock(clock.Now))
				require.NoError(t, s.Inject(tt.faults...))
				transport := http.DefaultTransport
				if inMemory {
					transport = s.Transport()
				}
				for _, want := range tt.want {
					req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL()+"/order/certificate", nil)
					require.NoError(t, err)
					resp, err := transport.RoundTrip(req)
					require.NoError(t, err)
					require.NoError(t, resp.Body.Close())
					if want < -day {
						require.Empty(t, resp.Header.Values("Date"))
					} else {
						require.Equal(t, noon.Add(want).UTC().Format(http.TimeFormat), resp.Header.Get("Date"))
					}
					clock.Advance(minute)
				}
			})
		}
	}
	s := newServer(t)
	require.Error(t, s.Inject(digicerttest.DateAhead(0)))
	require.Error(t, s.Inject(digicerttest.DateBehind(-hour)))
}
