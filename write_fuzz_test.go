package digicert_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// FuzzWriteAnswer checks that whatever the answer to a write is, the write is sent once (unless the service says that it did not take
// it), and that its result is an id or an error that shows nothing.
func FuzzWriteAnswer(f *testing.F) {
	for _, body := range []string{
		``, `{}`, `[]`, `null`, `{"id":123}`, `{"id":"123","requests":[{"id":"5","status":"pending"}],"certificate_id":null}`, `{"id":124}`, `{"id":-1}`,
		`{"id":123,"certificate_chain":[{"subject_common_name":"x","pem":"y"}],"domains":[{"id":1,"dns_name":"a","dcv_token":{"token":"t"}}]}`,
		`{"id":5,"date":"2026-10-22T14:04:27+00:00","type":"revoke","status":"submitted","requester":{"id":1},"comments":"c"}`,
		`{"dcv_random_value":"x","expiration_date":"soon"}`, `{"order_status":"issued","dcv_status":"valid","dns_name_validations":{}}`,
		`{"errors":[{"code":"invalid_dns_txt","message":"m"}]}`, `{"errors":[{"code":"request_already_processed"}]}`, `{"id":`, `<html>`,
	} {
		for _, status := range []int{200, 201, 204, 400, 409, 500} {
			f.Add(status, body)
		}
	}
	list, csr := writes(f)
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 || len(body) > 64<<10 {
			return
		}
		for _, w := range list {
			sent := 0
			transport := roundTripFunc(func(r *http.Request) (*http.Response, error) {
				if r.Method == http.MethodGet { // there is nothing yet
					return answerJSON(r, http.StatusNotFound, `{"errors":[{"code":"not_found|order"}]}`), nil
				}
				sent++
				response := answerJSON(r, status, body)
				if status == http.StatusNoContent {
					response.Body, response.ContentLength = io.NopCloser(strings.NewReader("")), 0
				}
				return response, nil
			})
			c, err := digicert.NewClient(testKey, digicert.WithHTTPClient(&http.Client{Transport: transport}),
				digicert.WithLimiter(digicert.Unlimited()), digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 2, MinDelay: 1, MaxDelay: 1, MaxRetryAfter: 1}))
			require.NoError(t, err)
			err = w.do(context.Background(), c)
			repeatable := status == http.StatusTooManyRequests || strings.HasSuffix(w.path, "/dcv-random-value")
			if sent > 1 && !repeatable {
				t.Errorf("%s: sent %d times after status %d", w.name, sent, status)
			}
			if err == nil {
				if status >= 300 && !strings.HasPrefix(w.name, "Orders.CheckDCV") && !strings.Contains(w.name, "Revoke") {
					t.Errorf("%s: status %d is a success", w.name, status)
				}
				continue
			}
			requireOneLine(t, err)
			without(t, err, csr)
			if status >= 500 && sent == 1 && !repeatable && !errors.Is(err, digicert.ErrOutcomeUnknown) {
				t.Errorf("%s: status %d leaves the outcome open, and the error does not say so: %v", w.name, status, err)
			}
		}
	})
}
