package digicerttest_test

import (
	"errors"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/stretchr/testify/require"
)

func TestOptionsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		opt  digicerttest.Option
		text string
	}{
		{nil, "an option is nil"},
		{digicerttest.WithOrders(1, -1), "WithOrders: the number of orders, -1, is negative"},
		{digicerttest.WithClock(nil), "WithClock: the function is nil"},
		{digicerttest.WithAddr("nowhere"), "WithAddr: address nowhere: missing port in address"},
		{digicerttest.WithAddr("127.0.0.1:0"), "WithAddr requires Start or NewServer: New does not listen"},
		{digicerttest.WithRateLimits(digicert.Window{Requests: 1}), "WithRateLimits: 1 requests per 0s: both must be positive"},
		{digicerttest.WithRateLimits(digicert.Window{Per: 1}), "WithRateLimits: 0 requests per 1ns: both must be positive"},
		{digicerttest.WithMountainTime(nil), "WithMountainTime: the location is nil"},
		{digicerttest.WithPageLimit(1001), "WithPageLimit: 1001 is outside 1 to 1000"},
		{digicerttest.WithLatency(-1), "WithLatency: -1ns is negative"},
		{digicerttest.WithKey(""), "a key must be one word of printable ASCII"},
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
