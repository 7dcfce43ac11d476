package digicert_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/stretchr/testify/require"
	"golang.org/x/time/rate"
)

func TestPaceWithARateLimiter(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &script{answer: statuses()}
		c := s.run(t, digicert.WithLimiter(digicert.PaceWith(rate.NewLimiter(rate.Every(time.Second), 2))))
		for range 4 {
			require.NoError(t, poll(t.Context(), c))
		}
		require.Equal(t, []time.Duration{0, 0, time.Second, 2 * time.Second}, s.sent)
	})
}

func TestPaceWith(t *testing.T) {
	t.Parallel()
	waits := 0
	broken := errors.New("burst exceeded")
	hc := &http.Client{Transport: roundTripFunc(func(r *http.Request) (*http.Response, error) {
		return answerJSON(r, http.StatusOK, `{}`), nil
	})}
	c, err := digicert.NewClient("key", digicert.WithHTTPClient(hc), digicert.WithLimiter(digicert.PaceWith(waitFunc(func(context.Context) error {
		if waits++; waits == 3 {
			return broken
		}
		return nil
	}))))
	require.NoError(t, err)
	for range 2 {
		_, err = c.StatusChanges.List(t.Context(), digicert.Last(time.Minute))
		require.NoError(t, err)
	}
	_, err = c.StatusChanges.List(t.Context(), digicert.Last(time.Minute))
	require.ErrorIs(t, err, broken)
	require.Equal(t, 3, waits, "a limiter's error is not retried")

	_, err = digicert.NewClient("key", digicert.WithLimiter(digicert.PaceWith(nil)))
	require.Error(t, err)
}

func ExamplePaceWith() {
	// At most two requests a second, evenly spaced, in place of the service's rolling windows.
	limiter := digicert.PaceWith(rate.NewLimiter(2, 1))
	client, err := digicert.NewClient("key", digicert.WithLimiter(limiter))
	fmt.Println(client, err)
	// Output: digicert.Client(https://www.digicert.com/services/v2) <nil>
}
