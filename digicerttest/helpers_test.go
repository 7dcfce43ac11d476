package digicerttest_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
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

// write sends a write with the server's key, and the body as JSON unless it is text.
func write(t testing.TB, s *digicerttest.Server, method, path string, body any) reply {
	t.Helper()
	got, err := tryWrite(t, s, method, path, s.Key(), body)
	require.NoError(t, err)
	return got
}

// tryWrite is write with a key, and with the error of a connection that breaks.
func tryWrite(t testing.TB, s *digicerttest.Server, method, path, key string, body any) (reply, error) {
	t.Helper()
	hc := http.DefaultClient
	if strings.HasPrefix(s.URL(), "https:") {
		hc = &http.Client{Transport: s.Transport()}
	}
	text, ok := body.(string)
	if !ok && body != nil {
		encoded, err := json.Marshal(body)
		require.NoError(t, err)
		text = string(encoded)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL()+path, strings.NewReader(text))
	require.NoError(t, err)
	req.Header.Set("X-DC-DEVKEY", key)
	req.Header.Set("Content-Type", "application/json")
	resp, err := hc.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	return reply{resp.StatusCode, resp.Header, string(answer)}, err
}

// newCSR returns a new key and a CSR for it. Its name is not that of any certificate.
func newCSR(t testing.TB) (*ecdsa.PrivateKey, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "not.used.example"}}, key)
	require.NoError(t, err)
	return key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

type m = map[string]any

// orderBody is the body of a request for a certificate of www.example.com, changed by pairs of paths such as
// "certificate.common_name" and values; nil removes a member.
func orderBody(t testing.TB, changes ...any) m {
	t.Helper()
	_, csr := newCSR(t)
	body := m{
		"certificate":    m{"common_name": "www.example.com", "dns_names": []string{"example.com"}, "csr": csr, "signature_hash": "sha256"},
		"organization":   m{"id": 117483},
		"order_validity": m{"years": 1},
	}
	for i := 0; i < len(changes); i += 2 {
		path := strings.Split(changes[i].(string), ".")
		at := body
		for _, name := range path[:len(path)-1] {
			inner, ok := at[name].(m)
			if !ok {
				inner = m{}
				at[name] = inner
			}
			at = inner
		}
		at[path[len(path)-1]] = changes[i+1]
		if changes[i+1] == nil {
			delete(at, path[len(path)-1])
		}
	}
	return body
}

// place places an order that must be accepted, and returns its id and the whole answer.
func place(t testing.TB, s *digicerttest.Server, product string, changes ...any) (int, m) {
	t.Helper()
	got := write(t, s, http.MethodPost, ownPath+"/"+product, orderBody(t, changes...))
	require.Equal(t, http.StatusCreated, got.status, got.body)
	doc := decoded(t, got.body)
	return number(t, doc["id"]), doc
}

// number returns a JSON number.
func number(t testing.TB, v any) int {
	t.Helper()
	n, ok := v.(json.Number)
	require.True(t, ok, "%v is not a number", v)
	i, err := n.Int64()
	require.NoError(t, err)
	return int(i)
}

// info returns the order info of an order.
func info(t testing.TB, s *digicerttest.Server, id int) m {
	t.Helper()
	got := get(t, s, fmt.Sprintf("%s/%d", ownPath, id))
	require.Equal(t, http.StatusOK, got.status, got.body)
	return decoded(t, got.body)
}

// requestOf returns the nth request of an order.
func requestOf(t testing.TB, s *digicerttest.Server, id, n int) m {
	t.Helper()
	return info(t, s, id)["requests"].([]any)[n].(m)
}

func sorted(list []string) []string {
	slices.Sort(list)
	return list
}

func jsonBody(t testing.TB, v any) io.Reader {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return strings.NewReader(string(text))
}
