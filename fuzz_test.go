package digicert_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// What these targets hold the decoder to: no body makes it panic, a body that it refuses is an error with
// a message in one line, and what it accepts is the same after it was encoded and decoded again,
// by encoding/json and by the client itself.

func FuzzDate(f *testing.F) {
	for _, s := range []string{
		"", "2020-04-08", "2019-04-08T17:33:26+00:00", "2018-11-29 01:48:04", "2019-04-08T17:33:26.123456789-06:00", "2024-02-29",
		"2023-02-29", "0000-00-00", "0001-01-01", "9999-12-31", "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", "0001-01-01T02:00:00+00:00",
		"2019-04-08t17:33:26z", "2019-04-08T17:33:60Z", "2019-04-08T24:00:00Z", "2019-04-08T17:33:26,5Z", "20190408", "now", "\x00", "\xff",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		day, err := digicert.ParseDate(s)
		if err == nil {
			require.Equal(t, s, day.String())
			encoded, err := day.MarshalText()
			require.NoError(t, err)
			var got digicert.Date
			require.NoError(t, got.UnmarshalText(encoded))
			require.Equal(t, day, got)
			require.Equal(t, day, digicert.DateOf(day.In(time.UTC)))
		} else {
			require.NotContains(t, err.Error(), "\n")
		}

		quoted, marshalErr := json.Marshal(s)
		require.NoError(t, marshalErr)
		for _, field := range []string{"date_created", "date_issued", "valid_till"} {
			rows, listErr := fuzzReissues(t, []byte(fmt.Sprintf(`{"certificates":[{%q:%s}]}`, field, quoted)))
			if err == nil {
				require.NoError(t, listErr, "what ParseDate reads, all fields read")
			}
			if listErr == nil && err == nil && field == "valid_till" && day.Year > 1 { // the first day of year 1 is Go's zero time
				require.Equal(t, day, rows[0].ValidTill)
			}
		}
	})
}

func FuzzScalars(f *testing.F) {
	for _, s := range []string{
		`1`, `"1"`, `0`, `"0"`, `-0`, `true`, `false`, `"true"`, `null`, `""`, `[]`, `{}`, `3179443638`, `9223372036854775807`, `9223372036854775808`,
		`"-9223372036854775808"`, `1.5`, `1.50`, `0.0`, `"198.00"`, `1e3`, `1e-3`, `1e99`, `1E+100`, `1e-100`, `"1e100"`, `1e999999999`, `-1e-999999999`,
		`0.1000000000000000055511151231257827`, `"+5"`, `".5"`, `"5."`, `"1_0"`, `"0x10"`, `"Inf"`, `"NaN"`, `"\ud800"`, "\"\xff\"", `["a"]`, `[1]`,
		`"issued"`, `"2020-04-08"`, `"2018-11-29 01:48:04"`, `1}],"x":[{`, `1,"id":2`,
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, field := range []string{"id", "thumbprint", "dns_names", "status", "days_remaining", "key_size", "archived", "user_id", "receipt_id", "purchased_dns_names"} {
			_, _ = fuzzReissues(t, []byte(fmt.Sprintf(`{"certificates":[{%q:%s}]}`, field, s)))
		}
		for _, row := range []string{
			`{"id":%s}`, `{"number_of_sans":%s}`, `{"certificate":%s}`, `{"subaccount":%s}`, `{"product":%s}`, `{"order_price":%s}`,
			`{"order_price":{"cost":%s}}`, `{"certificate":{"organization_units":%s}}`, `{"subaccount":{"account_id":%s,"account_type":"x"}}`,
		} {
			_, _ = fuzzPage(t, []byte(`{"orders":[`+strings.Replace(row, "%s", s, 1)+`]}`))
		}
		for _, field := range []string{"order_id", "certificate_id", "status"} {
			_, _ = fuzzChanges(t, []byte(fmt.Sprintf(`{"orders":[{%q:%s}]}`, field, s)))
		}
		_, _ = fuzzPage(t, []byte(`{"page":{"total":`+s+`}}`))
		for _, order := range []string{
			`{"id":%s}`, `{"is_renewed":%s}`, `{"renewed_order_id":%s}`, `{"alternative_order_id":%s}`, `{"order_valid_till":%s}`, `{"auto_renew":%s}`,
			`{"price":%s}`, `{"purchased_dns_names":%s}`, `{"has_reissues":%s}`, `{"certificate":%s}`, `{"organization":%s}`, `{"container":%s}`, `{"product":%s}`,
			`{"user":%s}`, `{"requests":%s}`, `{"requests":[{"date":%s}]}`, `{"order_validity":{"custom_expiration_date":%s}}`, `{"container":{"is_active":%s}}`,
			`{"certificate":{"emails":%s,"server_platform":{"id":%s}}}`, `{"certificate":{"ca_cert":%s,"days_remaining":%s}}`,
			`{"organization_contact":%s,"technical_contact":{"telephone":%s,"firstname":%s}}`, `{"custom_fields":%s,"notes":[{"user":%s,"id":%s}]}`,
			`{"additional_emails":%s,"prices":%s,"dcv_method":%s}`, `{"certificate":{"cert_validity":%s},"disable_ct":%s,"server_licenses":%s}`,
		} {
			fuzzOrders(t, []byte(strings.ReplaceAll(order, "%s", s)))
		}
		for _, order := range []string{
			`{"organization":%s}`, `{"certificate":{"ca_cert":%s}}`, `{"order_valid_from":%s}`, `{"order_valid_till":%s}`, `{"is_multi_year_plan":%s}`,
			`{"organizations":[{"is_active":%s,"zip":%s,"container":{"is_active":%s},"validations":[{"validated_until":%s}]}]}`,
			`{"domains":[{"is_active":%s,"dcv_expiration":{"ov":%s},"dcv_token":{"token":%s}}]}`,
			`{"allowed_validity_years":[%s],"allowed_order_lifetimes":%s,"signature_hash_types":%s,"csr_required":%s}`,
			`{"last_login_date":%s,"access_roles":[{"id":%s}],"container_visibility":%s}`, `{"balance_negative_limit":%s,"ent_support_plan":%s}`,
		} {
			fuzzOthers(t, []byte(strings.ReplaceAll(order, "%s", s)))
		}
		for _, field := range []string{"archived", "server_platform", "ca_cert_id", "valid_from", "purchased_wildcard_names"} {
			fuzzOthers(t, []byte(fmt.Sprintf(`{"certificates":[{%q:%s}]}`, field, s)))
		}
		for _, field := range []string{"account_id", "date_created", "account_manager"} {
			fuzzOthers(t, []byte(fmt.Sprintf(`{"subaccounts":[{%q:%s}]}`, field, s)))
		}
		fuzzOthers(t, []byte(`{"intermediates":[{"pem":`+s+`}],"child_accounts":`+s+`}`))
	})
}

func FuzzBody(f *testing.F) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	require.NoError(f, err)
	require.NotEmpty(f, files)
	for _, file := range files {
		body, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(http.StatusOK, body)
		f.Add(http.StatusForbidden, body)
		f.Add(http.StatusOK, body[:len(body)/2])
	}
	for _, a := range composedAnswers() {
		f.Add(http.StatusOK, []byte(a.body))
		f.Add(http.StatusOK, []byte(a.body[:len(a.body)/2]))
	}
	for _, body := range []string{
		``, `[]`, `null`, htmlPage, `{"errors":{"code":"a|b","message":"c\nd"}}`, `{"errors":[{"code":1}]}`, `{"errors":"x"}`, `{"errors":[[["x"]]]}`,
		`{"orders":[],"orders":[{"order_id":1,"id":"2"}],"page":[]}`, `{"orders":[[],null,{}]}`, `{} {}`, "{\"orders\":[{\"status\":\"\xff\"}]}",
		`{"orders":[{"id":1,"certificate":[],"order_price":{"cost":1e-50}}]}`, `{"certificates":[{"dns_names":["a",{}]}]}`,
	} {
		f.Add(http.StatusOK, []byte(body))
		f.Add(http.StatusInternalServerError, []byte(body))
	}
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		if status >= 200 && status <= 299 {
			_, _ = fuzzReissues(t, body)
			_, _ = fuzzPage(t, body)
			_, _ = fuzzChanges(t, body)
			fuzzOrders(t, body)
			fuzzOthers(t, body)
			return
		}
		err := fuzzClient(t, status, body).Get(t.Context(), "/x", nil, new(any))
		requireFuzzError(t, err)
		var answer *digicert.Error
		require.ErrorAs(t, err, &answer)
		require.Equal(t, status, answer.StatusCode)
		require.Equal(t, string(body[:min(len(body), 64<<10)]), string(answer.Body))
	})
}

// everyKind is a struct of a caller with a field of every kind.
type everyKind struct {
	Int      int                 `json:"int"`
	Int8     int8                `json:"int8"`
	Uint     uint                `json:"uint"`
	Uint16   uint16              `json:"uint16"`
	Float    float64             `json:"float"`
	Float32  float32             `json:"float32"`
	Bool     bool                `json:"bool"`
	String   string              `json:"string"`
	Number   json.Number         `json:"number"`
	Any      any                 `json:"any"`
	Raw      json.RawMessage     `json:"raw"`
	Bytes    []byte              `json:"bytes"`
	Pointer  *string             `json:"pointer"`
	Ints     []int               `json:"ints"`
	Array    [2]string           `json:"array"`
	Map      map[string]string   `json:"map"`
	Anys     map[string]any      `json:"anys"`
	ByInt    map[int]bool        `json:"by_int"`
	Kids     []everyKind         `json:"kids"`
	Next     *everyKind          `json:"next"`
	Named    map[string]*ownJSON `json:"named"`
	Text     *netip.Addr         `json:"text"`
	Embedded `json:"embedded"`
	Left
}

// Embedded is a field with a name.
type Embedded struct {
	A string `json:"a"`
}

// FuzzGet: no body makes Get panic or leaves a result half done, whatever the type.
func FuzzGet(f *testing.F) {
	for _, seed := range []string{
		`{"int":1,"int8":2,"uint":3,"uint16":4,"float":1.5,"float32":2.5,"bool":true,"string":"a","number":1.50,"any":{"a":[1,null]},"raw": [ 1 ],"bytes":"AQID"}`,
		" {\t\"pointer\" : \"x\" , \"ints\":[ 1 , 2 ],\r\n\"array\":[\"a\",\"b\",\"c\"], \"map\":{\"\":\"\"} } ", `{"by_int":{"1":true,"1":false},"kids":[{"kids":[{}]}],"next":{"next":null}}`,
		`{"named":{"\u0061\/":{"a":1}},"text":"192.0.2.1","embedded":{"a":"b"},"left":7}`, "{\"string\":\"\xff\\ud800\",\"\xff\":1,\"map\":{\"\\ud800\":\"\\udc00\\ud800\"}}",
		`{"int":"2.0","bool":"TRUE","string":7,"ints":"","next":[],"kids":null,"array":"","map":[],"any":"","text":""}`, `{"string":"\\\"\\","any":"\\"}`,
		strings.Repeat("[", 10000) + strings.Repeat("]", 10000), strings.Repeat("[", 10001) + strings.Repeat("]", 10001), strings.Repeat(`{"next":`, 400) + `{}` + strings.Repeat("}", 400),
		strings.Repeat(`{"any":[`, 200) + strings.Repeat("]}", 200), `{"errors":[{"code":"a"},"b",{"message":{}}]}`, `{"errors":{"a":{"code":1},"b":[]}}`, "\ufeff{}", "\ufeff\ufeff{}", `1`, `"a"`, `[1]`, `[[],[[]]]`,
		`{"string" :` + "\x00" + `}`, "{\"a\"\v:1}", "\f{}", "{}\x00", `{"a":1e}`, `{"a":01}`, `{"a":-}`, `{"a":tru}`, `[1,]`, `{"a":1,}`, `{,}`, `{} {}`, `nul`, `"`,
	} {
		f.Add([]byte(seed))
	}
	targets := []func() any{
		func() any { return new(everyKind) }, func() any { return new(any) }, func() any { return new(map[string]everyKind) }, func() any { return new([]everyKind) },
		func() any { return new(map[string]any) }, func() any { return new(nested) }, func() any { return new([]string) }, func() any { return new(map[int][]uint8) },
		func() any { return new(string) }, func() any { return new(json.Number) }, func() any { return new(json.RawMessage) }, func() any { return new(*everyKind) }, func() any { return new(tree) },
		func() any { return new(digicert.Order) }, func() any { return new(struct{ *digicert.Order }) }, func() any { return new([3][2]time.Time) }, func() any { return new(struct{}) },
		func() any {
			return new(struct {
				Errors any `json:"errors"`
			})
		}, func() any { return new(map[ownText]digicert.Date) },
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c := fuzzClient(t, http.StatusOK, body)
		for _, target := range targets {
			result := target()
			err := c.Get(t.Context(), "/x", nil, result)
			if err != nil {
				requireFuzzError(t, err)
				require.True(t, reflect.ValueOf(result).Elem().IsZero())
			}
			if jsontext.Value(bytes.TrimPrefix(body, []byte("\ufeff"))).IsValid(jsontext.AllowInvalidUTF8(true), jsontext.AllowDuplicateNames(true)) {
				require.NotErrorIs(t, err, io.ErrUnexpectedEOF)
			} else {
				require.Error(t, err)
			}
		}
		_ = fuzzClient(t, http.StatusForbidden, body).Get(t.Context(), "/x", nil, nil)
	})
}

// FuzzGetAsEncodingJSON: what encoding/json reads, Get reads too, and as the same.
func FuzzGetAsEncodingJSON(f *testing.F) {
	for _, seed := range []string{
		`{"int":1,"int8":2,"uint":3,"uint16":4,"float":1.5,"float32":2.5,"bool":true,"string":"a","number":1.50,"any":{"a":[1,null]},"raw": [ 1 ],"bytes":"AQID"}`,
		`{"pointer":"x","ints":[1,2],"array":["a","b","c"],"map":{"":"","a":"b"},"anys":{"a":{},"b":[[]]},"by_int":{"1":true},"kids":[{"kids":[{}]}],"next":{"next":null}}`,
		`{"named":{"\u0061\/":{"a":1}},"text":"192.0.2.1","embedded":{"a":"b"},"left":7,"string":"\ud83d\ude00\ud800\n"}`, "{\"string\":\"\xff\"}", `{"any":1e300,"float":-0.0,"anys":{"a":"\\"}}`,
	} {
		f.Add([]byte(seed))
	}
	targets := []func() any{
		func() any { return new(everyKind) }, func() any { return new(any) }, func() any { return new(map[string]any) }, func() any { return new([]everyKind) }, func() any { return new(map[string]everyKind) },
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if !regular(body) {
			return
		}
		for _, target := range targets {
			want := target()
			if json.Unmarshal(body, want) != nil {
				continue // the lenient rules may read it
			}
			got := target()
			err := fuzzClient(t, http.StatusOK, body).Get(t.Context(), "/x", nil, got)
			var answer *digicert.Error
			if errors.As(err, &answer) || errors.Is(err, digicert.ErrResponseTooLarge) {
				return
			}
			require.NoError(t, err, "%T", want)
			require.Equal(t, encodedPlain(t, want), encodedPlain(t, got), "%T", want)
		}
	})
}

// regular reports whether a body has names that differ, in lower case, and no null: there the rules differ on purpose.
func regular(body []byte) bool {
	if !utf8.Valid(body) || bytes.HasPrefix(body, []byte("\ufeff")) || !json.Valid(body) || !jsontext.Value(body).IsValid(jsontext.AllowInvalidUTF8(true)) {
		return false
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	for {
		token, err := dec.Token()
		if err != nil {
			return true
		}
		if text, ok := token.(string); ok && (strings.ToLower(text) != text || strings.ContainsAny(text, "ſK")) {
			return false
		}
		if token == nil {
			return false
		}
	}
}

// encodedPlain encodes a value, with its lists and maps that are nil as empty ones, as this package has them.
func encodedPlain(t testing.TB, v any) string {
	encoded, err := json.Marshal(v)
	require.NoError(t, err)
	var plain any
	dec := json.NewDecoder(bytes.NewReader(encoded))
	dec.UseNumber()
	require.NoError(t, dec.Decode(&plain))
	encoded, err = json.Marshal(withoutNulls(plain))
	require.NoError(t, err)
	return string(encoded)
}

func withoutNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if inner = withoutNulls(inner); inner == nil {
				delete(v, name)
			}
		}
	case []any:
		for i := range v {
			v[i] = withoutNulls(v[i])
		}
	}
	return v
}

// oneAnswer is a service that gives every request the same answer.
type oneAnswer struct {
	status int
	body   []byte
}

func (a oneAnswer) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Body: io.NopCloser(bytes.NewReader(a.body)), ContentLength: -1}, nil
}

func fuzzClient(t testing.TB, status int, body []byte) *digicert.Client {
	c, err := digicert.NewClient(testKey, digicert.WithHTTPClient(&http.Client{Transport: oneAnswer{status, body}}),
		digicert.WithLimiter(unlimited{}), digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 1}))
	require.NoError(t, err)
	return c
}

func fuzzReissues(t testing.TB, body []byte) ([]digicert.Reissue, error) {
	type answer struct {
		Certificates []digicert.Reissue `json:"certificates"`
	}
	got, err := requireStable(t, body, func(body []byte) (answer, error) {
		rows, err := fuzzClient(t, http.StatusOK, body).Reissues.List(t.Context(), 1, nil)
		return answer{rows}, err
	})
	return got.Certificates, err
}

func fuzzChanges(t testing.TB, body []byte) ([]digicert.StatusChange, error) {
	type answer struct {
		Orders []digicert.StatusChange `json:"orders"`
	}
	got, err := requireStable(t, body, func(body []byte) (answer, error) {
		rows, err := fuzzClient(t, http.StatusOK, body).StatusChanges.List(t.Context(), digicert.Last(time.Hour))
		return answer{rows}, err
	})
	return got.Orders, err
}

func fuzzPage(t testing.TB, body []byte) (digicert.SubaccountOrderPage, error) {
	return requireStable(t, body, func(body []byte) (digicert.SubaccountOrderPage, error) {
		page, err := fuzzClient(t, http.StatusOK, body).Subaccounts.ListOrders(t.Context(), nil)
		if err != nil {
			require.Nil(t, page)
			return digicert.SubaccountOrderPage{}, err
		}
		return *page, nil
	})
}

// fuzzOrders decodes an account's own order, and a list of it and of what the body is.
func fuzzOrders(t testing.TB, body []byte) {
	get := func(body []byte) (digicert.Order, error) {
		var order digicert.Order // Orders.Get refuses an order without its id
		err := fuzzClient(t, http.StatusOK, body).Get(t.Context(), "/order/certificate/1", nil, &order)
		return order, err
	}
	list := func(body []byte) (digicert.OrderPage, error) {
		page, err := fuzzClient(t, http.StatusOK, body).Orders.List(t.Context(), nil)
		if err != nil {
			require.Nil(t, page)
			return digicert.OrderPage{}, err
		}
		return *page, nil
	}
	order, err := requireStable(t, body, get)
	if err == nil {
		requireNoNilList(t, order)
		var answer *digicert.Error // a row has errors of its own
		page, err := requireStable(t, fmt.Appendf(nil, `{"orders":[%s]}`, body), list)
		if !errors.As(err, &answer) {
			require.NoError(t, err)
			require.Equal(t, []digicert.Order{order}, page.Orders)
		}
	}
	if page, err := requireStable(t, body, list); err == nil {
		requireNoNilList(t, page)
	}
}

// fuzzOthers decodes the rest.
func fuzzOthers(t testing.TB, body []byte) {
	type duplicates struct {
		Certificates []digicert.Duplicate `json:"certificates"`
	}
	type chain struct {
		Intermediates []digicert.ChainCertificate `json:"intermediates"`
	}
	copies, err := requireStable(t, body, func(body []byte) (duplicates, error) {
		rows, err := fuzzClient(t, http.StatusOK, body).Orders.Duplicates(t.Context(), 1, nil)
		return duplicates{rows}, err
	})
	if err == nil {
		requireNoNilList(t, copies)
	}
	_, _ = requireStable(t, body, func(body []byte) (chain, error) {
		rows, err := fuzzClient(t, http.StatusOK, body).Certificates.Chain(t.Context(), 1)
		return chain{rows}, err
	})
	_, _ = requireStable(t, body, func(body []byte) (digicert.SubaccountPage, error) {
		page, err := fuzzClient(t, http.StatusOK, body).Subaccounts.List(t.Context(), nil)
		if err != nil {
			require.Nil(t, page)
			return digicert.SubaccountPage{}, err
		}
		return *page, nil
	})
	_, _ = requireStable(t, body, func(body []byte) (digicert.OrganizationPage, error) {
		return fuzzInto[digicert.OrganizationPage](t, body)
	})
	_, _ = requireStable(t, body, func(body []byte) (digicert.DomainPage, error) { return fuzzInto[digicert.DomainPage](t, body) })
	_, _ = requireStable(t, body, func(body []byte) (digicert.ProductInfo, error) { return fuzzInto[digicert.ProductInfo](t, body) })
	_, _ = requireStable(t, body, func(body []byte) (digicert.UserInfo, error) { return fuzzInto[digicert.UserInfo](t, body) })
	_, _ = requireStable(t, body, func(body []byte) (digicert.Account, error) { return fuzzInto[digicert.Account](t, body) })
	_, _ = requireStable(t, body, func(body []byte) (digicert.SubaccountOrder, error) {
		var order digicert.SubaccountOrder // GetOrder refuses an order without its id
		err := fuzzClient(t, http.StatusOK, body).Get(t.Context(), "/account/subaccount/order/1", nil, &order)
		return order, err
	})
}

// fuzzInto decodes a body as a T, also one without the id that a service would ask for.
func fuzzInto[T any](t testing.TB, body []byte) (result T, err error) {
	err = fuzzClient(t, http.StatusOK, body).Get(t.Context(), "/x", nil, &result)
	return result, err
}

// FuzzDownload: what is parsed is whole, and the certificate that was asked for comes first.
func FuzzDownload(f *testing.F) {
	one, two := newCertificate(f, "a1"), newCertificate(f, "b2")
	for _, body := range []string{
		"", pemOf(one), pemOf(one) + pemOf(two), strings.ReplaceAll(pemOf(one), "\n", "\r\n"), "text\n" + pemOf(one) + "text", pemOf(one)[:100], string(one),
		string(one) + string(two), string(one[:50]), "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----", "-----BEGIN X-----\n\n-----END X-----\n",
		"-----BEGIN CERTIFICATE-----\nA: b\n\n" + pemOf(one)[28:], "-----BEGIN ",
	} {
		f.Add([]byte(body), uint8(0))
		f.Add([]byte(body), uint8(3))
	}
	formats := []digicert.DownloadFormat{digicert.FormatPEMAll, digicert.FormatPEMNoIntermediate, digicert.FormatPEMNoRoot, digicert.FormatCER, digicert.FormatP7B}
	f.Fuzz(func(t *testing.T, body []byte, n uint8) {
		format := formats[int(n)%len(formats)]
		d, err := fuzzClient(t, http.StatusOK, body).Certificates.Download(t.Context(), 1, format)
		if err != nil {
			requireFuzzError(t, err)
			require.Nil(t, d)
			return
		}
		require.Equal(t, body, d.Body)
		certs, err := d.Certificates()
		if err != nil {
			require.Empty(t, certs)
			requireOneLine(t, err)
			return
		}
		require.NotEmpty(t, certs)
		require.NotEqual(t, digicert.FormatP7B, format)

		var text string
		for _, c := range certs {
			text += pemOf(c.Raw)
		}
		again, err := (&digicert.Download{Format: format, Body: []byte(text)}).Certificates()
		require.NoError(t, err)
		require.Equal(t, certs, again)
		_, err = d.Certificates(certs[0].SerialNumber.Text(16))
		require.NoError(t, err)
		_, err = d.Certificates(new(big.Int).Add(certs[0].SerialNumber, big.NewInt(1)).Text(16))
		require.ErrorIs(t, err, digicert.ErrWrongCertificate)

		cert, err := digicert.ChainCertificate{PEM: text}.Certificate()
		require.Equal(t, len(certs) == 1, err == nil)
		if err == nil {
			require.Equal(t, certs[0], cert)
		}
	})
}

// requireStable decodes body, and what was decoded once more after it was encoded.
func requireStable[T any](t testing.TB, body []byte, decode func([]byte) (T, error)) (T, error) {
	got, err := decode(body)
	if err != nil {
		requireFuzzError(t, err)
		require.Empty(t, got)
		return got, err
	}
	encoded, err := json.Marshal(got)
	require.NoError(t, err)

	var again T
	require.NoError(t, json.Unmarshal(encoded, &again), "%s", encoded)
	require.Equal(t, plainCosts(withoutAbsent(got)), plainCosts(withoutAbsent(again)), "%s", encoded)

	again, err = decode(encoded)
	require.NoError(t, err, "%s", encoded)
	require.Equal(t, plainCosts(got), plainCosts(again), "%s", encoded)
	return got, nil
}

// plainCosts gives equal amounts one representation, where require.Equal would tell a zero that was left
// out from one that was sent.
func plainCosts(v any) any {
	plain := func(cost *decimal.Decimal) {
		*cost = decimal.RequireFromString(cost.StringFixed(max(0, -cost.Exponent())))
		if cost.IsZero() {
			*cost = decimal.RequireFromString("0") // also 0.0
		}
	}
	raw := func(value *json.RawMessage) { // it is written again without white space, and with other escapes
		if json.Valid(*value) {
			*value = nil
		}
	}
	switch v := v.(type) {
	case digicert.SubaccountOrderPage:
		v.Orders = slices.Clone(v.Orders)
		for i := range v.Orders {
			plain(&v.Orders[i].OrderPrice.Cost)
		}
		return v
	case digicert.SubaccountOrder:
		plain(&v.OrderPrice.Cost)
		return v
	case digicert.Order:
		plain(&v.Price.Decimal)
		raw(&v.Prices)
		return v
	case digicert.OrderPage:
		v.Orders = slices.Clone(v.Orders)
		for i := range v.Orders {
			plain(&v.Orders[i].Price.Decimal)
			raw(&v.Orders[i].Prices)
		}
		return v
	case digicert.ProductInfo:
		raw(&v.AllowedOrderLifetimes)
		return v
	case digicert.Account:
		plain(&v.BalanceNegativeLimit.Decimal)
		return v
	case digicert.SubaccountPage:
		v.Subaccounts = slices.Clone(v.Subaccounts)
		for i := range v.Subaccounts {
			raw(&v.Subaccounts[i].AccountManager)
		}
		return v
	}
	return v
}

func requireFuzzError(t testing.TB, err error) {
	requireOneLine(t, err)
	var answer *digicert.Error
	var undecoded *digicert.DecodeError
	require.True(t, errors.As(err, &answer) || errors.As(err, &undecoded), "%T", err)
}
