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

const (
	longestRetryAfter = 365 * 24 * time.Hour
	serviceDate       = "Mon, 06 Jul 2020 10:00:00 GMT" // the service's clock, years behind
)

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

// hasPiece reports whether text has a piece of the key that is long enough to be redacted.
func hasPiece(text []byte, key string) bool {
	for i := range len(key) - 7 {
		if bytes.Contains(text, []byte(key[i:i+8])) {
			return true
		}
	}
	return false
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
		if !hasPiece(body, testKey) { // else that is redacted
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
