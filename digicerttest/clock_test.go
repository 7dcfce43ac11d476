package digicerttest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/go-digicert/digicert/digicerttest"
	"github.com/stretchr/testify/require"
)

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
