package digicerttest_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/stretchr/testify/require"
)

func TestOutsideTheBasePath(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	hc := &http.Client{Transport: s.Transport()}
	for _, path := range []string{"/", "/services", "/services/v1" + orderPath, "/services/v2x" + orderPath, orderPath} {
		got, err := send(t, hc, http.MethodGet, "http://localhost"+path, s.Key())
		require.NoError(t, err)
		requireError(t, got, http.StatusNotFound, "not_found|route")
	}
	require.Equal(t, "/services/v2x"+orderPath, s.Requests()[3].Path)
}

// TestConcurrentUse does everything concurrently, for the race detector. Every answer must still be complete.
func TestConcurrentUse(t *testing.T) {
	t.Parallel()
	const rounds = 40
	seed := randomSeed(t)
	s := digicerttest.NewServer(t, digicerttest.WithOrders(seed, 100), digicerttest.WithRateLimits(digicert.Window{Requests: 1 << 20, Per: time.Hour}))
	memory := &http.Client{Transport: s.Transport()}
	var nextID atomic.Int64
	nextID.Store(100_000_000)
	work := []func(r *rand.Rand) error{
		func(r *rand.Rand) error {
			_ = s.AddOrder(digicert.SubaccountOrder{ // unless drift has taken the id
				ID:         digicert.OrderID(nextID.Add(1)),
				Subaccount: digicert.Subaccount{AccountID: digicert.AccountID(1 + r.IntN(5))},
			})
			return nil
		},
		func(r *rand.Rand) error {
			_ = s.SetStatus(digicert.OrderID(100_000_000+r.IntN(500)), "issued")
			return nil
		},
		func(r *rand.Rand) error { _ = s.RemoveOrder(digicert.OrderID(100_000_000 + r.IntN(500))); return nil },
		func(r *rand.Rand) error {
			_ = s.AddReissue(digicert.OrderID(100_000_000+r.IntN(500)), digicert.Reissue{})
			return nil
		},
		func(r *rand.Rand) error { _, _ = s.Order(digicert.OrderID(100_000_000 + r.IntN(500))); return nil },
		func(r *rand.Rand) error { _ = s.Reissues(digicert.OrderID(100_000_000 + r.IntN(500))); return nil },
		func(*rand.Rand) error { s.SetClock(time.Now); return nil },
		func(*rand.Rand) error { s.OnRequest(func(*http.Request) { s.Orders() }); return nil },
		func(r *rand.Rand) error { return s.Drift(r.Uint64(), 0.5, 0.1) },
		func(*rand.Rand) error { return s.Inject(digicerttest.NumbersAsStrings().Times(1)) },
		func(*rand.Rand) error { _ = s.Requests(); _ = s.Stats(); return nil },
		func(r *rand.Rand) error {
			key := fmt.Sprint("key-", r.Uint64())
			if err := s.AddKey(key, digicerttest.ViewOnly()); err != nil {
				return err
			}
			return s.RemoveKey(key)
		},
		func(r *rand.Rand) error { return s.Generate(r.Uint64(), 3) },
	}
	get := func(hc *http.Client, path string) error {
		got, err := send(t, hc, http.MethodGet, s.URL()+path, s.Key())
		if err == nil && got.status != http.StatusOK && got.status != http.StatusNotFound {
			err = fmt.Errorf("%s: %d %s", path, got.status, got.body)
		}
		if err == nil {
			decoded(t, got.body)
		}
		return err
	}
	for _, hc := range []*http.Client{memory, http.DefaultClient} {
		for _, path := range []string{
			orderPath, orderPath + "?limit=10&offset=90", orderPath + query("filters[status]", "issued", "sort", "-date_created"),
			orderPath + query("sort", "common_name"), changesPath + "?minutes=60", "/order/certificate/100000003/reissue",
		} {
			work = append(work, func(*rand.Rand) error { return get(hc, path) })
		}
	}
	var wg sync.WaitGroup
	errs := make(chan error, len(work))
	for i, do := range work {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		wg.Go(func() {
			for range rounds {
				if err := do(r); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, 12*rounds, s.Stats().Requests)
}
