package digicerttest_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/go-digicert/digicert/digicerttest"
	"github.com/stretchr/testify/require"
)

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
	require.Empty(t, s.Counts(), "an unknown route is not an endpoint")
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
