package inventory_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/go-digicert/digicert/inventory"
)

// syncAll syncs, and requires that it is complete.
func syncAll(t testing.TB, inv *inventory.Inventory, s *digicerttest.Server, params *inventory.SyncParams) *inventory.Summary {
	t.Helper()
	summary, err := inv.Sync(t.Context(), unlimited(s), params)
	require.NoError(t, err)
	return summary
}

// inBubble runs a test in simulated time, on each database: with a server and an empty inventory.
func inBubble(t *testing.T, test func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory)) {
	t.Helper()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		dsn := newDSN(t)
		synctest.Test(t, func(t *testing.T) {
			s, err := digicerttest.New(digicerttest.WithoutSamples(), digicerttest.WithClock(time.Now))
			require.NoError(t, err)
			test(t, s, open(t, dsn))
		})
	})
}

// addOrders adds issued orders: those with even ids to the account, the others to subaccount 7.
func addOrders(t testing.TB, s *digicerttest.Server, from, n int) {
	t.Helper()
	for id := from; id < from+n; id++ {
		o := digicert.SubaccountOrder{ID: digicert.OrderID(id), Status: "issued"}
		if id%2 == 1 {
			o.Subaccount = digicert.Subaccount{AccountID: 7, OrganizationName: "Seven"}
		}
		require.NoError(t, s.AddOrder(o))
	}
}

func TestSyncListsEverythingOnceAndThenWhatChanged(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
		addOrders(t, s, 1, 20)
		time.Sleep(time.Hour)
		first := syncAll(t, inv, s, nil)
		require.Equal(t, &inventory.Summary{Full: true, Listed: 20, Added: 20}, first)
		requireEqual(t, s, inv)
		require.Empty(t, collect(t, inv.Changes(t.Context(), time.Time{})))
		indexes := "SELECT name FROM sqlite_schema WHERE type = 'index'"
		if inv.IsPostgres() {
			indexes = "SELECT indexname FROM pg_indexes WHERE schemaname = current_schema()"
		}
		require.Subset(t, query[string](t, inv, indexes), []string{
			"orders_subaccount", "orders_removed", "certificates_order", "certificates_valid_till", "certificates_serial_number", "names_name",
		})

		time.Sleep(time.Hour)
		s.ResetRequests()
		require.Equal(t, 0, syncAll(t, inv, s, nil).Changes)
		require.LessOrEqual(t, len(s.Requests()), 8, "a quiet sync")

		time.Sleep(time.Hour)
		require.NoError(t, s.SetStatus(3, "revoked"))
		require.NoError(t, s.SetStatus(4, "issued"))
		addOrders(t, s, 21, 2)
		began := time.Now()
		s.ResetRequests()
		summary := syncAll(t, inv, s, nil)
		require.False(t, summary.Full)
		require.Equal(t, []int{4, 4, 2, 4}, []int{summary.Reported, summary.Changes, summary.Added, summary.Read})
		require.LessOrEqual(t, len(s.Requests()), 4+8)
		requireEqual(t, s, inv)
		want := []inventory.Change{
			{OrderID: 3, Kind: inventory.ChangeStatus, From: "issued", To: "revoked"},
			{OrderID: 4, Kind: inventory.ChangeSame, From: "issued", To: "issued"},
			{OrderID: 21, Kind: inventory.ChangeAdded, To: "issued"},
			{OrderID: 22, Kind: inventory.ChangeAdded, To: "issued"},
		}
		got := make(map[digicert.OrderID]inventory.Change)
		for c, err := range inv.Changes(t.Context(), began) {
			require.NoError(t, err)
			got[c.OrderID] = c
		}
		require.Len(t, got, len(want))
		for _, w := range want {
			c := got[w.OrderID]
			require.Equal(t, w, inventory.Change{OrderID: c.OrderID, Kind: c.Kind, From: c.From, To: c.To})
			require.True(t, c.Reported)
			require.Equal(t, began.UTC().Truncate(time.Second), c.SeenAt)
			require.Equal(t, w.OrderID%2 == 1, c.Subaccount.OrganizationName == "Seven", c)
			require.NotEmpty(t, c.CommonName)
		}
		require.Empty(t, collect(t, inv.Changes(t.Context(), began.Add(time.Second))))
	})
}

func TestSyncFindsWhatIsNotReported(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
		addOrders(t, s, 1, 10)
		time.Sleep(100 * 24 * time.Hour) // what was created lately is listed by every sync
		syncAll(t, inv, s, nil)
		time.Sleep(time.Hour)
		require.NoError(t, s.RemoveOrder(5))
		require.NoError(t, s.SetStatusAt(6, "revoked", time.Now().Add(-30*24*time.Hour)), "no poll asks for that time")
		require.False(t, syncAll(t, inv, s, nil).Full)
		require.Empty(t, query[int](t, inv, "SELECT 1 FROM changes WHERE order_id IN (5, 6)"))

		time.Sleep(24 * time.Hour)
		summary := syncAll(t, inv, s, nil)
		require.True(t, summary.Full)
		require.Equal(t, 1, summary.Removed)
		requireEqual(t, s, inv)
		changes := collect(t, inv.Changes(t.Context(), time.Time{}))
		changes = changes[len(changes)-2:]
		require.Equal(t, []any{digicert.OrderID(6), inventory.ChangeStatus, digicert.OrderStatus("revoked"), false}, []any{changes[0].OrderID, changes[0].Kind, changes[0].To, changes[0].Reported})
		require.Equal(t, []any{digicert.OrderID(5), inventory.ChangeRemoved, digicert.OrderStatus(""), false}, []any{changes[1].OrderID, changes[1].Kind, changes[1].To, changes[1].Reported})
		require.Len(t, collect(t, inv.Certificates(t.Context(), inventory.Filter{})), 9)
		require.Len(t, collect(t, inv.Certificates(t.Context(), inventory.Filter{Removed: true})), 10)

		time.Sleep(time.Hour)
		addOrders(t, s, 5, 1)
		syncAll(t, inv, s, nil)
		requireEqual(t, s, inv)
		changes = collect(t, inv.Changes(t.Context(), time.Time{}))
		require.Equal(t, inventory.ChangeRestored, changes[len(changes)-1].Kind)
		time.Sleep(time.Hour)
		require.True(t, syncAll(t, inv, s, &inventory.SyncParams{FullEvery: time.Minute}).Full)
	})
}

// onRequest calls f before each request of a client.
type onRequest struct {
	*digicerttest.Server
	f func(*http.Request) error
}

func (o onRequest) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := o.f(r); err != nil {
		return nil, err
	}
	return o.Transport().RoundTrip(r)
}

// withKey is a client with another key.
func withKey(t testing.TB, s *digicerttest.Server, key string) *digicert.Client {
	t.Helper()
	c, err := digicert.NewClient(key, digicert.WithBaseURL(s.URL()), digicert.WithHTTPClient(&http.Client{Transport: s.Transport()}), digicert.WithLimiter(digicert.Unlimited()))
	require.NoError(t, err)
	return c
}

func clientOf(s *digicerttest.Server, f func(*http.Request) error) *digicert.Client {
	return unlimited(s, digicert.WithHTTPClient(&http.Client{Transport: onRequest{s, f}}), digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 1}))
}

func TestSyncTakesWhatChangesWhileItLists(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
		addOrders(t, s, 1, 10)
		time.Sleep(time.Hour)
		once := true
		c := clientOf(s, func(r *http.Request) error {
			if strings.HasSuffix(r.URL.Path, "/order/certificate") && once { // the orders of subaccounts are listed already
				once = false
				return s.SetStatus(3, "revoked")
			}
			return nil
		})
		_, err := inv.Sync(t.Context(), c, nil)
		require.NoError(t, err)
		requireEqual(t, s, inv)
		changes := collect(t, inv.Changes(t.Context(), time.Time{}))
		require.Len(t, changes, 1)
		require.Equal(t, digicert.OrderStatus("revoked"), changes[0].To)
	})
}

func TestSyncResumesAListing(t *testing.T) {
	t.Parallel()
	const orders, rows = 400, 10
	for name, test := range map[string]struct {
		away   time.Duration
		params inventory.SyncParams
		remove int // orders at the start of the list
		again  bool
	}{
		"soon":                        {time.Minute, inventory.SyncParams{}, 0, false},
		"some rows are gone":          {time.Minute, inventory.SyncParams{}, 4, false},
		"more rows are gone":          {time.Minute, inventory.SyncParams{}, 40, true},
		"later":                       {2 * time.Hour, inventory.SyncParams{}, 0, true},
		"a full listing is asked for": {time.Minute, inventory.SyncParams{Full: true}, 0, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
				addOrders(t, s, 1, orders)
				time.Sleep(time.Hour)
				inv.SetBatches(rows, 10, 10)
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				_, err := inv.Sync(ctx, unlimited(s), &inventory.SyncParams{Progress: func(p inventory.Progress) {
					if p.Stage == inventory.StageSubaccountOrders && p.Done == orders/4 {
						cancel()
					}
				}})
				require.ErrorIs(t, err, context.Canceled)
				require.Equal(t, []int{orders / 4}, query[int](t, inv, "SELECT count(*) FROM orders"))
				require.Equal(t, []*string{nil}, query[*string](t, inv, "SELECT listed_at FROM sync_state"))

				time.Sleep(test.away)
				for id := range test.remove {
					require.NoError(t, s.RemoveOrder(digicert.OrderID(1+2*id)))
				}
				stages := make(map[inventory.Stage]int)
				params := test.params
				params.Progress = func(p inventory.Progress) {
					if stages[p.Stage] == 0 {
						stages[p.Stage] = p.Done
					}
				}
				syncAll(t, inv, s, &params)
				if test.again {
					require.Equal(t, rows, stages[inventory.StageSubaccountOrders], "the first batch of the list")
					requireEqual(t, s, inv)
				} else {
					require.Equal(t, orders/4, stages[inventory.StageSubaccountOrders], "the batch before the interruption")
				}
				syncAll(t, inv, s, &inventory.SyncParams{Full: true})
				requireEqual(t, s, inv)
			})
		})
	}
}

func TestSyncIsAlone(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		s := digicerttest.NewServer(t)
		dsn := newDSN(t)
		inv, other := open(t, dsn), open(t, dsn)
		tried := 0
		syncAll(t, inv, s, &inventory.SyncParams{Progress: func(inventory.Progress) {
			if tried++; tried > 1 {
				return // on PostgreSQL each waits for a moment
			}
			for _, busy := range []*inventory.Inventory{inv, other} {
				summary, err := busy.Sync(t.Context(), s.Client(), nil)
				require.ErrorIs(t, err, inventory.ErrBusy)
				require.Equal(t, &inventory.Summary{}, summary)
			}
		}})
		require.Positive(t, tried)
		syncAll(t, other, s, nil)
	})
}

// alter writes into a database, as no program should.
func alter(t testing.TB, dsn, statement string) {
	t.Helper()
	driver := "sqlite"
	if strings.HasPrefix(dsn, "postgres") {
		driver = "pgx"
	}
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	_, err = db.Exec(statement)
	require.NoError(t, err)
	require.NoError(t, db.Close())
}

func TestSyncStopsWhereAnotherTookOver(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		s := digicerttest.NewServer(t)
		dsn := newDSN(t)
		inv := open(t, dsn)
		_, err := inv.Sync(t.Context(), s.Client(), &inventory.SyncParams{Progress: func(p inventory.Progress) {
			if p.Stage == inventory.StageChanges { // as where a file system knows no locks
				alter(t, dsn, "UPDATE sync_state SET holder = 'another'")
			}
		}})
		require.ErrorIs(t, err, inventory.ErrBusy)
		require.Equal(t, []int{0}, query[int](t, inv, "SELECT count(*) FROM orders WHERE source <> 'unknown'"))
		syncAll(t, inv, s, nil)
	})
}

func TestSyncWithoutSubaccounts(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
		addOrders(t, s, 1, 10)
		time.Sleep(time.Hour)
		syncAll(t, inv, s, nil)
		require.NoError(t, s.AddKey("less", digicerttest.NoSubaccounts()))
		time.Sleep(time.Hour)
		require.NoError(t, s.RemoveOrder(1))
		require.NoError(t, s.RemoveOrder(2))
		summary, err := inv.Sync(t.Context(), withKey(t, s, "less"), &inventory.SyncParams{Full: true})
		require.NoError(t, err)
		require.True(t, summary.NoSubaccounts)
		require.Equal(t, 1, summary.Removed)
		require.Equal(t, []digicert.OrderID{2}, query[digicert.OrderID](t, inv, "SELECT id FROM orders WHERE removed_at IS NOT NULL"))
	})
}

// TestSyncWithoutSubaccountsResumes interrupts a listing behind the part that the key had no permission for.
func TestSyncWithoutSubaccountsResumes(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
		addOrders(t, s, 1, 40)
		time.Sleep(time.Hour)
		syncAll(t, inv, s, nil)
		require.NoError(t, s.AddKey("less", digicerttest.NoSubaccounts()))
		inv.SetBatches(5, 5, 5)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		_, err := inv.Sync(ctx, withKey(t, s, "less"), &inventory.SyncParams{Full: true, Progress: func(p inventory.Progress) {
			if p.Stage == inventory.StageOrders {
				cancel()
			}
		}})
		require.ErrorIs(t, err, context.Canceled)
		summary, err := inv.Sync(t.Context(), withKey(t, s, "less"), nil)
		for errors.Is(err, inventory.ErrBusy) { // simulated time does not wait for the server to notice that a connection has ended
			summary, err = inv.Sync(t.Context(), withKey(t, s, "less"), nil)
		}
		require.NoError(t, err)
		require.True(t, summary.Full)
		require.True(t, summary.NoSubaccounts)
		require.Zero(t, summary.Removed)
		requireEqual(t, s, inv)
		require.False(t, syncAll(t, inv, s, &inventory.SyncParams{Full: true}).NoSubaccounts)
	})
}

func TestSyncGoesOnBehindWhatItCannotRead(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func() (*http.Response, error){
		"refused": func() (*http.Response, error) {
			return answerOf(http.StatusBadRequest, `{"errors":[{"code":"odd","message":"Odd."}]}`), nil
		},
		"unreadable":    func() (*http.Response, error) { return answerOf(http.StatusOK, `{"id":`), nil },
		"another order": func() (*http.Response, error) { return answerOf(http.StatusOK, `{"id":12345}`), nil },
		"not permitted": func() (*http.Response, error) {
			return answerOf(http.StatusForbidden, `{"errors":[{"code":"access_denied|missing_permission"}]}`), nil
		},
		"forbidden": func() (*http.Response, error) {
			return answerOf(http.StatusForbidden, `{"errors":[{"code":"odd","message":"Odd."}]}`), nil
		},
		"fails":          func() (*http.Response, error) { return answerOf(http.StatusInternalServerError, ``), nil },
		"bad gateway":    func() (*http.Response, error) { return answerOf(http.StatusBadGateway, ``), nil },
		"down":           func() (*http.Response, error) { return nil, errors.New("no route to host") },
		"out of service": func() (*http.Response, error) { return answerOf(http.StatusServiceUnavailable, ``), nil },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
				revoked(t, s, inv, 10)
				c := unlimited(s, digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 1}), digicert.WithHTTPClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
					if strings.HasSuffix(r.URL.Path, "/order/certificate/4") {
						return answer()
					}
					return s.Transport().RoundTrip(r)
				})}))
				var failures []error
				summary, err := inv.Sync(t.Context(), c, &inventory.SyncParams{OnError: func(err error) { failures = append(failures, err) }, Concurrency: 2})
				if name == "down" || name == "out of service" {
					require.Error(t, err)
					require.Empty(t, failures)
				} else {
					require.NoError(t, err)
					require.Len(t, failures, 1)
					require.Equal(t, []int{1, 9}, []int{summary.Unread, summary.Read})
				}
				require.Contains(t, query[digicert.OrderID](t, inv, "SELECT order_id FROM pending"), digicert.OrderID(4))
				require.Equal(t, 10, len(query[int](t, inv, "SELECT 1 FROM orders WHERE status = 'revoked'")), "that much the status changes say")
				syncAll(t, inv, s, nil)
				requireEqual(t, s, inv)
				require.Len(t, collect(t, inv.Changes(t.Context(), time.Time{})), 10)
			})
		})
	}
}

// settled has a number of orders, a first sync of them an hour later, and another hour in which nothing happens.
func settled(t testing.TB, s *digicerttest.Server, inv *inventory.Inventory, orders int) {
	t.Helper()
	addOrders(t, s, 1, orders)
	time.Sleep(time.Hour)
	syncAll(t, inv, s, nil)
	time.Sleep(time.Hour)
}

// revoked adds orders, syncs, and revokes them all.
func revoked(t testing.TB, s *digicerttest.Server, inv *inventory.Inventory, orders int) {
	t.Helper()
	settled(t, s, inv, orders)
	for id := range digicert.OrderID(orders) {
		require.NoError(t, s.SetStatus(id+1, "revoked"))
	}
}

// failing returns a client whose requests for some paths are answered with a status. n counts these requests.
func failing(s *digicerttest.Server, status int, fails func(path string) bool) (c *digicert.Client, n *atomic.Int64) {
	n = new(atomic.Int64)
	return unlimited(s, digicert.WithRetry(digicert.RetryPolicy{MaxAttempts: 1}), digicert.WithHTTPClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
		if fails(r.URL.Path) {
			n.Add(1)
			return answerOf(status, `{"errors":[{"code":"odd","message":"Odd."}]}`), nil
		}
		return s.Transport().RoundTrip(r)
	})})), n
}

// TestSyncReadsAgainEverMoreRarely syncs for days, with an order that cannot be read.
func TestSyncReadsAgainEverMoreRarely(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
		settled(t, s, inv, 10)
		require.NoError(t, s.SetStatus(4, "revoked"))
		c, n := failing(s, http.StatusInternalServerError, func(path string) bool { return strings.HasSuffix(path, "/order/certificate/4") })
		syncFor := func(d, every time.Duration, params inventory.SyncParams) int {
			before := n.Load()
			for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(every) {
				_, err := inv.Sync(t.Context(), c, &params)
				require.NoError(t, err)
			}
			return int(n.Load() - before)
		}
		rarely := inventory.SyncParams{FullEvery: 1000 * time.Hour}
		require.Equal(t, 4, syncFor(time.Minute, 15*time.Second, rarely), "within a minute")
		require.Equal(t, 3, syncFor(10*time.Minute, 2*time.Minute, rarely), "after 1, 3 and 7 minutes")
		require.Equal(t, 7, syncFor(24*time.Hour, 5*time.Minute, rarely), "after twice as long")
		require.Equal(t, 4, syncFor(5*24*time.Hour, 6*time.Hour, rarely), "every day")
		require.Equal(t, 1, syncFor(time.Minute, time.Minute, inventory.SyncParams{Full: true}), "after each full listing")
		require.NoError(t, s.SetStatus(4, "issued"))
		require.Equal(t, 1, syncFor(time.Minute, time.Minute, rarely), "once it changes again")
		require.Len(t, query[int](t, inv, "SELECT 1 FROM pending"), 1)
		syncAll(t, inv, s, &inventory.SyncParams{Full: true})
		requireEqual(t, s, inv)
	})
}

// TestSyncEndsWhereManyOrdersFail has 25 orders in a row that cannot be read: no sync asks for all of them in vain, and in the end the
// others are read, and syncs are complete.
func TestSyncEndsWhereManyOrdersFail(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusInternalServerError, http.StatusForbidden} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			syncWhereManyOrdersFail(t, status)
		})
	}
}

func syncWhereManyOrdersFail(t *testing.T, status int) {
	t.Helper()
	inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
		revoked(t, s, inv, 40)
		c, n := failing(s, status, func(path string) bool {
			id, err := strconv.Atoi(path[strings.LastIndex(path, "/")+1:])
			return err == nil && id <= 25
		})
		unread := int64(0)
		for round, want := range []struct {
			fails    bool
			requests int64
		}{{true, 10}, {true, 10 + 20}, {false, 30 + 25}} {
			summary, err := inv.Sync(t.Context(), c, &inventory.SyncParams{Concurrency: 1})
			require.Equal(t, want.fails, err != nil, "%d: %v", round, err)
			require.Equal(t, want.requests, n.Load())
			require.Equal(t, want.requests, int64(summary.Unread)+unread)
			unread = want.requests
			time.Sleep(time.Minute)
		}
		require.Len(t, query[int](t, inv, "SELECT 1 FROM pending"), 25)
		time.Sleep(time.Hour)
		syncAll(t, inv, s, nil)
		requireEqual(t, s, inv)
	})
}

// TestSyncGoesOnWhereOrdersFailHereAndThere has 25 orders that cannot be read, each after one that can.
func TestSyncGoesOnWhereOrdersFailHereAndThere(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
		revoked(t, s, inv, 50)
		c, _ := failing(s, http.StatusInternalServerError, func(path string) bool {
			id, err := strconv.Atoi(path[strings.LastIndex(path, "/")+1:])
			return err == nil && id%2 == 0
		})
		summary, err := inv.Sync(t.Context(), c, &inventory.SyncParams{Concurrency: 1})
		require.NoError(t, err)
		require.Equal(t, []int{25, 25}, []int{summary.Read, summary.Unread})
	})
}

// TestSyncBelievesTheList has an order that is listed, and whose order info is not found.
func TestSyncBelievesTheList(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
		settled(t, s, inv, 10)
		require.NoError(t, s.SetStatus(4, "revoked"))
		require.NoError(t, s.AddReissue(4, digicert.Reissue{}))
		c, n := failing(s, http.StatusNotFound, func(path string) bool { return strings.HasSuffix(path, "/4") })
		for round := range 5 {
			summary, err := inv.Sync(t.Context(), c, &inventory.SyncParams{Reissues: true})
			require.NoError(t, err)
			require.Equal(t, []int{0, 0}, []int{summary.Removed, summary.Unread})
			require.Equal(t, round == 0, summary.HistoriesRead == 1, "the list counts the reissues")
			time.Sleep(time.Hour)
		}
		require.LessOrEqual(t, n.Load(), int64(2), "in both ways, once")
		require.Len(t, collect(t, inv.Changes(t.Context(), time.Time{})), 1)
		requireEqual(t, s, inv)
		require.NoError(t, s.RemoveOrder(4))
		_, err := inv.Sync(t.Context(), c, &inventory.SyncParams{Full: true})
		require.NoError(t, err)
		requireEqual(t, s, inv)
	})
}

// TestSyncKeepsWhatListsDoNotHave reads orders one by one, with their reissues and duplicates, and then lists them: nothing is lost.
func TestSyncKeepsWhatListsDoNotHave(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		s := digicerttest.NewServer(t, digicerttest.WithOrders(3, 300)) // with its samples
		inv := open(t, newDSN(t))
		syncAll(t, inv, s, nil)
		for _, id := range query[digicert.OrderID](t, inv, "SELECT id FROM orders WHERE status = 'issued' ORDER BY id") {
			require.NoError(t, s.SetStatus(id, "issued"))
		}
		info := regexp.MustCompile(`/v2/order/certificate/[0-9]+$`)
		c := unlimited(s, digicert.WithHTTPClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			resp, err := s.Transport().RoundTrip(r)
			if err != nil || resp.StatusCode != http.StatusOK || !info.MatchString(r.URL.Path) {
				return resp, err
			}
			body, err := io.ReadAll(resp.Body)
			if err != nil {
				return nil, err
			}
			return answerOf(http.StatusOK, `{"currency":"EUR",`+strings.TrimPrefix(string(body), "{")), nil // which the fake does not send
		})}))
		_, err := inv.Sync(t.Context(), c, &inventory.SyncParams{Reissues: true})
		require.NoError(t, err)
		for _, column := range []string{"date_issued", "currency", "read_at", "auto_renew", "container_id", "reissues_read"} {
			require.NotZero(t, query[int](t, inv, "SELECT count("+column+") FROM orders WHERE source = 'own'")[0], column)
		}
		for _, column := range []string{"order_valid_till", "organization_id", "is_multi_year_plan", "read_at"} {
			require.NotZero(t, query[int](t, inv, "SELECT count("+column+") FROM orders WHERE source = 'subaccount'")[0], column)
		}
		for _, column := range []string{"thumbprint", "key_size", "ca_name", "status"} {
			require.NotZero(t, query[int](t, inv, "SELECT count("+column+") FROM certificates")[0], column)
		}
		stored := func() (tables [][][]any) {
			for _, table := range []string{"orders", "certificates", "names", "subaccounts"} {
				_, rows, err := queried(t.Context(), inv, "SELECT * FROM "+table+" ORDER BY 1, 2")
				require.NoError(t, err)
				tables = append(tables, rows)
			}
			return tables
		}
		before := stored()
		require.Zero(t, syncAll(t, inv, s, &inventory.SyncParams{Full: true}).Read)
		require.Equal(t, before, stored())
		require.Zero(t, syncAll(t, inv, s, &inventory.SyncParams{Full: true, Reissues: true}).Read)
		require.Equal(t, before, stored())
	})
}

// expiringOrders adds orders 11 to 15 of subaccount 7, whose certificates expire in 10, 20, … days, and others that expire in 10 days: order 10
// of the account, and order 16 of the subaccount, which is revoked.
func expiringOrders(t testing.TB, s *digicerttest.Server) {
	t.Helper()
	for id := digicert.OrderID(10); id <= 16; id++ {
		o := digicert.SubaccountOrder{ID: id, Status: "issued", Subaccount: digicert.Subaccount{AccountID: 7, OrganizationName: "Seven"}}
		days := 10
		switch id {
		case 10:
			o.Subaccount = digicert.Subaccount{}
		case 16:
			o.Status = "revoked"
		default:
			days = 10 * int(id-10)
		}
		o.Certificate.CommonName = fmt.Sprintf("n%d.example.com", id)
		o.Certificate.ValidTill = digicert.DateOf(time.Now().UTC()).AddDays(days)
		require.NoError(t, s.AddOrder(o))
	}
}

// TestSyncDetailsWithin checks that order info is read for certificates that come into the time, and once.
func TestSyncDetailsWithin(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
		inv.SetBatches(3, 3, 1)
		expiringOrders(t, s)
		time.Sleep(24 * time.Hour) // a poll after more than a week reaches back for hours
		params := &inventory.SyncParams{DetailsWithin: 25 * 24 * time.Hour}
		lastDays := func() []digicert.OrderID {
			return query[digicert.OrderID](t, inv, "SELECT id FROM orders WHERE source = 'subaccount' AND order_valid_till IS NOT NULL ORDER BY id")
		}
		require.Zero(t, syncAll(t, inv, s, nil).Read)
		require.Empty(t, lastDays())
		var progress []inventory.Progress
		params.Progress = func(p inventory.Progress) {
			if p.Stage == inventory.StageDetails {
				progress = append(progress, p)
			}
		}
		require.Equal(t, 2, syncAll(t, inv, s, params).Read)
		require.Equal(t, []digicert.OrderID{11, 12}, lastDays())
		require.Equal(t, []inventory.Progress{{Stage: inventory.StageDetails, Done: 1, Total: 2}, {Stage: inventory.StageDetails, Done: 2, Total: 2}}, progress)
		require.Zero(t, syncAll(t, inv, s, params).Read)
		require.Zero(t, syncAll(t, inv, s, &inventory.SyncParams{DetailsWithin: params.DetailsWithin, Full: true}).Read)
		time.Sleep(10 * 24 * time.Hour)
		require.Equal(t, 1, syncAll(t, inv, s, params).Read, "it comes into the time")
		require.Equal(t, []digicert.OrderID{11, 12, 13}, lastDays())
		require.NoError(t, s.SetStatus(14, "revoked"))
		time.Sleep(24 * time.Hour)
		syncAll(t, inv, s, nil)
		time.Sleep(20 * 24 * time.Hour)
		require.Equal(t, 1, syncAll(t, inv, s, params).Read, "14 is not in use")
		require.Empty(t, collect(t, inv.Changes(t.Context(), time.Now().Add(-time.Hour))))
		requireEqual(t, s, inv)
	})
}

// TestSyncDetailsWithinFails has order info that cannot be read, or is not found.
func TestSyncDetailsWithinFails(t *testing.T) {
	t.Parallel()
	for status, unread := range map[int]int{http.StatusBadRequest: 1, http.StatusInternalServerError: 1, http.StatusNotFound: 0} {
		t.Run(strconv.Itoa(status), func(t *testing.T) {
			t.Parallel()
			inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
				expiringOrders(t, s)
				time.Sleep(time.Hour)
				c, n := failing(s, status, func(path string) bool { return strings.HasSuffix(path, "/12") })
				params := &inventory.SyncParams{DetailsWithin: 35 * 24 * time.Hour, FullEvery: 1000 * time.Hour}
				for range 50 {
					before := n.Load()
					summary, err := inv.Sync(t.Context(), c, params)
					require.NoError(t, err)
					require.Zero(t, summary.Removed)
					if n.Load() > before {
						require.Equal(t, unread, summary.Unread)
					}
					time.Sleep(time.Hour)
				}
				require.LessOrEqual(t, n.Load(), int64(10))
				require.Equal(t, []digicert.OrderID{11, 13}, query[digicert.OrderID](t, inv, "SELECT id FROM orders WHERE source = 'subaccount' AND order_valid_till IS NOT NULL ORDER BY id"))
				syncAll(t, inv, s, &inventory.SyncParams{Full: true})
				requireEqual(t, s, inv)
			})
		})
	}
}

// TestSyncRemovesWhatIsNotFound has an order that changed, is not found, and is too old for the list of new orders.
func TestSyncRemovesWhatIsNotFound(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
		addOrders(t, s, 1, 10)
		time.Sleep(100 * 24 * time.Hour)
		syncAll(t, inv, s, nil)
		time.Sleep(time.Hour)
		require.NoError(t, s.SetStatus(4, "revoked"))
		c, _ := failing(s, http.StatusNotFound, func(path string) bool { return strings.HasSuffix(path, "/4") })
		summary, err := inv.Sync(t.Context(), c, nil)
		require.NoError(t, err)
		require.Equal(t, 1, summary.Removed)
		require.Equal(t, []digicert.OrderID{4}, query[digicert.OrderID](t, inv, "SELECT id FROM orders WHERE removed_at IS NOT NULL"))
		for range 3 { // it is listed after all
			_, err = inv.Sync(t.Context(), c, &inventory.SyncParams{Full: true})
			require.NoError(t, err)
			requireEqual(t, s, inv)
		}
		var kinds []inventory.ChangeKind
		for _, c := range collect(t, inv.Changes(t.Context(), time.Time{})) {
			kinds = append(kinds, c.Kind)
		}
		require.Equal(t, []inventory.ChangeKind{inventory.ChangeStatus, inventory.ChangeRemoved, inventory.ChangeRestored}, kinds)
	})
}

// TestSyncStoresOrdersWithoutTheirDuplicates has an order whose duplicates are refused.
func TestSyncStoresOrdersWithoutTheirDuplicates(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
		addOrders(t, s, 1, 10)
		require.NoError(t, s.AddReissue(4, digicert.Reissue{}))
		require.NoError(t, s.AddDuplicate(4, digicert.Duplicate{}))
		time.Sleep(time.Hour)
		c, n := failing(s, http.StatusBadRequest, func(path string) bool { return strings.HasSuffix(path, "/4/duplicate") })
		for round, want := range []int{0, 1, 1} {
			summary, err := inv.Sync(t.Context(), c, &inventory.SyncParams{Reissues: true})
			require.NoError(t, err)
			require.Equal(t, []int{1, want, 0}, []int{summary.Unread, summary.Read, summary.HistoriesRead}, round)
			require.Equal(t, int64(round+1), n.Load())
			time.Sleep(time.Hour)
		}
		require.Equal(t, []string{"reissue"}, query[string](t, inv, "SELECT kind FROM certificates WHERE order_id = 4 AND kind <> 'order'"))
		require.Equal(t, []bool{true}, query[bool](t, inv, "SELECT read_at IS NOT NULL FROM orders WHERE id = 4"))
		require.Equal(t, 1, syncAll(t, inv, s, &inventory.SyncParams{Reissues: true, Full: true}).HistoriesRead)
		require.Len(t, query[int](t, inv, "SELECT 1 FROM certificates WHERE order_id = 4"), 3)
		requireEqual(t, s, inv)
	})
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestSyncListsWhereThatTakesFewerRequests(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
		settled(t, s, inv, 3000)
		for id := range 2500 {
			require.NoError(t, s.SetStatus(digicert.OrderID(id+1), "revoked"))
		}
		s.ResetRequests()
		summary := syncAll(t, inv, s, nil)
		require.True(t, summary.Full)
		require.Equal(t, 2500, summary.Changes)
		require.Less(t, len(s.Requests()), 20)
		requireEqual(t, s, inv)
	})
}

func TestSyncFindsOutWhoseAnOrderIs(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
		settled(t, s, inv, 2)
		addOrders(t, s, 11, 40)
		// They were created long ago, as far as the lists say, and show up now.
		for id := 101; id <= 102; id++ {
			o := digicert.SubaccountOrder{ID: digicert.OrderID(id), Status: "issued", DateCreated: time.Now().Add(-400 * 24 * time.Hour)}
			if id == 101 {
				o.Subaccount.AccountID = 7
				o.Subaccount.OrganizationName = "Seven"
			}
			require.NoError(t, s.AddOrder(o))
			require.NoError(t, s.SetStatus(o.ID, "issued"))
		}
		s.ResetRequests()
		syncAll(t, inv, s, nil)
		require.LessOrEqual(t, len(s.Requests()), 42+1+8, "one for each, one more where the lists do not have it, and the lists")
		requireEqual(t, s, inv)
	})
}

// TestSyncFollowsOrdersThatMove has orders that move between the account and its subaccounts.
func TestSyncFollowsOrdersThatMove(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
		inv.SetBatches(3, 2, 3)
		addOrders(t, s, 1, 20)
		time.Sleep(time.Hour)
		syncAll(t, inv, s, nil)
		move := func(id digicert.OrderID, to digicert.Subaccount) {
			o, ok := s.Order(id)
			require.True(t, ok)
			require.NoError(t, s.RemoveOrder(id))
			o.Subaccount = to
			require.NoError(t, s.AddOrder(o))
		}
		eight := digicert.Subaccount{AccountID: 8, OrganizationName: "Eight"}
		move(3, eight)                 // from one subaccount to another
		move(5, digicert.Subaccount{}) // from a subaccount to the account
		move(6, eight)                 // from the account to a subaccount
		changes := len(collect(t, inv.Changes(t.Context(), time.Time{})))
		summary := syncAll(t, inv, s, &inventory.SyncParams{Full: true})
		require.Zero(t, summary.Removed)
		requireEqual(t, s, inv)
		require.Len(t, collect(t, inv.Changes(t.Context(), time.Time{})), changes+summary.Reported)
		require.Equal(t, []digicert.OrderID{3, 6}, query[digicert.OrderID](t, inv, "SELECT id FROM orders WHERE subaccount_id = 8 ORDER BY id"))

		move(5, eight)
		move(6, digicert.Subaccount{})
		time.Sleep(time.Hour)
		less := withKey(t, s, "less")
		require.NoError(t, s.AddKey("less", digicerttest.NoSubaccounts()))
		_, err := inv.Sync(t.Context(), less, &inventory.SyncParams{Full: true})
		require.NoError(t, err)
		require.Equal(t, []string{"subaccount"}, query[string](t, inv, "SELECT source FROM orders WHERE id = 6"), "the lists of subaccounts are not known")
		syncAll(t, inv, s, &inventory.SyncParams{Full: true})
		requireEqual(t, s, inv)
	})
}

// page answers a request for a list with the rows from its offset on.
func page(r *http.Request, rows ...string) *http.Response {
	offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
	return answerOf(http.StatusOK, fmt.Sprintf(`{"orders":[%s],"page":{"total":%d,"limit":1000,"offset":%d}}`, strings.Join(rows[min(offset, len(rows)):], ","), len(rows), offset))
}

// TestSyncOfBothLists has an order that both lists have: it is one of a subaccount.
func TestSyncOfBothLists(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
		c := unlimited(s, digicert.WithHTTPClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			switch {
			case strings.HasSuffix(r.URL.Path, "/account/subaccount/order"):
				return page(r, `{"id":1,"status":"issued","subaccount":{"account_id":7}}`, `{"id":3,"status":"issued","subaccount":{"account_id":0,"organization_name":"None"},"order_price":{"cost":5}}`), nil
			case strings.HasSuffix(r.URL.Path, "/order/certificate"):
				return page(r, `{"id":1,"status":"issued"}`, `{"id":2,"status":"issued","price":7}`), nil
			}
			return s.Transport().RoundTrip(r)
		})}))
		inv := open(t, newDSN(t))
		for round := range 4 {
			_, err := inv.Sync(t.Context(), c, &inventory.SyncParams{Full: round%2 == 0})
			require.NoError(t, err)
			require.Equal(t, []string{"subaccount 7", "own", "subaccount"}, query[string](t, inv, "SELECT source || coalesce(' ' || subaccount_id, '') FROM orders ORDER BY id"))
		}
		costs, err := inv.Costs(t.Context())
		require.NoError(t, err)
		require.Len(t, costs, 1)
		require.Empty(t, costs[0].Subaccount.OrganizationName, "the account itself, and what has no subaccount")
	})
}

func TestSyncReissues(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
		addOrders(t, s, 1, 4)
		for range 2 {
			require.NoError(t, s.AddReissue(2, digicert.Reissue{CommonName: "reissue.example.com", DNSNames: []string{"reissue.example.com"}}))
			require.NoError(t, s.AddReissue(3, digicert.Reissue{})) // of a subaccount: no list counts it
			require.NoError(t, s.AddDuplicate(4, digicert.Duplicate{}))
		}
		kinds := func() map[string]int {
			n := make(map[string]int)
			for _, kind := range query[string](t, inv, "SELECT kind FROM certificates") {
				n[kind]++
			}
			return n
		}
		time.Sleep(time.Hour)
		syncAll(t, inv, s, nil)
		require.Equal(t, map[string]int{"order": 4}, kinds(), "not asked for")
		params := &inventory.SyncParams{Reissues: true}
		require.Equal(t, 2, syncAll(t, inv, s, params).HistoriesRead)
		require.Equal(t, map[string]int{"order": 4, "reissue": 2, "duplicate": 2}, kinds())
		require.Len(t, collect(t, inv.Certificates(t.Context(), inventory.Filter{Name: "reissue.example.com"})), 2)
		require.Zero(t, syncAll(t, inv, s, params).HistoriesRead, "they were read")

		time.Sleep(time.Hour)
		require.NoError(t, s.AddReissue(2, digicert.Reissue{}))
		require.NoError(t, s.SetStatus(3, "issued"))
		params.Full = true
		require.Equal(t, 2, syncAll(t, inv, s, params).HistoriesRead)
		require.Equal(t, map[string]int{"order": 4, "reissue": 5, "duplicate": 2}, kinds())
	})
}

func TestSyncKnowsItsAccount(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
		addOrders(t, s, 1, 4)
		answer := `{"id":1234}`
		c := unlimited(s, digicert.WithHTTPClient(&http.Client{Transport: roundTripper(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "/v2/account") {
				status := http.StatusOK
				if strings.Contains(answer, "access_denied") {
					status = http.StatusForbidden
				}
				return answerOf(status, answer), nil
			}
			return s.Transport().RoundTrip(r)
		})}))
		denied := `{"errors":[{"code":"access_denied|missing_permission"}]}`
		for _, test := range []struct {
			answer string
			known  bool
		}{{denied, true}, {`{"id":1234}`, true}, {denied, true}, {`{"id":1235}`, false}, {`{"id":1234}`, true}, {`{}`, true}} {
			answer = test.answer
			_, err := inv.Sync(t.Context(), c, &inventory.SyncParams{Full: true})
			if test.known {
				require.NoError(t, err, answer)
				continue
			}
			require.ErrorIs(t, err, inventory.ErrOtherAccount)
			require.ErrorContains(t, err, "1234")
			require.ErrorContains(t, err, "1235")
		}
		requireEqual(t, s, inv)
	})
}

// TestSyncAsksForTheAccount has a service that refuses to say whose the key is, or fails to.
func TestSyncAsksForTheAccount(t *testing.T) {
	t.Parallel()
	inBubble(t, func(t *testing.T, s *digicerttest.Server, inv *inventory.Inventory) {
		addOrders(t, s, 1, 4)
		for status, fails := range map[int]bool{http.StatusBadRequest: false, http.StatusNotFound: false, http.StatusForbidden: true, http.StatusInternalServerError: true} {
			c, n := failing(s, status, func(path string) bool { return strings.HasSuffix(path, "/v2/account") })
			_, err := inv.Sync(t.Context(), c, nil)
			require.Equal(t, fails, err != nil, "%d: %v", status, err)
			require.Equal(t, int64(1), n.Load())
		}
	})
}

func TestSyncRefuses(t *testing.T) {
	t.Parallel()
	s := digicerttest.NewServer(t)
	inv := open(t, newSQLite(t))
	for param, params := range map[string]inventory.SyncParams{"FullEvery": {FullEvery: -1}, "Concurrency": {Concurrency: -1}, "DetailsWithin": {DetailsWithin: -1}} {
		_, err := inv.Sync(t.Context(), s.Client(), &params)
		require.ErrorContains(t, err, param)
	}
	_, err := inv.Sync(t.Context(), nil, nil)
	require.EqualError(t, err, "inventory: the client is nil")
	require.Zero(t, s.Stats().Requests)
	_, err = inv.Sync(t.Context(), withKey(t, s, "wrong"), nil)
	require.ErrorIs(t, err, digicert.ErrAccessDenied)
}

func TestSyncReportsProgress(t *testing.T) {
	t.Parallel()
	s := digicerttest.NewServer(t, digicerttest.WithoutSamples())
	addOrders(t, s, 1, 10)
	inv := open(t, newSQLite(t))
	inv.SetBatches(2, 2, 2)
	var got []string
	syncAll(t, inv, s, &inventory.SyncParams{Progress: func(p inventory.Progress) { got = append(got, fmt.Sprint(p.Stage, " ", p.Done)) }})
	require.Equal(t, []string{"changes 10", "subaccounts 1", "subaccount orders 2", "subaccount orders 4", "subaccount orders 5", "orders 2", "orders 4", "orders 5", "changes 0",
		"details 2", "details 4", "details 6", "details 8", "details 10"}, got)
}
