package digicert_test

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

func TestCaptureResponse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		answers []int // 0 is a transport error; the last one repeats
		want    digicert.Response
	}{
		{"success", []int{200}, digicert.Response{StatusCode: 200, Attempts: 1}},
		{"success after failures", []int{503, 0, 200}, digicert.Response{StatusCode: 200, Attempts: 3}},
		{"failure", []int{404}, digicert.Response{StatusCode: 404, Attempts: 1}},
		{"no response at all", []int{0}, digicert.Response{Attempts: 5}},
		{"no response at last", []int{503, 0}, digicert.Response{StatusCode: 503, Attempts: 5}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := &script{answer: func(n int, r *http.Request) (*http.Response, error) {
					status := test.answers[min(n, len(test.answers)-1)]
					if status == 0 {
						return nil, errors.New("connection reset")
					}
					resp := answerJSON(r, status, `{}`)
					resp.Header.Set("Date", "Mon, 06 Jul 2020 10:00:00 GMT")
					resp.Header.Set("X-Trace", "7")
					return resp, nil
				}}
				got := digicert.Response{StatusCode: 999} // of an earlier call
				_ = poll(digicert.CaptureResponse(t.Context(), &got), s.run(t))
				if test.want.StatusCode != 0 {
					require.Equal(t, "7", got.Header.Get("X-Trace"))
					require.Equal(t, utc(2020, time.July, 6, 10, 0, 0), got.Date)
				}
				got.Header, got.Date = nil, time.Time{}
				require.Equal(t, test.want, got)
			})
		})
	}
}
