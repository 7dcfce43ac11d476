package digicerttest_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/digicerttest"
)

// closeRecorder is a body that records whether it was closed.
type closeRecorder struct {
	io.Reader
	closed bool
}

func (c *closeRecorder) Close() error { c.closed = true; return nil }

// TestTransportKeepsTheRules checks the rules of [http.RoundTripper].
func TestTransportKeepsTheRules(t *testing.T) {
	t.Parallel()
	s, err := digicerttest.New()
	require.NoError(t, err)
	body := &closeRecorder{Reader: strings.NewReader("x")}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL()+orderPath, body)
	require.NoError(t, err)
	req.Header.Set("X-DC-DEVKEY", s.Key())
	before := req.Header.Clone()
	resp, err := s.Transport().RoundTrip(req)
	require.NoError(t, err)
	require.True(t, body.closed)
	require.Equal(t, before, req.Header)
	require.Same(t, req, resp.Request)
	require.Equal(t, "501 Not Implemented", resp.Status)
	require.Equal(t, "HTTP/1.1", resp.Proto)
	require.NotEmpty(t, resp.Header.Get("Date"))
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.EqualValues(t, len(text), resp.ContentLength)
	require.NoError(t, resp.Body.Close())
	_, err = resp.Body.Read(make([]byte, 1))
	require.ErrorIs(t, err, http.ErrBodyReadAfterClose)

	bare := &http.Request{Method: http.MethodGet, URL: req.URL}
	resp, err = s.Transport().RoundTrip(bare)
	require.NoError(t, err)
	require.Equal(t, 403, resp.StatusCode)
	require.Equal(t, "digicerttest.invalid", s.Requests()[1].Host)
}

// TestTransportInABubble checks that a server from outside a synctest bubble works inside and starts no
// goroutine there: the bubble would not end.
func TestTransportInABubble(t *testing.T) {
	t.Parallel()
	s := digicerttest.NewServer(t)
	hc := &http.Client{Transport: s.Transport()}
	synctest.Test(t, func(t *testing.T) {
		got, err := send(t, hc, http.MethodGet, s.URL()+reissuePath, s.Key())
		require.NoError(t, err)
		require.JSONEq(t, sample(t, "reissues"), got.body)
		for _, fault := range []digicerttest.Fault{
			digicerttest.Reset(), digicerttest.ResetInBody(), digicerttest.Truncate(), digicerttest.GzipBomb(1 << 20), digicerttest.Delay(1e9),
		} {
			require.NoError(t, s.Inject(fault.Times(1)))
			_, _ = send(t, hc, http.MethodGet, s.URL()+reissuePath, s.Key())
		}
		require.Equal(t, 5, s.Stats().Faulted)
	})
}
