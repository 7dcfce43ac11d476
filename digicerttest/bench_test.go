package digicerttest_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// benchOrder is changed between pages, so that the server cannot reuse the selection of the page before.
var benchOrder = digicert.SubaccountOrder{ID: 1, Subaccount: digicert.Subaccount{AccountID: 1}}

const million = 1_000_000

// manyOrders is the server of all benchmarks, because it is too expensive to create one for each.
var manyOrders = sync.OnceValues(func() (*digicerttest.Server, error) {
	return digicerttest.New(digicerttest.WithOrders(1, million))
})

// BenchmarkGenerate measures the time to generate a million orders, and the memory of an order. The goals
// are 1 s and 1024 bytes.
func BenchmarkGenerate(b *testing.B) {
	for b.Loop() {
		before := heap()
		s, err := digicerttest.New(digicerttest.WithOrders(1, million))
		require.NoError(b, err)
		b.ReportMetric(float64(heap()-before)/million, "bytes/order")
		runtime.KeepAlive(s)
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkPage measures the handler for a page of 1000 of a million orders, without a network. The goals are 10 ms for a page by id, and 50 ms for a filtered one.
func BenchmarkPage(b *testing.B) {
	s, err := manyOrders()
	require.NoError(b, err)
	for _, bm := range []struct{ name, query string }{
		{"start", "?"},
		{"middle", "?offset=500000"},
		{"end", "?offset=999000"},
		{"sort=id", "?sort=id&offset=777777"},
		{"sort=-id", "?sort=-id&offset=777777"},
		{"sort=-date_created,common_name", "?sort=-date_created,common_name&offset=777777"},
		{"status=issued", "?filters[status]=issued&offset=500000"},
		{"status=revoked", "?filters[status]=revoked&offset=15000"},
	} {
		b.Run(bm.name, func(b *testing.B) { benchmarkGet(b, s, "/account/subaccount/order"+bm.query, nil) })
	}
}

// BenchmarkFirstPage is BenchmarkPage with filtering and sorting, because an order changed since the last
// page.
func BenchmarkFirstPage(b *testing.B) {
	s, err := manyOrders()
	require.NoError(b, err)
	require.NoError(b, s.AddOrder(benchOrder))
	b.Cleanup(func() { require.NoError(b, s.RemoveOrder(benchOrder.ID)) })
	for _, bm := range []struct{ name, query string }{
		{"none", "?offset=500000"},
		{"status=issued", "?filters[status]=issued&offset=500000"},
		{"status=revoked", "?filters[status]=revoked&offset=15000"},
		{"status=pending", "?filters[status]=pending"},
		{"valid_till", "?filters[valid_till]=2024-01-01...2024-02-01"},
		{"sort=-date_created", "?sort=-date_created&offset=777777"},
		{"sort=common_name", "?sort=common_name&offset=777777"},
	} {
		b.Run(bm.name, func(b *testing.B) {
			benchmarkGet(b, s, "/account/subaccount/order"+bm.query, func() {
				require.NoError(b, s.SetStatus(benchOrder.ID, "issued"))
			})
		})
	}
}

// BenchmarkStatusChanges measures a poll among a million orders.
func BenchmarkStatusChanges(b *testing.B) {
	s, err := manyOrders()
	require.NoError(b, err)
	benchmarkGet(b, s, "/order/certificate/status-changes?minutes=5", nil)
}

// BenchmarkLoopback measures pages over a connection within one process.
func BenchmarkLoopback(b *testing.B) {
	s := digicerttest.NewServer(b, digicerttest.WithOrders(1, 100_000))
	req, err := http.NewRequestWithContext(b.Context(), http.MethodGet, s.URL()+"/account/subaccount/order?offset=50000", nil)
	require.NoError(b, err)
	req.Header.Set("X-DC-DEVKEY", s.Key())
	for b.Loop() {
		resp, err := http.DefaultClient.Do(req)
		require.NoError(b, err)
		n, err := io.Copy(io.Discard, resp.Body)
		require.NoError(b, err)
		require.NoError(b, resp.Body.Close())
		b.SetBytes(n)
	}
}

func benchmarkGet(b *testing.B, s *digicerttest.Server, pathAndQuery string, before func()) {
	req := httptest.NewRequest(http.MethodGet, digicerttest.BasePath+pathAndQuery, nil)
	req.Header.Set("X-DC-DEVKEY", s.Key())
	w := &countingWriter{header: make(http.Header)}
	b.ReportAllocs()
	for b.Loop() {
		if before != nil {
			before()
		}
		w.n = 0
		s.ServeHTTP(w, req)
	}
	if w.status != http.StatusOK {
		b.Fatalf("status %d", w.status)
	}
	b.SetBytes(int64(w.n))
}

// countingWriter is a ResponseWriter that only counts bytes.
type countingWriter struct {
	header http.Header
	status int
	n      int
}

func (w *countingWriter) Header() http.Header { return w.header }
func (w *countingWriter) WriteHeader(s int)   { w.status = s }
func (w *countingWriter) Write(p []byte) (int, error) {
	w.n += len(p)
	return len(p), nil
}
