package digicert

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// maxOverheadAllocs is what the whole path may allocate more than net/http does, per call.
const maxOverheadAllocs = 60

// sampleTransport answers from memory.
type sampleTransport struct{ body []byte }

func (s sampleTransport) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode:    http.StatusOK,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        http.Header{"Content-Type": {"application/json"}, "Date": {"Mon, 06 Jul 2020 10:00:00 GMT"}},
		Body:          io.NopCloser(bytes.NewReader(s.body)),
		ContentLength: int64(len(s.body)),
		Request:       req,
	}, nil
}

// overheadCalls are the same request on the same transport with the same decoding: with
// nothing but net/http, by the client, and by a client that writes every attempt to a log.
func overheadCalls(tb testing.TB) (bare, client, logging func(context.Context) ([]StatusChange, error)) {
	tb.Helper()
	body, err := os.ReadFile("testdata/status_changes.json")
	require.NoError(tb, err)
	hc := &http.Client{Transport: sampleTransport{body}}

	bare = func(ctx context.Context) ([]StatusChange, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, BaseURLUS+"/order/certificate/status-changes?minutes=1", nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Accept", "application/json")
		req.Header.Set("User-Agent", defaultUserAgent)
		req.Header.Set("X-DC-DEVKEY", "K3Y-never-to-be-shown-0123456789")
		resp, err := hc.Do(req)
		if err != nil {
			return nil, err
		}
		defer resp.Body.Close()
		text, err := io.ReadAll(resp.Body)
		if err != nil {
			return nil, err
		}
		var answer struct {
			Orders []StatusChange `json:"orders"`
		}
		if _, err := decode(text, &answer); err != nil {
			return nil, err
		}
		return answer.Orders, nil
	}

	newCall := func(level slog.Level) func(context.Context) ([]StatusChange, error) {
		c, err := NewClient("K3Y-never-to-be-shown-0123456789",
			WithHTTPClient(hc),
			WithLimiter(NewRollingLimiter(
				Window{Requests: 1 << 30, Per: 5 * time.Second},
				Window{Requests: 1 << 30, Per: 3 * time.Minute},
			)),
			WithLogger(slog.New(slog.NewJSONHandler(io.Discard, &slog.HandlerOptions{Level: level}))))
		require.NoError(tb, err)
		return func(ctx context.Context) ([]StatusChange, error) {
			return c.StatusChanges.List(ctx, Last(time.Minute))
		}
	}
	return bare, newCall(slog.LevelInfo), newCall(slog.LevelDebug)
}

// BenchmarkOverhead: "client" may take 15 µs and 60 allocations more than "bare".
func BenchmarkOverhead(b *testing.B) {
	bare, client, logging := overheadCalls(b)
	for _, bench := range []struct {
		name string
		call func(context.Context) ([]StatusChange, error)
	}{{"bare", bare}, {"client", client}, {"client with debug log", logging}} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				changes, err := bench.call(b.Context())
				if err != nil || len(changes) != 7 {
					b.Fatal(len(changes), err)
				}
			}
		})
	}
}

// TestOverheadAllocs is not parallel: testing.AllocsPerRun counts those of everybody.
func TestOverheadAllocs(t *testing.T) {
	bare, client, logging := overheadCalls(t)
	count := func(call func(context.Context) ([]StatusChange, error)) float64 {
		return testing.AllocsPerRun(500, func() {
			changes, err := call(t.Context())
			if err != nil || len(changes) != 7 {
				t.Error(len(changes), err)
			}
		})
	}
	b, c, l := count(bare), count(client), count(logging)
	t.Logf("allocations of a call: %.0f bare, %.0f by the client, %.0f with a debug log", b, c, l)
	require.LessOrEqual(t, c-b, float64(maxOverheadAllocs))
	require.LessOrEqual(t, l-b, float64(maxOverheadAllocs))
}
