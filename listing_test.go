package digicert_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/stretchr/testify/require"
)

// randomSeed is different in each run, unless DIGICERT_TEST_SEED repeats one that has failed.
func randomSeed(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("DIGICERT_TEST_SEED"); s != "" {
		var err error
		seed, err = strconv.ParseUint(s, 10, 64)
		require.NoError(t, err)
	}
	t.Logf("DIGICERT_TEST_SEED=%d", seed)
	return seed
}

// movingList is a service whose orders come and go between any two pages. It keeps which orders were there all the
// time.
type movingList struct {
	*digicerttest.Server
	mu      sync.Mutex
	rng     *rand.Rand
	present []digicert.OrderID // now
	always  map[digicert.OrderID]bool
	moves   int // how many moves are left
	highest int64
	most    int // moves between two pages at the most
}

func newMovingList(t *testing.T, rng *rand.Rand, orders, moves int, opts ...digicerttest.Option) *movingList {
	t.Helper()
	s, err := digicerttest.New(append([]digicerttest.Option{digicerttest.WithoutSamples()}, opts...)...)
	require.NoError(t, err)
	l := &movingList{Server: s, rng: rng, always: make(map[digicert.OrderID]bool), moves: moves, highest: int64(orders) * 10, most: 1 + rng.IntN(4)}
	for id := int64(10); id <= l.highest; id += 10 {
		require.NoError(t, l.add(id))
		l.always[digicert.OrderID(id)] = true
	}
	s.OnRequest(func(*http.Request) {
		l.mu.Lock()
		defer l.mu.Unlock()
		for range l.rng.IntN(l.most + 1) {
			if l.moves--; l.moves < 0 {
				return
			}
			if err := l.move(); err != nil {
				panic(err)
			}
		}
	})
	return l
}

func (l *movingList) add(id int64) error {
	l.present = append(l.present, digicert.OrderID(id))
	return l.AddOrder(digicert.SubaccountOrder{ID: digicert.OrderID(id), Subaccount: digicert.Subaccount{AccountID: 7}})
}

// move adds an order anywhere in the list, or removes one.
func (l *movingList) move() error {
	if n := len(l.present); n > 0 && l.rng.IntN(2) == 0 {
		i := l.rng.IntN(n)
		id := l.present[i]
		l.present[i] = l.present[n-1]
		l.present = l.present[:n-1]
		delete(l.always, id)
		return l.RemoveOrder(id)
	}
	id := 1 + l.rng.Int64N(l.highest+20)
	if _, taken := l.Order(digicert.OrderID(id)); taken {
		return nil
	}
	return l.add(id)
}

// clientOf returns a client to which a list of the service's is the moving one, under whatever path it asks for it.
func (l *movingList) clientOf(opts ...digicert.Option) *digicert.Client {
	return l.Client(append(opts, digicert.WithHTTPClient(&http.Client{Transport: roundTripFunc(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.URL.Path = "/services/v2/account/subaccount/order"
		r.URL.RawQuery = strings.ReplaceAll(r.URL.RawQuery, "sort=order_id", "sort=id")
		return l.Transport().RoundTrip(r)
	})}))...)
}

func TestAllOrdersIsExactAlthoughTheListMoves(t *testing.T) {
	t.Parallel()
	for _, w := range walks {
		if w.pointer == "/orders/0/id" {
			t.Run(w.name, func(t *testing.T) {
				t.Parallel()
				testExactAlthoughTheListMoves(t, w)
			})
		}
	}
}

func testExactAlthoughTheListMoves(t *testing.T, w walk) {
	seed := randomSeed(t)
	const schedules = 2000
	for i := range schedules {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		limit := 1 + rng.IntN(8)
		var opts []digicerttest.Option
		if rng.IntN(4) == 0 {
			opts = append(opts, digicerttest.WithPageLimit(2+rng.IntN(4)))
		}
		l := newMovingList(t, rng, rng.IntN(60), rng.IntN(120), opts...)
		c := l.clientOf(digicert.WithPageConcurrency(1 + rng.IntN(6)))
		got := make(map[digicert.OrderID]int)
		for n, err := range w.all(t.Context(), c, limit, 0) {
			require.NoError(t, err, "schedule %d, limit %d", i, limit)
			id := digicert.OrderID(n)
			got[id]++
			require.Equal(t, 1, got[id], "schedule %d: order %d", i, id)
		}
		for id := range l.always {
			require.Equal(t, 1, got[id], "schedule %d, limit %d: order %d of %d that were there all the time", i, limit, id, len(l.always))
		}
	}
}

func TestAllOrdersInAnotherOrderIsExactWhileOrdersKeepTheirPlaces(t *testing.T) {
	t.Parallel()
	seed := randomSeed(t)
	for i := range 300 {
		rng := rand.New(rand.NewPCG(seed, uint64(i)))
		l := newMovingList(t, rng, rng.IntN(60), rng.IntN(60))
		sort := [][]string{{"-id"}, {"date_created"}, {"common_name", "-id"}}[rng.IntN(3)]
		got := make(map[digicert.OrderID]bool)
		var failure error
		for o, err := range l.Client().Subaccounts.AllOrders(t.Context(), &digicert.ListSubaccountOrdersParams{Limit: 3 + rng.IntN(8), Sort: sort}) {
			if err != nil {
				require.ErrorIs(t, err, digicert.ErrIncomplete)
				failure = err
				continue
			}
			require.False(t, got[o.ID], "schedule %d: order %d", i, o.ID)
			got[o.ID] = true
		}
		// The orders come and go, and none changes its place among the others: the overlap shows where they are.
		for id := range l.always {
			require.True(t, got[id] || failure != nil, "schedule %d: order %d of %d that were there all the time", i, id, len(l.always))
		}
	}
}

func TestAllOrdersOfAListThatRestsIsComplete(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		params digicert.ListSubaccountOrdersParams
		opts   []digicerttest.Option
	}{
		{"the default", digicert.ListSubaccountOrdersParams{}, nil},
		{"small pages", digicert.ListSubaccountOrdersParams{Limit: 7}, nil},
		{"pages of 1", digicert.ListSubaccountOrdersParams{Limit: 1}, nil},
		{"pages of 2", digicert.ListSubaccountOrdersParams{Limit: 2}, nil},
		{"a service with small pages", digicert.ListSubaccountOrdersParams{Limit: 100}, []digicerttest.Option{digicerttest.WithPageLimit(9)}},
		{"a service with pages of 1", digicert.ListSubaccountOrdersParams{Limit: 100}, []digicerttest.Option{digicerttest.WithPageLimit(1)}},
		{"descending", digicert.ListSubaccountOrdersParams{Limit: 7, Sort: []string{"-id"}}, nil},
		{"descending, pages of 1", digicert.ListSubaccountOrdersParams{Limit: 1, Sort: []string{"-id"}}, nil},
		{"by name", digicert.ListSubaccountOrdersParams{Limit: 7, Sort: []string{"common_name"}}, nil},
		{"from an offset on", digicert.ListSubaccountOrdersParams{Limit: 7, Offset: 20}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			l := newMovingList(t, rand.New(rand.NewPCG(1, 2)), 100, 0, tt.opts...)
			got := make(map[digicert.OrderID]bool)
			for o, err := range l.Client().Subaccounts.AllOrders(t.Context(), &tt.params) {
				require.NoError(t, err)
				require.False(t, got[o.ID])
				got[o.ID] = true
			}
			require.Len(t, got, 100-tt.params.Offset)
		})
	}
}

// oddLists are services that do not do as they are told. Each has the orders 1 to 20.
func TestAllOrdersOfAnOddService(t *testing.T) {
	t.Parallel()
	page := func(offset, limit, total int, id func(int) int) string {
		var rows []string
		for i := offset; i < min(offset+limit, 20); i++ {
			rows = append(rows, fmt.Sprintf(`{"id":%d}`, id(i)))
		}
		return fmt.Sprintf(`{"orders":[%s],"page":{"total":%d,"limit":%d,"offset":%d}}`, strings.Join(rows, ","), total, limit, offset)
	}
	ascending := func(i int) int { return i + 1 }
	for _, tt := range []struct {
		name   string
		answer func(offset, limit int) string
		want   int
		err    error
	}{
		{"a total of 0", func(o, l int) string { return page(o, l, 0, ascending) }, 20, nil},
		{"a total that is too small", func(o, l int) string { return page(o, l, 5, ascending) }, 20, nil},
		{"a total that is too large", func(o, l int) string { return page(o, l, 1000, ascending) }, 20, nil},
		{"no order to speak of", func(o, l int) string { return page(o, l, 20, func(i int) int { return 1 + (i*7)%20 }) }, 20, nil},
		{"descending", func(o, l int) string { return page(o, l, 20, func(i int) int { return 20 - i }) }, 20, nil},
		{"ignores the offset", func(_, l int) string { return page(0, l, 20, ascending) }, 6, digicert.ErrNoProgress},
		{"ignores the offset and the sort", func(_, l int) string { return page(0, l, 20, func(i int) int { return 20 - i }) }, 6, digicert.ErrNoProgress},
		{"only one page, whatever the total", func(o, l int) string {
			if o > 0 {
				return `{"page":{"total":20,"limit":6,"offset":6}}`
			}
			return page(o, l, 20, ascending)
		}, 6, digicert.ErrIncomplete},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				requests := 0
				c, err := digicert.NewClient("key", digicert.WithLimiter(unlimited{}), digicert.WithPageConcurrency(1),
					digicert.WithHTTPClient(&http.Client{Transport: roundTripFunc(func(r *http.Request) (*http.Response, error) {
						requests++
						offset, _ := strconv.Atoi(r.URL.Query().Get("offset"))
						return answerJSON(r, http.StatusOK, tt.answer(offset, 6)), nil
					})}))
				require.NoError(t, err)
				got := make(map[digicert.OrderID]bool)
				var last error
				for o, err := range c.Subaccounts.AllOrders(t.Context(), &digicert.ListSubaccountOrdersParams{Limit: 6}) {
					if err != nil {
						last = err
						continue
					}
					require.False(t, got[o.ID], "order %d", o.ID)
					got[o.ID] = true
				}
				require.Len(t, got, tt.want)
				require.Less(t, requests, 100)
				require.ErrorIs(t, last, tt.err)
				if tt.err != nil {
					requireOneLine(t, last)
				}
			})
		})
	}
}

func TestAllOrdersFetchesPagesSideBySide(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		server, err := digicerttest.New(digicerttest.WithOrders(1, 900), digicerttest.WithLatency(250*time.Millisecond))
		require.NoError(t, err)
		c := server.Client(digicert.WithPageConcurrency(8))
		start := time.Now()
		n := 0
		for _, err := range c.Subaccounts.AllOrders(t.Context(), &digicert.ListSubaccountOrdersParams{Limit: 10}) {
			require.NoError(t, err)
			n++
		}
		require.Equal(t, 900, n)
		// 1 page of 10, 99 of 9 more and the one that confirms the end, 8 at a time.
		require.Equal(t, (1+13)*250*time.Millisecond, time.Since(start))
		require.Len(t, server.Requests(), 101)
	})
}

func TestLeavingAllOrdersStopsTheRequests(t *testing.T) {
	t.Parallel()
	for _, leaveAt := range []int{1, 10, 11, 30} {
		synctest.Test(t, func(t *testing.T) {
			server, err := digicerttest.New(digicerttest.WithOrders(1, 900), digicerttest.WithLatency(time.Second))
			require.NoError(t, err)
			c := server.Client(digicert.WithPageConcurrency(4))
			n := 0
			start := time.Now()
			for _, err := range c.Subaccounts.AllOrders(t.Context(), &digicert.ListSubaccountOrdersParams{Limit: 10}) {
				require.NoError(t, err)
				if n++; n == leaveAt {
					break
				}
			}
			left := time.Now()
			synctest.Wait()
			if leaveAt <= 10 {
				require.Len(t, server.Requests(), 1, "the first page alone")
				require.Equal(t, time.Second, left.Sub(start))
			} else {
				require.LessOrEqual(t, len(server.Requests()), 1+(leaveAt-10)/9+1+4)
			}
			// synctest fails the test where a goroutine is left.
		})
	}
}

func TestAnErrorInTheMiddleOfAllOrdersComesInItsPlace(t *testing.T) {
	t.Parallel()
	server := digicerttest.NewServer(t, digicerttest.WithOrders(1, 100))
	require.NoError(t, server.Inject(digicerttest.APIError(http.StatusBadRequest, "odd", "Odd.").After(3)))
	n := 0
	var last error
	for o, err := range server.Client().Subaccounts.AllOrders(t.Context(), &digicert.ListSubaccountOrdersParams{Limit: 10}) {
		if err != nil {
			require.Zero(t, o)
			require.NoError(t, last)
			last = err
			continue
		}
		require.NoError(t, last)
		n++
	}
	require.ErrorIs(t, last, digicert.ErrorCode("odd"))
	require.GreaterOrEqual(t, n, 10)
}
