package digicerttest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// The tests use plain HTTP, like a client in any other language.

// noon is the time of the clock in most tests.
var noon = time.Date(2024, 6, 15, 12, 0, 0, 0, time.UTC)

// reply is an answer.
type reply struct {
	status int
	header http.Header
	body   string
}

// get sends a GET with the server's key over its listener, or in memory if it has none.
func get(t testing.TB, s *digicerttest.Server, pathAndQuery string) reply {
	t.Helper()
	hc := http.DefaultClient
	if strings.HasPrefix(s.URL(), "https:") {
		hc = &http.Client{Transport: s.Transport()}
	}
	got, err := send(t, hc, http.MethodGet, s.URL()+pathAndQuery, s.Key())
	require.NoError(t, err)
	return got
}

func send(t testing.TB, hc *http.Client, method, rawURL, key string) (reply, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, rawURL, nil)
	require.NoError(t, err)
	if key != "" {
		req.Header.Set("X-DC-DEVKEY", key)
	}
	resp, err := hc.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(body)}, err
}

// query returns a query string of name, value, name, value.
func query(pairs ...string) string {
	v := make(url.Values)
	for i := 0; i < len(pairs); i += 2 {
		v.Add(pairs[i], pairs[i+1])
	}
	if len(v) == 0 {
		return ""
	}
	return "?" + v.Encode()
}

// decoded returns a decoded body, with numbers as json.Number.
func decoded(t testing.TB, body string) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(body))
	d.UseNumber()
	var doc map[string]any
	require.NoError(t, d.Decode(&doc), body)
	return doc
}

// rows returns the rows of the list in a successful answer; none if its key is absent.
func rows(t testing.TB, r reply, list string) []map[string]any {
	t.Helper()
	require.Equal(t, http.StatusOK, r.status, r.body)
	all, _ := decoded(t, r.body)[list].([]any)
	objects := []map[string]any{}
	for _, row := range all {
		objects = append(objects, row.(map[string]any))
	}
	return objects
}

// column returns one member of every row, as text.
func column(t testing.TB, r reply, list, name string) []string {
	t.Helper()
	values := []string{}
	for _, row := range rows(t, r, list) {
		switch v := row[name].(type) {
		case json.Number:
			values = append(values, v.String())
		case string:
			values = append(values, v)
		default:
			t.Fatalf("%s is %v", name, v)
		}
	}
	return values
}

// requireError requires an answer with the documented error body.
func requireError(t testing.TB, r reply, status int, codes ...string) {
	t.Helper()
	require.Equal(t, status, r.status, r.body)
	require.Equal(t, "application/json", r.header.Get("Content-Type"))
	var body struct {
		Errors []struct{ Code, Message string }
	}
	require.NoError(t, json.Unmarshal([]byte(r.body), &body), r.body)
	got := []string{}
	for _, e := range body.Errors {
		require.NotEmpty(t, e.Message)
		got = append(got, e.Code)
	}
	require.Equal(t, codes, got)
}

// sample returns a documented body.
func sample(t testing.TB, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "testdata", name+".json"))
	require.NoError(t, err)
	return string(b)
}

// keys returns the names of an object's members.
func keys(object map[string]any) []string {
	names := []string{}
	for name := range object {
		names = append(names, name)
	}
	return names
}

// newServer returns a server in memory whose clock is fixed at noon.
func newServer(t testing.TB, opts ...digicerttest.Option) *digicerttest.Server {
	t.Helper()
	s, err := digicerttest.New(append([]digicerttest.Option{
		digicerttest.WithoutSamples(),
		digicerttest.WithClock(digicerttest.NewClock(noon).Now),
	}, opts...)...)
	require.NoError(t, err)
	return s
}

func cents(n int64) decimal.Decimal { return decimal.New(n, -2) }

func date(year int, month time.Month, day int) digicert.Date {
	return digicert.Date{Year: year, Month: month, Day: day}
}
