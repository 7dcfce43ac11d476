package digicert_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
		`"-9223372036854775808"`, `1.5`, `1.50`, `"198.00"`, `1e3`, `1e-3`, `1e99`, `1E+100`, `1e-100`, `"1e100"`, `1e999999999`, `-1e-999999999`,
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

// oneAnswer is a service that gives every request the same answer.
type oneAnswer struct {
	status int
	body   []byte
}

func (a oneAnswer) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: a.status, Body: io.NopCloser(strings.NewReader(string(a.body))), ContentLength: -1}, nil
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
	require.Equal(t, plainCosts(got), plainCosts(again), "%s", encoded)

	again, err = decode(encoded)
	require.NoError(t, err, "%s", encoded)
	require.Equal(t, plainCosts(got), plainCosts(again), "%s", encoded)
	return got, nil
}

// plainCosts gives equal amounts one representation, where require.Equal would tell a zero that was left
// out from one that was sent.
func plainCosts(v any) any {
	page, ok := v.(digicert.SubaccountOrderPage)
	if !ok {
		return v
	}
	orders := append([]digicert.SubaccountOrder{}, page.Orders...)
	for i := range orders {
		cost := &orders[i].OrderPrice.Cost
		*cost = decimal.RequireFromString(cost.StringFixed(max(0, -cost.Exponent())))
	}
	page.Orders = orders
	return page
}

func requireFuzzError(t testing.TB, err error) {
	requireOneLine(t, err)
	var answer *digicert.Error
	var undecoded *digicert.DecodeError
	require.True(t, errors.As(err, &answer) || errors.As(err, &undecoded), "%T", err)
}
