package digicert_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/stretchr/testify/require"
)

func answerJSON(r *http.Request, status int, body string) *http.Response {
	return &http.Response{
		StatusCode:    status,
		Header:        http.Header{"Content-Type": {"application/json"}, "Date": {time.Now().UTC().Format(http.TimeFormat)}},
		Body:          io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)),
		Request:       r,
	}
}

const limitExceeded = `{"errors":[{"code":"request_limit_exceeded","message":"Service unavailable, please limit request volume"}]}`

// script answers the n-th request, from 0 on, in simulated time, and keeps when each was sent.
type script struct {
	answer func(n int, r *http.Request) (*http.Response, error)

	mu    sync.Mutex
	start time.Time
	sent  []time.Duration
}

func (s *script) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	n := len(s.sent)
	s.sent = append(s.sent, time.Since(s.start))
	s.mu.Unlock()
	return s.answer(n, r)
}

// run starts the script's clock and returns a client for it.
func (s *script) run(t *testing.T, opts ...digicert.Option) *digicert.Client {
	t.Helper()
	s.start = time.Now()
	opts = append([]digicert.Option{digicert.WithHTTPClient(&http.Client{Transport: s})}, opts...)
	c, err := digicert.NewClient("a-distinctive-key", opts...)
	require.NoError(t, err)
	return c
}

// statuses answers with one status after another, and with success when they are used up.
func statuses(codes ...int) func(int, *http.Request) (*http.Response, error) {
	return func(n int, r *http.Request) (*http.Response, error) {
		switch {
		case n >= len(codes):
			return answerJSON(r, http.StatusOK, `{}`), nil
		case codes[n] == 0:
			return nil, errors.New("connection reset by peer")
		case codes[n] == http.StatusTooManyRequests:
			return answerJSON(r, codes[n], limitExceeded), nil
		}
		return answerJSON(r, codes[n], ``), nil
	}
}

func poll(ctx context.Context, c *digicert.Client) error {
	_, err := c.StatusChanges.List(ctx, digicert.Last(time.Minute))
	return err
}

func TestRetriesBackOffWithFullJitter(t *testing.T) {
	t.Parallel()
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			s := &script{answer: statuses(500, 502, 503, 504, 0, 503)}
			c := s.run(t, digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 7, MinDelay: time.Second, MaxDelay: 5 * time.Second}))
			require.NoError(t, poll(t.Context(), c))
			require.Len(t, s.sent, 7)
			for i, ceiling := range []time.Duration{1, 2, 4, 5, 5, 5} {
				require.LessOrEqual(t, s.sent[i+1]-s.sent[i], ceiling*time.Second)
			}
		})
	}
	// The chance that what is left to chance stays in the lower half twenty times is one in a million.
	synctest.Test(t, func(t *testing.T) {
		var low, high bool
		for range 20 {
			s := &script{answer: statuses(503)}
			c := s.run(t, digicert.WithRetry(digicert.RetryPolicy{MinDelay: time.Second}))
			require.NoError(t, poll(t.Context(), c))
			low, high = low || s.sent[1] < time.Second/2, high || s.sent[1] > time.Second/2
		}
		require.True(t, low && high)
	})
}

func TestWhatIsRetried(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		status int
		sent   int
	}{
		{0, 3},
		{500, 3},
		{502, 3},
		{503, 3},
		{504, 3},
		{429, 3},
		{400, 1},
		{401, 1},
		{403, 1},
		{404, 1},
		{405, 1},
		{409, 1},
		{410, 1},
		{422, 1},
		{501, 1},
		{505, 1},
		{304, 1},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := &script{answer: statuses(tt.status, tt.status, tt.status, tt.status)}
			err := poll(t.Context(), s.run(t, digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 3})))
			require.Error(t, err)
			require.Len(t, s.sent, tt.sent, "status %d", tt.status)
			requireOneLine(t, err)
			var answer *digicert.Error
			if tt.status != 0 {
				require.ErrorAs(t, err, &answer)
				require.Equal(t, tt.sent, answer.Attempts)
			}
			if tt.sent > 1 {
				require.ErrorContains(t, err, "after 3 attempts")
			}
		})
	}
}

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int
		header func() string
		want   time.Duration // between the first and the second request; negative: no second
	}{
		{"503, seconds", 503, func() string { return "7" }, 7 * time.Second},
		{"429, seconds", 429, func() string { return "7" }, 7 * time.Second},
		{"a date", 429, func() string { return time.Now().Add(30 * time.Second).UTC().Format(http.TimeFormat) }, 30 * time.Second},
		{"the longest", 503, func() string { return "60" }, time.Minute},
		{"longer than that", 503, func() string { return "61" }, -1},
		{"longer than that, 429", 429, func() string { return "61" }, -1},
		{"nonsense", 429, func() string { return "soon" }, 10 * time.Second},
		{"negative", 429, func() string { return "-5" }, 10 * time.Second},
		{"overflowing", 429, func() string { return "99999999999999999999" }, 10 * time.Second},
		{"a century", 429, func() string { return "3153600000" }, 10 * time.Second},
		{"a past date", 429, func() string { return time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat) }, 10 * time.Second},
		{"none", 429, func() string { return "" }, 10 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
					if n > 0 {
						return answerJSON(r, http.StatusOK, `{}`), nil
					}
					resp := answerJSON(r, tt.status, limitExceeded)
					resp.Header.Set("Retry-After", tt.header())
					return resp, nil
				}}
				err := poll(t.Context(), s.run(t, digicert.WithRetry(digicert.RetryPolicy{MinDelay: time.Second, MaxRetryAfter: time.Minute})))
				if tt.want < 0 {
					var answer *digicert.Error
					require.ErrorAs(t, err, &answer)
					require.Equal(t, 61*time.Second, answer.RetryAfter)
					require.Len(t, s.sent, 1)
					require.Zero(t, time.Since(s.start), "it ends at once")
					return
				}
				require.NoError(t, err)
				require.Equal(t, []time.Duration{0, tt.want}, s.sent)
			})
		})
	}
}

func TestRetryPolicyRefused(t *testing.T) {
	t.Parallel()
	for _, p := range []digicert.RetryPolicy{
		{MaxAttempts: -1},
		{MinDelay: -1},
		{MaxDelay: -1},
		{MaxRetryAfter: -1},
		{AttemptTimeout: -1},
		{MinDelay: 2 * time.Second, MaxDelay: time.Second},
	} {
		_, err := digicert.NewClient("key", digicert.WithRetry(p))
		requireParamError(t, err, "WithRetry")
	}
}

// limitedAnswer is a 429. Without a date its Date header is left out.
func limitedAnswer(retryAfter, date string) inMemory {
	header := http.Header{"Retry-After": {retryAfter}}
	if date != "" {
		header.Set("Date", date)
	}
	return inMemory{status: http.StatusTooManyRequests, header: header}
}

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
