package digicert_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// inMemory answers every request with the same status, header and body.
type inMemory struct {
	status int
	header http.Header
	body   []byte
}

func (m inMemory) RoundTrip(req *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode:    m.status,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    1,
		Header:        m.header,
		Body:          io.NopCloser(bytes.NewReader(m.body)),
		ContentLength: int64(len(m.body)),
		Request:       req,
	}, nil
}

// ask gives the error of one request, which is sent once.
func (m inMemory) ask(t testing.TB) error {
	t.Helper()
	c, err := digicert.NewClient(testKey,
		digicert.WithHTTPClient(&http.Client{Transport: m}),
		digicert.WithLimiter(unlimited{}),
		digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 1}))
	require.NoError(t, err)
	_, err = c.StatusChanges.List(context.Background(), digicert.Last(time.Minute))
	return err
}

// limitedAnswer is a 429. Without a date its Date header is left out.
func limitedAnswer(retryAfter, date string) inMemory {
	header := http.Header{"Retry-After": {retryAfter}}
	if date != "" {
		header.Set("Date", date)
	}
	return inMemory{status: http.StatusTooManyRequests, header: header}
}

const (
	longestRetryAfter = 365 * 24 * time.Hour
	serviceDate       = "Mon, 06 Jul 2020 10:00:00 GMT" // the service's clock, years behind
)

func TestRetryAfterValues(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]time.Duration{
		"1":        time.Second,
		"120":      2 * time.Minute,
		"007":      7 * time.Second,
		"31536000": longestRetryAfter,

		"Mon, 06 Jul 2020 10:01:30 GMT":  90 * time.Second,
		"Monday, 06-Jul-20 10:00:05 GMT": 5 * time.Second, // the two old forms that HTTP still accepts
		"Mon Jul  6 10:00:05 2020":       5 * time.Second,
		"Tue, 06 Jul 2021 10:00:00 GMT":  longestRetryAfter,

		"":                               0,
		"0":                              0,
		"-1":                             0,
		"-5":                             0,
		"+5":                             0,
		"1.5":                            0,
		"1,5":                            0,
		"1e3":                            0,
		"0x10":                           0,
		"1_000":                          0,
		"٣":                              0,
		"5s":                             0,
		"1 2":                            0,
		"31536001":                       0, // over a year
		"4294967295":                     0,
		"4294967296":                     0,
		"9223372036":                     0, // the largest that would fit
		"9223372037":                     0, // overflows to negative
		"18446744074":                    0, // overflows to positive
		"9223372036854775807":            0,
		"9223372036854775808":            0,
		"99999999999999999999999":        0,
		"Mon, 06 Jul 2020 10:00:00 GMT":  0, // now
		"Mon, 06 Jul 2020 09:59:59 GMT":  0,
		"Thu, 01 Jan 1970 00:00:00 GMT":  0,
		"Tue, 06 Jul 2021 10:00:01 GMT":  0,
		"Fri, 31 Dec 9999 23:59:59 GMT":  0,
		"2020-07-06T10:01:30Z":           0,
		"Mon, 06 Jul 2020 10:01:30 +200": 0,
		"soon":                           0,
		"nan":                            0,
		"inf":                            0,
		"\x00":                           0,
	} {
		t.Run(value, func(t *testing.T) {
			t.Parallel()
			var answer *digicert.Error
			require.ErrorAs(t, limitedAnswer(value, serviceDate).ask(t), &answer)
			require.Equal(t, want, answer.RetryAfter)
		})
	}
}

// TestRetryAfterAsADateByTheLocalClock: without the service's clock there is only ours.
func TestRetryAfterAsADateByTheLocalClock(t *testing.T) {
	t.Parallel()
	for _, date := range []string{"", "yesterday"} {
		t.Run(date, func(t *testing.T) {
			t.Parallel()
			var answer *digicert.Error
			at := time.Now().Add(10 * time.Hour).UTC().Format(http.TimeFormat)
			require.ErrorAs(t, limitedAnswer(at, date).ask(t), &answer)
			require.InDelta(t, 10*time.Hour, answer.RetryAfter, float64(time.Hour))
		})
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, value := range []string{
		"", "0", "1", "-1", "+1", "1.5", "120", "4294967296", "9223372037", "18446744074", "9223372036854775807", "soon",
		"Mon, 06 Jul 2020 10:01:30 GMT", "Monday, 06-Jul-20 10:00:05 GMT", "Mon Jul  6 10:00:05 2020", "Fri, 31 Dec 9999 23:59:59 GMT",
		"Mon, 01 Jan 0000 00:00:00 GMT",
	} {
		f.Add(value, serviceDate)
		f.Add(value, "")
		f.Add(serviceDate, value)
	}
	f.Fuzz(func(t *testing.T, retryAfter, date string) {
		err := limitedAnswer(retryAfter, date).ask(t)
		var answer *digicert.Error
		require.ErrorAs(t, err, &answer)
		require.GreaterOrEqual(t, answer.RetryAfter, time.Duration(0))
		require.LessOrEqual(t, answer.RetryAfter, longestRetryAfter)
		requireOneLine(t, err)
	})
}

// TestKeyAtTheEndOfAnErrorBody: where a body is cut, no part of a key that it repeats is left to be seen.
func TestKeyAtTheEndOfAnErrorBody(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusOK, http.StatusBadRequest} {
		for before := 64<<10 - len(testKey) - 1; before <= 64<<10; before++ {
			text := `{"errors":[{"code":"a","message":"`
			body := text + strings.Repeat("x", before-len(text)) + testKey + `"}]}`
			err := inMemory{status: status, header: http.Header{}, body: []byte(body)}.ask(t)
			var answer *digicert.Error
			require.ErrorAs(t, err, &answer)
			require.LessOrEqual(t, len(answer.Body), 64<<10)
			require.GreaterOrEqual(t, len(answer.Body), before)
			require.NotContains(t, string(answer.Body[before:]), testKey[:8], "%d bytes before the key", before)
		}
	}
}

func FuzzErrorBody(f *testing.F) {
	for _, body := range []string{
		"", "{}", "[]", "null", "0", `""`, "{", `{"errors":`, `{"errors":[`,
		`{"errors":[{"code":"access_denied|x","message":"line\nbreak\u2028\u0000"}]}`,
		`{"errors":[{"code":"a","message":"b"},{"code":"c"},"d",null,[],7,{"code":{}}]}`,
		`{"errors":{"code":"a","message":"b"}}`, `{"errors":{"x":{"code":"a"},"y":"z"}}`, `{"errors":"text"}`, `{"errors":{"errors":[]}}`,
		`{"errors":[{"code":"` + strings.Repeat("é", 5000) + `"}]}`,
		"<html>\r\n<body>Bad Gateway</body></html>", "\xff\xfe\x00", `{"errors":[{"code":"` + testKey + `"}]}`,
		strings.Repeat("[", 20000), strings.Repeat(`{"errors":`, 5000),
		`{"errors":[` + strings.Repeat(`{"code":"a"},`, 10000) + `{}]}`,
	} {
		for _, status := range []uint16{0, 1, 4, 29, 100, 102, 199} {
			f.Add(status, []byte(body))
		}
	}
	f.Fuzz(func(t *testing.T, n uint16, body []byte) {
		status := 400 + int(n%200)
		err := inMemory{status: status, header: http.Header{}, body: body}.ask(t)
		var answer *digicert.Error
		require.ErrorAs(t, err, &answer)
		require.Equal(t, status, answer.StatusCode)
		require.Equal(t, 1, answer.Attempts)
		require.LessOrEqual(t, len(answer.Body), 64<<10)
		if !bytes.Contains(body, []byte(testKey[:8])) {
			require.Equal(t, string(body[:min(len(body), 64<<10)]), string(answer.Body))
		}
		require.Equal(t, status >= 500, errors.Is(err, digicert.ErrUnavailable))
		require.Equal(t, status == http.StatusTooManyRequests, errors.Is(err, digicert.ErrRateLimited))
		for _, d := range answer.Details {
			require.ErrorIs(t, err, d.Code)
		}
		text := err.Error()
		requirePrintable(t, text)
		require.True(t, utf8.ValidString(text))
		require.Less(t, utf8.RuneCountInString(text), 2500)
		require.NotContains(t, fmt.Sprintf("%v %+v %s", err, err, answer.Body), testKey)
	})
}
