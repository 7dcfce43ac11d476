// Listings against a service that moves its rows and lies about them.

package digicert_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/stretchr/testify/require"
)

// liar is a service whose rows come and go, and which says of them what is not so.
type liar struct {
	rng *rand.Rand

	mu       sync.Mutex
	rows     []int        // ids that are there now, ascending
	movers   []int        // ids that come and go
	requests int          // so far
	total    int          // as it was at the first request
	rank     map[int]int  // the order of a service that ignores the sort
	always   map[int]bool // ids that are there all the time

	limit   int
	moves   movement
	unsorts int // the first request whose sort is ignored; -1: none
	totals  totals
	cap     int  // rows of a page at most; 0: as many as are asked for
	varies  bool // whether the pages are of any length up to that
	least   int  // rows of a page that is not the last, where they vary
	twice   twice
}

// movement is how rows move.
type movement string

const (
	rests   movement = "rests"
	singly  movement = "one row at a time"
	bulk    movement = "in bulk, before three of five answers"
	allways movement = "in bulk, before every answer"
)

// totals is what the totals are.
type totals string

const (
	honest totals = "honest"
	ofPage totals = "rows of the page"
	soFar  totals = "rows up to this page"
	late   totals = "too high"
	random totals = "random"
	stale  totals = "of the beginning"
	capped totals = "capped"
	absent totals = "absent"
	after  totals = "counted after a further move"
)

// twice is how rows come twice.
type twice string

const (
	once     twice = "once"
	doubled  twice = "each row twice, and counted twice"
	repeated twice = "some rows twice in their page, and counted once"
)

// newLiar returns a service with up to n rows.
func newLiar(rng *rand.Rand, n int) *liar {
	l := &liar{rng: rng, always: make(map[int]bool), rank: make(map[int]int), unsorts: -1, moves: rests, totals: honest, twice: once, limit: 2 + rng.IntN(9)}
	ids := rng.Perm(4 * n)[:rng.IntN(n+1)]
	grouped := rng.IntN(2) == 0
	for i, id := range ids {
		ids[i] = id + 1
		l.rank[id+1] = rng.IntN(1000)
		if grouped { // ascending within each of three groups
			l.rank[id+1] = 100_000*(id%3) + id
		}
	}
	movers := 0
	if len(ids) > 0 {
		movers = rng.IntN(len(ids) + 1)
	}
	l.movers = ids[:movers]
	for _, id := range ids[movers:] {
		l.always[id] = true
	}
	l.rows = slices.Sorted(slices.Values(ids[rng.IntN(movers+1):]))
	return l
}

func (l *liar) String() string {
	return fmt.Sprintf("%d rows, %d of which stay; limit %d; moves: %s; sort ignored from request %d on; totals: %s; cap %d, varying %t; rows: %s",
		len(l.rows), len(l.always), l.limit, l.moves, l.unsorts, l.totals, l.cap, l.varies, l.twice)
}

// move moves rows as often as the service does before an answer.
func (l *liar) move() {
	switch {
	case l.moves == rests || len(l.movers) == 0:
		return
	case l.moves == singly && l.rng.IntN(2) == 0:
		l.toggle(l.movers[l.rng.IntN(len(l.movers))])
	case l.moves == bulk && l.rng.IntN(5) < 3, l.moves == allways:
		come := l.rng.IntN(2) == 0
		for range 1 + l.rng.IntN(len(l.movers)) {
			id := l.movers[l.rng.IntN(len(l.movers))]
			if _, there := slices.BinarySearch(l.rows, id); there != come {
				l.toggle(id)
			}
		}
	}
}

func (l *liar) toggle(id int) {
	if i, there := slices.BinarySearch(l.rows, id); there {
		l.rows = slices.Delete(l.rows, i, i+1)
	} else {
		l.rows = slices.Insert(l.rows, i, id)
	}
}

// page returns the ids of a page.
func (l *liar) page(offset, limit int, sorted bool) []int {
	list := slices.Clone(l.rows)
	if !sorted {
		slices.SortFunc(list, func(a, b int) int { return cmp.Or(cmp.Compare(l.rank[a], l.rank[b]), cmp.Compare(a, b)) })
	}
	if l.twice == doubled {
		list = slices.Repeat(list, 1)
		for i := len(list) - 1; i >= 0; i-- {
			list = slices.Insert(list, i, list[i])
		}
	}
	if l.cap > 0 {
		limit = min(limit, l.cap)
	}
	if l.varies {
		limit = 1 + l.rng.IntN(limit)
		limit = max(limit, l.least)
	}
	first := min(offset, len(list))
	rows := list[first:min(first+limit, len(list))]
	if l.twice == repeated && len(rows) > 0 && l.rng.IntN(2) == 0 {
		i := l.rng.IntN(len(rows))
		rows = slices.Insert(slices.Clone(rows), i, rows[i])
		rows = rows[:min(len(rows), max(2, limit))]
	}
	return rows
}

// count returns the total that is told with a page.
func (l *liar) count(offset, rows int) int {
	n := len(l.rows)
	if l.twice == doubled {
		n *= 2
	}
	switch l.totals {
	case ofPage:
		return rows
	case soFar:
		return offset + rows
	case late:
		return n + 1 + l.limit
	case random:
		return l.rng.IntN(2*n + 10)
	case stale:
		return l.total
	case capped:
		return min(n, 2*l.limit)
	case absent:
		return 0
	}
	return n
}

// RoundTrip answers as any of the paged lists.
func (l *liar) RoundTrip(req *http.Request) (*http.Response, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	q := req.URL.Query()
	offset, _ := strconv.Atoi(q.Get("offset"))
	limit, _ := strconv.Atoi(q.Get("limit"))
	if l.requests == 0 {
		l.total = len(l.rows)
	}
	l.move()
	sorted := q.Has("sort") && (l.unsorts < 0 || l.requests < l.unsorts)
	l.requests++
	rows := l.page(offset, limit, sorted)
	if l.totals == after {
		l.move()
	}
	var list []string
	for _, id := range rows {
		list = append(list, fmt.Sprintf(`{"id":%d,"account_id":%d}`, id, id))
	}
	body := fmt.Sprintf(`"page":{"total":%d,"limit":%d,"offset":%d}`, l.count(offset, len(rows)), l.rng.IntN(9), l.rng.IntN(9))
	if len(list) > 0 {
		key := "orders"
		if strings.HasSuffix(req.URL.Path, "/account/subaccount") {
			key = "subaccounts"
		}
		body = fmt.Sprintf(`"%s":[%s],`, key, strings.Join(list, ",")) + body
	}
	return answerJSON(req, http.StatusOK, "{"+body+"}"), nil
}

// list lists all rows and checks what holds for every listing: nothing comes twice, and it ends. It returns the rows that
// were there all the time and did not come.
func (l *liar) list(t *testing.T, w walk, width int, about string) (lost []int, err error) {
	t.Helper()
	c, err := digicert.NewClient(testKey, digicert.WithHTTPClient(&http.Client{Transport: l}), digicert.WithLimiter(unlimited{}), digicert.WithPageConcurrency(width))
	require.NoError(t, err)
	got := make(map[int]bool)
	for id, listErr := range w.all(t.Context(), c, l.limit, 0) {
		if err = listErr; err != nil {
			break
		}
		require.False(t, got[id], "%s: row %d comes twice", about, id)
		got[id] = true
	}
	for id := range l.always {
		if !got[id] {
			lost = append(lost, id)
		}
	}
	if l.moves == rests {
		require.Less(t, l.requests, 300+20*len(l.rank), about)
	} else {
		require.Less(t, l.requests, 20_000, about)
	}
	return lost, err
}

func pick[T any](rng *rand.Rand, values ...T) T { return values[rng.IntN(len(values))] }

// TestListingsOfALiar lists under everything that a service was seen to do wrong, and under all of it together.
func TestListingsOfALiar(t *testing.T) {
	t.Parallel()
	for _, w := range walks {
		t.Run(w.name, func(t *testing.T) {
			t.Parallel()
			seed := randomSeed(t)
			lost, failed := 0, 0
			for i := range 1200 {
				rng := rand.New(rand.NewPCG(seed, uint64(i)))
				l := newLiar(rng, 60)
				l.moves = pick(rng, rests, rests, singly, bulk, allways)
				l.totals = pick(rng, honest, honest, ofPage, soFar, late, random, stale, capped, absent, after)
				l.twice = pick(rng, once, once, doubled, repeated)
				if l.moves != rests { // pages of one row overlap with nothing
					l.least = 2
				}
				if l.cap = pick(rng, 0, 0, 2+rng.IntN(8)); l.cap > 0 || rng.IntN(2) == 0 {
					l.varies = rng.IntN(2) == 0
				}
				if l.moves != rests && l.twice != once { // pages of one row, twice, overlap with nothing
					l.limit, l.least = l.limit+3, 4
					l.cap = max(l.cap, 4)
				}
				if rng.IntN(3) == 0 {
					l.unsorts = rng.IntN(12)
				}
				width := 1 + rng.IntN(8)
				about := fmt.Sprintf("schedule %d: %s; %d in flight", i, l, width)
				ordered := w.name != "Subaccounts.All" && l.unsorts < 0

				gone, err := l.list(t, w, width, about)

				switch {
				case err != nil && len(l.rows) == 0 && (l.totals == late || l.totals == random):
					// An empty list whose total promises rows: an error is right.
				case err != nil:
					require.NotEqual(t, rests, l.moves, "%s: %v", about, err)
					require.ErrorIs(t, err, digicert.ErrIncomplete)
					require.False(t, ordered && l.moves != allways && (l.totals == honest || l.totals == after) && l.twice == once, "%s: %v", about, err)
					failed++
				case ordered || l.moves == rests:
					require.Empty(t, gone, about)
				case len(gone) > 0:
					lost++
				}
			}
			t.Logf("%d listings without order lost rows that moved; %d ended with an error", lost, failed)
		})
	}
}

// steady is a service whose rows have the ids of a list and rest.
type steady struct {
	ids    []int64 // 0: a row {}
	ignore int     // the first request whose sort is ignored; -1: none
	order  []int64 // then
	cap    int     // rows of a page; 0: the limit

	mu       sync.Mutex
	requests []*http.Request
}

func (s *steady) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := s.ids
	if s.order != nil && len(s.requests) >= s.ignore {
		list = s.order
	}
	s.requests = append(s.requests, req)
	q := req.URL.Query()
	offset, _ := strconv.Atoi(q.Get("offset"))
	limit, err := strconv.Atoi(q.Get("limit"))
	if err != nil {
		limit = 1000
	}
	if s.cap > 0 {
		limit = min(limit, s.cap)
	}
	var b strings.Builder
	for _, id := range list[min(offset, len(list)):min(offset+limit, len(list))] {
		row := "{}"
		if id != 0 {
			row = fmt.Sprintf(`{"id":%d,"account_id":%d}`, id, id)
		}
		b.WriteString("," + row)
	}
	rows := strings.TrimPrefix(b.String(), ",")
	body := fmt.Sprintf(`{"orders":[%s],"subaccounts":[%s],"page":{"total":%d}}`, rows, rows, len(list))
	return answerJSON(req, http.StatusOK, body), nil
}

// client returns a client of s whose log goes to a buffer.
func (s *steady) client(t *testing.T, width int) (*digicert.Client, *bytes.Buffer) {
	t.Helper()
	logged := new(bytes.Buffer)
	c, err := digicert.NewClient(testKey, digicert.WithHTTPClient(&http.Client{Transport: s}), digicert.WithLimiter(unlimited{}), digicert.WithPageConcurrency(width),
		digicert.WithLogger(slog.New(slog.NewJSONHandler(logged, &slog.HandlerOptions{Level: slog.LevelWarn}))))
	require.NoError(t, err)
	return c, logged
}

// ids64 lists the numbers from first to last.
func ids64(first, last int64) (ids []int64) {
	for id := first; id <= last; id++ {
		ids = append(ids, id)
	}
	return ids
}

func TestListingsCostTwoRequestsMoreThanPages(t *testing.T) {
	t.Parallel()
	for _, w := range walks {
		for _, limit := range []int{3, 10, 100, 1000} {
			for _, rows := range []int{1, limit - 1, limit, limit + 1, 2 * limit, 3*limit + limit/2, 10 * limit} {
				for _, width := range []int{1, 4, 8} {
					s := &steady{ids: ids64(1, int64(rows))}
					c, logged := s.client(t, width)
					ids, errs := collect(t, w.all(t.Context(), c, limit, 0))
					require.Empty(t, errs)
					require.Len(t, ids, rows)
					pages := 1 + (max(0, rows-limit)+limit-2)/(limit-1) // that overlap by a row
					require.LessOrEqual(t, len(s.requests), pages+2, "%s: %d rows, limit %d, %d in flight", w.name, rows, limit, width)
					require.Empty(t, logged.String())
				}
			}
		}
	}
}

// Whichever page is the first whose sort is ignored, every row comes once, and the log says so.
func TestASortIgnoredFromAnyPageOn(t *testing.T) {
	t.Parallel()
	const rows, limit = 901, 10
	sorted := ids64(1, rows)
	for name, order := range map[string][]int64{
		"descending":                descending(sorted),
		"grouped":                   slices.Concat(ids64(601, rows), ids64(1, 300), ids64(301, 600)),
		"grouped, the first stays":  slices.Concat(ids64(1, 100), ids64(601, rows), ids64(101, 600)),
		"one row at the end":        slices.Concat(ids64(2, rows), ids64(1, 1)),
		"the last row in the front": slices.Concat(ids64(rows, rows), ids64(1, rows-1)),
	} {
		for _, w := range walks[:2] {
			for page := 0; page <= 101; page += 1 + page/3 {
				for _, width := range []int{1, 8} {
					s := &steady{ids: sorted, order: order, ignore: page}
					c, logged := s.client(t, width)
					ids, errs := collect(t, w.all(t.Context(), c, limit, 0))
					require.Empty(t, errs, "%s from page %d on", name, page)
					slices.Sort(ids)
					require.Equal(t, through(1, rows), ids, "%s from page %d on", name, page)
					require.Less(t, len(s.requests), 340)
					if page < 90 {
						requireWarning(t, logged, w.path, "the sort is ignored")
					}
				}
			}
		}
	}
}

func descending(ids []int64) []int64 {
	ids = slices.Clone(ids)
	slices.Reverse(ids)
	return ids
}

// requireWarning asserts that one line was logged, with nothing in it but what it is about.
func requireWarning(t *testing.T, logged *bytes.Buffer, path, reason string) {
	t.Helper()
	var line map[string]any
	require.NoError(t, json.Unmarshal(logged.Bytes(), &line), logged)
	delete(line, "time")
	require.Equal(t, map[string]any{"level": "WARN", "msg": "digicert: listing", "method": "GET", "path": path, "reason": reason}, line)
}

// More rows than are remembered were delivered when the order breaks.
func TestASortIgnoredLate(t *testing.T) {
	t.Parallel()
	const rows = 130_000
	sorted := ids64(1, rows)
	for name, tt := range map[string]struct {
		order  []int64
		ignore int
	}{
		"never sorted, and it shows late": {slices.Concat(ids64(10_001, rows), ids64(1, 10_000)), 0},
		"no longer sorted":                {descending(sorted), 120},
		"not sorted from the start":       {slices.Concat(ids64(2, 2), ids64(1, 1), ids64(10_001, rows), ids64(3, 10_000)), 0},
	} {
		s := &steady{ids: sorted, order: tt.order, ignore: tt.ignore}
		c, logged := s.client(t, 1)
		ids, errs := collect(t, rowIDs(c.Subaccounts.AllOrders(t.Context(), nil)))
		require.Empty(t, errs, name)
		slices.Sort(ids)
		require.Equal(t, through(1, rows), ids, name)
		requireWarning(t, logged, "/account/subaccount/order", "the sort is ignored")
	}
}

// What was delivered and forgotten is not there any more when the order breaks: whether a row is new cannot be told.
func TestASortIgnoredLateWhileRowsGo(t *testing.T) {
	t.Parallel()
	s := &steady{ids: ids64(1, 130_000), order: descending(ids64(6, 130_000)), ignore: 120}
	c, _ := s.client(t, 1)
	ids, errs := collect(t, rowIDs(c.Subaccounts.AllOrders(t.Context(), nil)))
	require.Len(t, errs, 1)
	require.ErrorIs(t, errs[0], digicert.ErrIncomplete)
	slices.Sort(ids)
	require.Equal(t, through(1, 130_000), ids)
}

// Rows without an id are delivered, each once.
func TestRowsWithoutAnID(t *testing.T) {
	t.Parallel()
	for name, ids := range map[string][]int64{
		"one":             {0},
		"all":             make([]int64, 60),
		"in the front":    append(make([]int64, 25), ids64(1, 30)...),
		"at the end":      append(ids64(1, 30), make([]int64, 25)...),
		"every other one": {1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8, 0, 9, 0, 10, 0, 11, 0, 12},
	} {
		for _, w := range walks {
			for _, cap := range []int{0, 4} {
				s := &steady{ids: ids, cap: cap}
				c, _ := s.client(t, 3)
				got, errs := collect(t, w.all(t.Context(), c, 10, 0))
				require.Empty(t, errs, "%s: %s", w.name, name)
				require.Len(t, got, len(ids), "%s: %s", w.name, name)
			}
		}
	}
}

// A service that repeats a page of rows without ids for ever is not listed for ever.
func TestRowsWithoutAnIDForEver(t *testing.T) {
	t.Parallel()
	for _, w := range walks {
		c, s := serve(t, http.StatusOK, `{"orders":[{},{},{}],"subaccounts":[{},{},{}],"page":{"total":3}}`, digicert.WithLimiter(unlimited{}))
		_, errs := collect(t, w.all(t.Context(), c, 3, 0))
		require.LessOrEqual(t, len(errs), 1)
		require.Less(t, len(s.sent()), 2000)
	}
}

func TestASortThatIsRefused(t *testing.T) {
	t.Parallel()
	refusal := `{"errors":[{"code":"invalid_parameter|sort","message":"No such key."}]}`
	for name, tt := range map[string]struct {
		body string
		list func(ctx context.Context, c *digicert.Client) iter.Seq2[int, error]
		path string
		ok   bool
	}{
		"AllOrders": {refusal, func(ctx context.Context, c *digicert.Client) iter.Seq2[int, error] {
			return rowIDs(c.Subaccounts.AllOrders(ctx, &digicert.ListSubaccountOrdersParams{Limit: 10}))
		}, "/account/subaccount/order", true},
		"Orders.All": {`{"errors":[{"code":"bad"}]}`, func(ctx context.Context, c *digicert.Client) iter.Seq2[int, error] {
			return rowIDs(c.Orders.All(ctx, &digicert.ListOrdersParams{Limit: 10}))
		}, "/order/certificate", true},
		"the caller's sort": {refusal, func(ctx context.Context, c *digicert.Client) iter.Seq2[int, error] {
			return rowIDs(c.Orders.All(ctx, &digicert.ListOrdersParams{Limit: 10, Sort: []string{"order_id"}}))
		}, "", false},
		"another refusal": {`{"errors":[{"code":"bad"}]}`, func(ctx context.Context, c *digicert.Client) iter.Seq2[int, error] {
			return rowIDs(c.Subaccounts.AllOrders(ctx, &digicert.ListSubaccountOrdersParams{Limit: 10}))
		}, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &steady{ids: descending(ids64(1, 25))}
			_, logged := s.client(t, 2)
			c, err := digicert.NewClient(testKey, digicert.WithLimiter(unlimited{}), digicert.WithLogger(slog.New(slog.NewJSONHandler(logged, &slog.HandlerOptions{Level: slog.LevelWarn}))),
				digicert.WithHTTPClient(&http.Client{Transport: roundTripFunc(func(r *http.Request) (*http.Response, error) {
					if r.URL.Query().Has("sort") {
						return answerJSON(r, http.StatusBadRequest, tt.body), nil
					}
					return s.RoundTrip(r)
				})}))
			require.NoError(t, err)
			ids, errs := collect(t, tt.list(t.Context(), c))
			if !tt.ok {
				require.Len(t, errs, 1)
				require.Empty(t, ids)
				require.Empty(t, logged.String())
				return
			}
			require.Empty(t, errs)
			slices.Sort(ids)
			require.Equal(t, through(1, 25), ids)
			requireWarning(t, logged, tt.path, "the sort is refused")
		})
	}
}

// The first page promises a million rows, and the others are empty: whatever was meant, it is not all of them.
func TestATotalThatIsNotKept(t *testing.T) {
	t.Parallel()
	for _, w := range walks {
		s := newService(listing{n: 100, total: func(int) int { return 1_000_000 }, answer: func(offset int) *http.Response {
			if offset == 0 {
				return nil
			}
			return pageOf(0, 0, map[string]int{"total": 1_000_000})
		}}.respond)
		ids, errs := collect(t, w.all(t.Context(), s.client(t, digicert.WithLimiter(unlimited{})), 100, 0))
		require.Equal(t, through(1, 100), ids)
		require.Len(t, errs, 1)
		require.ErrorIs(t, errs[0], digicert.ErrIncomplete)
		require.ErrorIs(t, errs[0], digicert.ErrNoProgress)
		requireOneLine(t, errs[0])
		require.Less(t, len(s.sent()), 120)
	}
}

// A total that counts rows which the list does not have is no error. The log tells.
func TestATotalThatIsTooHigh(t *testing.T) {
	t.Parallel()
	for _, w := range walks {
		logged := new(bytes.Buffer)
		s := newService(listing{n: 95, total: func(n int) int { return n + 3 }}.respond)
		c := s.client(t, digicert.WithLogger(slog.New(slog.NewJSONHandler(logged, &slog.HandlerOptions{Level: slog.LevelWarn}))))
		ids, errs := collect(t, w.all(t.Context(), c, 10, 0))
		require.Empty(t, errs)
		require.Equal(t, through(1, 95), ids)
		requireWarning(t, logged, w.path, "the total is higher than the number of rows")
	}
}

// The faults of the fake are those that a listing stands.
func TestListingsUnderTheFaultsOfTheFake(t *testing.T) {
	t.Parallel()
	for _, fault := range []digicerttest.Fault{
		digicerttest.IgnoredSort(), digicerttest.IgnoredSort().After(7), digicerttest.TotalOfPage(), digicerttest.TotalSoFar(), digicerttest.TotalHigh(70),
		digicerttest.TotalRandom(), digicerttest.TotalStale(), digicerttest.TotalCapped(50), digicerttest.CountedLate(), digicerttest.ShortPages(7),
		digicerttest.UnevenPages(), digicerttest.RepeatedRows(), digicerttest.DuplicateRows(), digicerttest.MissingKeys(),
	} {
		t.Run(fault.String(), func(t *testing.T) {
			t.Parallel()
			server, err := digicerttest.New(digicerttest.WithOrders(3, 200))
			require.NoError(t, err)
			require.NoError(t, server.Inject(fault))
			got := make(map[digicert.OrderID]bool)
			for o, err := range server.Client().Subaccounts.AllOrders(t.Context(), &digicert.ListSubaccountOrdersParams{Limit: 20}) {
				require.NoError(t, err)
				require.False(t, got[o.ID])
				got[o.ID] = true
			}
			require.Len(t, got, 200)
		})
	}
}

// scripted is a service whose list, page length and total depend on the number of the request.
type scripted struct {
	list   func(request int) []int64
	length func(request int) int
	total  func(request, offset, rows, all int) int

	mu       sync.Mutex
	requests int
}

func (s *scripted) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list, limit := s.list(s.requests), 10
	if s.length != nil {
		limit = s.length(s.requests)
	}
	offset, _ := strconv.Atoi(req.URL.Query().Get("offset"))
	rows := list[min(offset, len(list)):min(offset+limit, len(list))]
	total := len(list)
	if s.total != nil {
		total = s.total(s.requests, offset, len(rows), len(list))
	}
	s.requests++
	var b strings.Builder
	for _, id := range rows {
		fmt.Fprintf(&b, `,{"id":%d,"account_id":%d}`, id, id)
	}
	text := strings.TrimPrefix(b.String(), ",")
	return answerJSON(req, http.StatusOK, fmt.Sprintf(`{"orders":[%s],"subaccounts":[%s],"page":{"total":%d}}`, text, text, total)), nil
}

func (s *scripted) list10(t *testing.T, w walk) []int {
	t.Helper()
	c, err := digicert.NewClient(testKey, digicert.WithHTTPClient(&http.Client{Transport: s}), digicert.WithLimiter(unlimited{}), digicert.WithPageConcurrency(1))
	require.NoError(t, err)
	ids, errs := collect(t, w.all(t.Context(), c, 10, 0))
	require.Empty(t, errs)
	slices.Sort(ids)
	return ids
}

// One page in the middle has its overlap row alone, and a total that says that this is all: totals that were never the same
// do not count.
func TestAPageWithoutNewRowsIsNotTheEnd(t *testing.T) {
	t.Parallel()
	for _, w := range walks {
		for short := 1; short < 10; short++ {
			s := &scripted{
				list: func(int) []int64 { return ids64(1, 95) },
				length: func(request int) int {
					if request == short {
						return 1
					}
					return 10
				},
				total: func(_, offset, rows, _ int) int { return offset + rows },
			}
			require.Equal(t, through(1, 95), s.list10(t, w), "%s: request %d", w.name, short)
		}
	}
}

// Many rows that come at once before those that were listed are passed in long steps.
func TestManyRowsThatComeAtOnce(t *testing.T) {
	t.Parallel()
	for _, w := range walks[:2] {
		s := &scripted{list: func(request int) []int64 {
			if request < 5 {
				return ids64(10_001, 10_095)
			}
			return append(ids64(1, 5000), ids64(10_001, 10_095)...)
		}}
		c, err := digicert.NewClient(testKey, digicert.WithHTTPClient(&http.Client{Transport: s}), digicert.WithLimiter(unlimited{}), digicert.WithPageConcurrency(1))
		require.NoError(t, err)
		got := make(map[int]bool)
		for id, err := range w.all(t.Context(), c, 10, 0) {
			require.NoError(t, err)
			got[id] = true
			if id == 10_095 {
				break
			}
		}
		for id := range 95 {
			require.True(t, got[10_001+id])
		}
		require.Less(t, s.requests, 60, "of the 555 pages that there are before them")
	}
}

// Rows go away while a list is read again in another order. A row that was delivered before the order broke does not show that a page
// is attached.
func TestRowsThatGoAfterTheOrderBroke(t *testing.T) {
	t.Parallel()
	var mixed []int64 // 100, 1, 99, 2, …
	for id := int64(1); id <= 50; id++ {
		mixed = append(mixed, 101-id, id)
	}
	front := ids64(901, 906)
	for gone := range 7 {
		for after := 8; after < 14; after++ {
			s := &scripted{list: func(request int) []int64 {
				switch {
				case request < 6:
					return append(ids64(1, 100), front...)
				case request < after:
					return append(slices.Clone(front), mixed...)
				}
				return append(slices.Clone(front[gone:]), mixed...)
			}}
			got := s.list10(t, walks[0])
			require.Subset(t, got, through(1, 100), "%d rows gone from request %d on", gone, after)
		}
	}
}

// Rows before the caller's offset go away: those behind it move before it, and are listed; those before it are not.
func TestRowsThatMoveBeforeTheCallersOffset(t *testing.T) {
	t.Parallel()
	for _, w := range walks[:2] {
		for gone := 1; gone <= 30; gone++ {
			s := &scripted{list: func(request int) []int64 {
				if request < 1 {
					return ids64(1, 75)
				}
				return slices.Concat(ids64(1, int64(30-gone)), ids64(31, 75))
			}}
			c, err := digicert.NewClient(testKey, digicert.WithHTTPClient(&http.Client{Transport: s}), digicert.WithLimiter(unlimited{}), digicert.WithPageConcurrency(1))
			require.NoError(t, err)
			ids, errs := collect(t, w.all(t.Context(), c, 10, 30))
			require.Empty(t, errs)
			require.Equal(t, through(31, 75), ids, "%d rows gone", gone)
		}
	}
}
