package digicert_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// heap is what a call took.
type heap struct {
	peak  uint64 // growth of the heap while it ran, garbage included
	total uint64 // all that it allocated
}

// measure runs f while the heap is sampled, with a collector that leaves little garbage. Tests that use it are not parallel:
// the heap is everybody's.
func measure(f func()) heap {
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	stop, sampled := make(chan struct{}), make(chan uint64)
	go func() {
		var now runtime.MemStats
		peak := before.HeapAlloc
		ticker := time.NewTicker(2 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				sampled <- peak
				return
			case <-ticker.C:
				runtime.ReadMemStats(&now)
				peak = max(peak, now.HeapAlloc)
			}
		}
	}()
	f()
	runtime.ReadMemStats(&after)
	close(stop)
	return heap{max(<-sampled, after.HeapAlloc) - before.HeapAlloc, after.TotalAlloc - before.TotalAlloc}
}

// filled returns a body of about size bytes: head, copies of row with commas between, tail.
func filled(head, row, tail string, size int) string {
	n := size / (len(row) + 1)
	return head + strings.TrimSuffix(strings.Repeat(row+",", n), ",") + tail
}

// tree holds itself in every way.
type tree struct {
	Kids  []tree          `json:"kids"`
	Named map[string]tree `json:"named"`
	Next  *tree           `json:"next"`
	Any   any             `json:"any"`
	Pad   [40]int64       `json:"-"`
}

// wide is larger than a slot of a map.
type wide struct {
	A   int       `json:"a"`
	Pad [200]byte `json:"-"`
}

type nested []nested

// bombs are bodies that are small for what they could make a decoder allocate, and what callers may decode them into.
func bombs() (bodies map[string]string, targets map[string]func() any) {
	const size = 5 << 18
	bodies = map[string]string{}
	rows := map[string]string{
		"empty objects":      `{}`,
		"empty lists":        `[]`,
		"lists of two":       `[[],[]]`,
		"empty texts":        `""`,
		"short texts":        `"ab"`,
		"escapes":            `"\u00e9"`,
		"nulls":              `null`,
		"digits":             `1`,
		"exponents":          `1e200`,
		"fractions":          `0.000001`,
		"long numbers":       strings.Repeat("9", 150),
		"objects":            `{"a":1}`,
		"objects of nothing": `{"":{}}`,
		"objects in objects": `{"":{"":{"":{}}}}`,
		"kids":               `{"kids":[{},{},{}]}`,
		"named":              `{"named":{"":{}}}`,
		"next":               `{"next":{"next":{"next":{}}}}`,
		"any":                `{"any":[[],{},""]}`,
		"times":              `"2018-11-29 01:48:04 +01:00"`,
	}
	for name, row := range rows {
		bodies["list of "+name] = filled(`[`, row, `]`, size)
		bodies["rows of "+name] = filled(`{"orders":[`, row, `]}`, size)
		bodies["map of "+name] = filled(`{`, `"":`+row, `}`, size)
		bodies["map of keys to "+name] = keyed(row, size)
		if row[0] == '{' || row[0] == '[' || row[0] == '"' {
			bodies["errors of "+name] = filled(`{"errors":[`, row, `]}`, size)
			bodies["errors map of "+name] = filled(`{"errors":{`, `"":`+row, `}}`, size)
		}
	}
	deep := strings.Repeat("[", 9000)
	bodies["deep lists"] = deep + filled(``, `[]`, ``, size) + strings.Repeat("]", 9000)
	bodies["deep numbers"] = deep + filled(``, `1`, ``, size) + strings.Repeat("]", 9000)
	targets = map[string]func() any{
		"any":             func() any { return new(any) },
		"[]any":           func() any { return new([]any) },
		"map of any":      func() any { return new(map[string]any) },
		"map of lists":    func() any { return new(map[string][]any) },
		"map of maps":     func() any { return new(map[string]map[string]map[string]int) },
		"map of bool":     func() any { return new(map[string]bool) },
		"map of wide":     func() any { return new(map[string]wide) },
		"map of arrays":   func() any { return new(map[string][16]int64) },
		"map of orders":   func() any { return new(map[string]digicert.Order) },
		"map of structs":  func() any { return new(map[string]struct{}) },
		"list of maps":    func() any { return new([]map[string]wide) },
		"list of arrays":  func() any { return new([]map[string][16]int64) },
		"list of bool":    func() any { return new([]bool) },
		"list of text":    func() any { return new([]string) },
		"list of int":     func() any { return new([]int) },
		"list of *int":    func() any { return new([]*int) },
		"list of *wide":   func() any { return new([]*wide) },
		"list of wide":    func() any { return new([]wide) },
		"list of Number":  func() any { return new([]json.Number) },
		"list of raw":     func() any { return new([]json.RawMessage) },
		"list of Amount":  func() any { return new([]digicert.Amount) },
		"list of Time":    func() any { return new([]time.Time) },
		"list of lists":   func() any { return new([][][]bool) },
		"nested":          func() any { return new(nested) },
		"trees":           func() any { return new([]tree) },
		"tree map":        func() any { return new(map[string]tree) },
		"list of orders":  func() any { return new([]digicert.Order) },
		"list of *orders": func() any { return new([]*digicert.Order) },
		"rows": func() any {
			return new(struct {
				Orders []digicert.Order `json:"orders"`
			})
		},
		"rows of *": func() any {
			return new(struct {
				Orders []*digicert.SubaccountOrder `json:"orders"`
			})
		},
		"rows of any": func() any {
			return new(struct {
				Orders any `json:"orders"`
			})
		},
		"rows of embedded": func() any {
			return new(struct {
				Orders []struct{ digicert.Order } `json:"orders"`
			})
		},
		"errors": func() any {
			return new(struct {
				Errors any `json:"errors"`
			})
		},
		"error details": func() any {
			return new(struct {
				Errors []digicert.ErrorDetail `json:"errors"`
			})
		},
		"struct": func() any { return new(struct{}) },
	}
	return bodies, targets
}

// keyed returns a map of about size bytes, with short names that differ.
func keyed(row string, size int) string {
	var b strings.Builder
	b.WriteByte('{')
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `"%x":%s`, i, row)
	}
	b.WriteByte('}')
	return b.String()
}

// maxFactor is how much memory one response may take, for each byte of it.
const maxFactor = 20

// requireBounded asserts that a call is refused as too large or fails otherwise, or that it succeeds, and in any case took little memory.
func requireBounded(t *testing.T, name string, size int, call func() error) (refused bool) {
	t.Helper()
	var err error
	took := measure(func() { err = call() })
	require.LessOrEqual(t, took.peak, uint64(maxFactor*size), "%s: %v", name, err)
	if err != nil {
		requireFuzzError(t, err)
	}
	return errors.Is(err, digicert.ErrResponseTooLarge)
}

// Not parallel: the heap is everybody's. Each body meets one target, and each target several bodies.
func TestBombs(t *testing.T) {
	bodies, targets := bombs()
	into := slices.Sorted(maps.Keys(targets))
	refused, n := 0, 0
	for i, name := range slices.Sorted(maps.Keys(bodies)) {
		body := []byte(bodies[name])
		c := fuzzClient(t, http.StatusOK, body)
		target := into[i%len(into)]
		n++
		if requireBounded(t, name+" into "+target, len(body), func() error { return c.Get(t.Context(), "/x", nil, targets[target]()) }) {
			refused++
		}
	}
	require.Positive(t, refused)
	require.Less(t, refused, n)
	t.Logf("%d of %d refused", refused, n)
}

// The worst pairs that are known.
func TestBombsWorst(t *testing.T) {
	bodies, targets := bombs()
	for _, tc := range []struct {
		body, target string
		refused      bool
	}{
		{"rows of empty objects", "rows", true},
		{"rows of empty objects", "rows of *", true},
		{"rows of empty objects", "rows of embedded", true},
		{"rows of empty objects", "rows of any", true},
		{"list of empty objects", "list of *orders", true},
		{"list of empty objects", "list of orders", true},
		{"list of next", "trees", true},
		{"map of keys to objects", "map of orders", true},
		{"map of keys to objects", "map of wide", true},
		{"map of keys to digits", "map of any", true},
		{"list of objects in objects", "list of maps", true},
		{"list of objects of nothing", "any", true},
		{"errors of empty objects", "error details", true},
		{"errors of objects", "errors", true},
		{"list of empty lists", "list of lists", false},
		{"list of empty lists", "any", false},
		{"list of digits", "any", false},
		{"list of digits", "list of bool", false},
		{"list of digits", "list of int", false},
		{"list of exponents", "list of Amount", false},
		{"list of times", "list of Time", false},
		{"deep lists", "any", true},
		{"deep numbers", "any", true},
		{"deep lists", "nested", true},
		{"rows of objects", "struct", false},
	} {
		body := []byte(bodies[tc.body])
		c := fuzzClient(t, http.StatusOK, body)
		name := tc.body + " into " + tc.target
		require.Equal(t, tc.refused, requireBounded(t, name, len(body), func() error { return c.Get(t.Context(), "/x", nil, targets[tc.target]()) }), name)
	}
}

// Every service is bounded, whatever its rows hold, and the errors of a response are.
func TestBombsOfServices(t *testing.T) {
	for _, row := range []string{
		`{}`, `[]`, `null`, `""`, `{"dns_names":["","",""]}`, `{"certificate":{},"user":[]}`, `{"requests":[{},{},{},{},{},{},{},{}]}`, `{"notes":[{},{},{},{}],"custom_fields":[{},{},{}]}`,
	} {
		for _, list := range []string{"orders", "certificates", "intermediates", "subaccounts", "child_accounts", "organizations", "validations", "products", "domains",
			"requests", "notes", "custom_fields", "errors"} {
			body := []byte(filled(`{"`+list+`":[`, row, `],"id":123}`, 5<<18))
			for _, k := range calls {
				if !concerns(list, k.name) {
					continue
				}
				c := fuzzClient(t, http.StatusOK, body)
				requireBounded(t, k.name+": "+list+" of "+row, len(body), func() error { _, err := k.do(t.Context(), c); return err })
			}
		}
	}
	for _, errs := range []string{
		filled(`{"errors":[`, `{}`, `]}`, 1<<20), filled(`{"errors":[`, `{"code":"a"}`, `]}`, 1<<20), filled(`{"errors":[`, `"a"`, `]}`, 1<<20),
		filled(`{"errors":{`, `"":{}`, `}}`, 1<<20), keyedErrors(), filled(`{"errors":[`, `[[]]`, `]}`, 1<<20), `{"errors":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`,
	} {
		for _, status := range []int{http.StatusOK, http.StatusForbidden, http.StatusBadGateway} {
			c := fuzzClient(t, status, []byte(errs))
			requireBounded(t, errs[:30], max(len(errs), 1<<20), func() error { _, err := c.Orders.List(t.Context(), nil); return err })
		}
	}
}

func keyedErrors() string { return `{"errors":` + keyed(`{"code":"a"}`, 1<<19) + `}` }

// concerns reports whether a call reads a list of that name.
func concerns(list, name string) bool {
	switch list {
	case "orders":
		return name == "Orders.List" || name == "Subaccounts.ListOrders" || name == "StatusChanges.List"
	case "certificates":
		return name == "Reissues.List" || name == "Orders.Duplicates"
	case "intermediates":
		return name == "Certificates.Chain"
	case "subaccounts", "child_accounts":
		return name == "Subaccounts.List"
	case "organizations":
		return name == "Organizations.List"
	case "validations":
		return name == "Organizations.Validations" || name == "Domains.Get"
	case "products":
		return name == "Products.List"
	case "domains":
		return name == "Domains.List"
	case "errors":
		return name == "Reissues.List"
	}
	return name == "Orders.Get"
}

// A body of megabytes that has 2 KiB on the wire.
func TestBombsCompressed(t *testing.T) {
	body := filled(`{"orders":[`, `{}`, `]}`, 3<<20)
	var wire bytes.Buffer
	w, err := gzip.NewWriterLevel(&wire, gzip.BestCompression)
	require.NoError(t, err)
	_, err = io.WriteString(w, body)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	require.Less(t, wire.Len(), 4<<10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		_, _ = w.Write(wire.Bytes())
	}))
	defer server.Close()
	c, err := digicert.NewClient(testKey, digicert.WithBaseURL(server.URL), digicert.WithLimiter(unlimited{}), digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 1}))
	require.NoError(t, err)
	for _, k := range calls {
		if concerns("orders", k.name) {
			refused := requireBounded(t, k.name, len(body), func() error { _, err := k.do(t.Context(), c); return err })
			require.True(t, refused, k.name)
		}
	}
	require.True(t, requireBounded(t, "Get", len(body), func() error { return c.Get(t.Context(), "/x", nil, new(map[string][]any)) }))
}

// A page may have ten times the rows that are documented.
func TestRowsAreBounded(t *testing.T) {
	const most = 10_000
	rows := func(list string, n int) string {
		return `{"` + list + `":[` + strings.TrimSuffix(strings.Repeat(`{"id":1},`, n), ",") + `]}`
	}
	for _, list := range []string{"orders", "certificates", "intermediates", "subaccounts", "child_accounts", "organizations", "products", "domains"} {
		for _, k := range calls {
			if !concerns(list, k.name) || k.name == "StatusChanges.List" {
				continue
			}
			result, err := k.do(t.Context(), fuzzClient(t, http.StatusOK, []byte(rows(list, most))))
			require.NoError(t, err, k.name)
			require.NotEmpty(t, result)
			result, err = k.do(t.Context(), fuzzClient(t, http.StatusOK, []byte(rows(list, most+1))))
			require.ErrorIs(t, err, digicert.ErrResponseTooLarge, k.name)
			requireDecodeError(t, err, k.path, "/"+list)
			require.Contains(t, err.Error(), "10001")
			require.Contains(t, err.Error(), "10000")
			require.Empty(t, result)
		}
	}
	for name, target := range map[string]func() any{
		"Orders":           func() any { return new([]digicert.Order) },
		"SubaccountOrders": func() any { return new([]digicert.SubaccountOrder) },
		"Reissues":         func() any { return new([]digicert.Reissue) },
		"Duplicates":       func() any { return new([]digicert.Duplicate) },
		"SubaccountInfos":  func() any { return new([]digicert.SubaccountInfo) },
		"texts": func() any {
			return new([]struct {
				ID string `json:"id"`
			})
		},
		"any":  func() any { return new(any) },
		"maps": func() any { return new([]map[string]int) },
	} {
		body := rows("x", most)
		require.NoError(t, fuzzClient(t, http.StatusOK, []byte(body[5:len(body)-1])).Get(t.Context(), "/x", nil, target()), name)
	}
}

// Status changes have no pages: a million orders are read, and no more.
func TestStatusChangesAreBounded(t *testing.T) {
	const most = 1_000_000
	list := func(n int, row string) ([]digicert.StatusChange, error) {
		body := make([]byte, 0, n*(len(row)+8))
		body = append(body, `{"orders":[`...)
		for i := range n {
			if i > 0 {
				body = append(body, ',')
			}
			body = append(body, row...)
		}
		body = append(body, "]}"...)
		c, err := digicert.NewClient(testKey, digicert.WithHTTPClient(&http.Client{Transport: oneAnswer{http.StatusOK, body}}), digicert.WithLimiter(unlimited{}),
			digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 1}), digicert.WithMaxResponseBytes(128<<20))
		require.NoError(t, err)
		return c.StatusChanges.List(t.Context(), digicert.Last(time.Hour))
	}
	got, err := list(most, `{"order_id":123456789,"certificate_id":987654321,"status":"issued"}`)
	require.NoError(t, err)
	require.Len(t, got, most)
	require.Equal(t, digicert.StatusChange{OrderID: 123456789, CertificateID: 987654321, Status: digicert.OrderStatusIssued}, got[most-1])
	got, err = list(most+1, `{"order_id":1}`)
	require.ErrorIs(t, err, digicert.ErrResponseTooLarge)
	require.Contains(t, err.Error(), "1000000")
	require.Empty(t, got)
}
