// The iteration over the pages of a list, for all All methods.

package digicert

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"math"
	"net/http"
	"slices"
	"strings"
)

// The rules of the walk
//
// Rows are added and removed while a list is read, and the total, limit and offset of a page may be wrong. The walk trusts only
// the rows, and a total only if the rows agree with it.
//
// Pages overlap by one row. A page is attached if no row that exists all the time can be missing between the page and the rows
// listed before: it is the first page of the list, or its first row was listed before. In a list sorted by id it is enough that
// its first id is not above the last one listed. The walk delivers the rows of an attached page that were not delivered
// before. A page that is empty or not attached shows that rows before it were removed: the walk steps back.
//
// The list ends at a page without new rows that is shorter than others, with a total that promises no more rows. If the two
// disagree, or if too few pages so far had equal lengths and totals, the next page must be empty. If rows have moved, it must be
// empty several times. If fewer rows were delivered than the list has, the list is read again for the missing rows.
//
// A page with descending ids shows that the service does not sort by id. The list is then read again from its start in the
// order of the service, with a record of the rows that were delivered.
//
// Too many pages without progress are an error, and so is an end that remains uncertain.

// How many pages may have no new rows before a listing ends with an error.
const (
	maxIdlePages  = 256 // in a row, plus four for each page that had new rows
	maxEmptyPages = 32  // of them, empty although their total promises rows
	maxSamePages  = 8   // of them, in a row, with the same rows at another offset
)

// When the end is accepted.
const (
	enoughAlike = 100     // walk.alike, to accept it without an empty page
	plentyAlike = 100_000 // the same, if rows have moved
	enoughEnds  = 16      // pass.ends, if rows have moved
	manyEnds    = 40      // the same, if pages vary in length or there was only one
)

// listing describes a list.
type listing[T any] struct {
	fetch func(ctx context.Context, offset int, sorted bool) ([]T, PageInfo, error) // sorted: send the sort, if there is one
	id    func(*T) int64                                                            // 0 for a row without an id
	order order
	limit int // rows per page to request; 0: the service's default
	path  string
	c     *Client
}

// order is the requested order of a list.
type order struct {
	byID    bool // ascending by id
	own     bool // chosen by this package, not by the caller
	guessed bool // the sort key is not documented
}

// walkOrder sets the sort and the limit of a walk. The sort is by idKey unless the caller requests another one. A list sorted by
// id has pages of at least two rows, because pages of one row cannot overlap. The sort is a copy.
func walkOrder(sort *[]string, limit *int, idKey string) order {
	o := order{own: len(*sort) == 0}
	if o.own {
		*sort = []string{idKey}
	}
	*sort = slices.Clone(*sort)
	o.byID = (*sort)[0] == idKey // ids are unique, so further keys have no effect
	if o.byID && *limit == 1 {
		*limit = 2
	}
	return o
}

// sortedList is a list with the parameters P and the rows T that is sorted by id unless the caller requests another order.
type sortedList[P, T any] struct {
	path    string
	idKey   string // the sort key of the id
	guessed bool   // whether idKey is not documented
	paging  func(*P) (sort *[]string, limit, offset *int)
	list    func(context.Context, *P) ([]T, PageInfo, error)
	id      func(*T) int64
}

// all yields the rows of all pages, starting at the offset of params. params is copied.
func (l sortedList[P, T]) all(ctx context.Context, c *Client, params *P) iter.Seq2[T, error] {
	var p P
	if params != nil {
		p = *params
	}
	sort, limit, offset := l.paging(&p)
	order := walkOrder(sort, limit, l.idKey)
	order.guessed = l.guessed
	return listing[T]{
		fetch: func(ctx context.Context, at int, sorted bool) ([]T, PageInfo, error) {
			p := p
			sort, _, offset := l.paging(&p)
			*offset = at
			if !sorted {
				*sort = nil
			}
			return l.list(ctx, &p)
		},
		id: l.id, order: order, limit: *limit, path: l.path, c: c,
	}.all(ctx, *offset)
}

// all yields the rows starting at offset, then at most one error.
func (l listing[T]) all(ctx context.Context, offset int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		if err := l.c.ready(); err != nil {
			yield(*new(T), err)
			return
		}
		ctx, cancel := context.WithCancel(ctx)
		w := &walk[T]{
			listing: l,
			pages:   pages[T]{ctx: ctx, fetch: l.fetch, sorted: true, width: l.c.pageConcurrency},
			sorted:  l.order.byID,
			start:   offset,
			yield:   yield,
			steady:  true,
			even:    true,
			least:   math.MaxInt,
		}
		w.record.keepAll = !w.sorted
		defer w.pages.wait()
		defer cancel()
		if err := w.run(ctx); err != nil && err != errLeft {
			yield(*new(T), err)
		}
	}
}

// walk is the state of one listing.
type walk[T any] struct {
	listing[T]
	pages  pages[T]
	record delivered
	yield  func(T, error) bool
	start  int  // the caller's offset
	sorted bool // whether the service seems to sort by id

	pass // the current pass

	// Properties of the service, as far as the pages show them.
	size   int  // rows of the longest page
	steady bool // whether all totals are equal, and none is below the rows seen
	total  int  // the last total
	least  int  // the lowest total
	even   bool // whether all pages but the last are as long as the first
	first  int  // rows of the first page
	alike  int  // grows with each page as long as the first: how unlikely it is that pages vary in length; 1: no evidence
	short  bool // whether the length of the last page differs from the first
	single bool // whether pages have one row, and cannot overlap
	cut    bool // whether a page of one row had a total that promised more

	// The delivered rows.
	low     int64 // the first id of a sorted list
	rows    int   // number of delivered rows
	reached int   // the offset behind the last attached row
	repeats int   // rows that were listed again at an offset that was not reached before
	filled  int   // pages with new rows
	gains   int   // of them, those that count as progress
	passes  int
	missed  int // how many rows a second pass expects, including those before the caller's offset

	refusal error // perhaps of the sort

	// Pages in a row without progress; of them, those that were empty although their total promises rows; pages in a row with
	// the same rows.
	idle, empty, same int
}

// pass is one reading of the list from its start to its end.
type pass struct {
	at     int     // the offset of the next page
	stride int     // the distance between the offsets of the pages to fetch ahead; 0: unknown
	until  int     // the offset of the last page to fetch ahead
	last   int64   // the highest id listed, in a sorted list
	offset int     // of the last attached page
	ids    []int64 // of the last attached page
	moved  bool    // whether the first row of a page was not the expected one
	whole  bool    // whether no row moved and no page had a row twice
	twice  int     // repeated rows in the last page
	probe  int     // the offset behind a page without new rows that may be the last; 0: none
	ended  bool    // whether there was such a page since the last page with new rows
	more   bool    // whether the total of that page promised more
	ends   int     // how often in a row the end was seen: counts 2 if the totals agree, else 1
	joint  int     // the offset of the last row of the last attached page
	beyond int     // an offset behind joint where a page was not attached; 0: none
	back   int     // the last step back
	forth  int     // the last step forward over listed rows
	found  int     // rows delivered in this pass

	below digest // the rows that may have been delivered and forgotten
}

var (
	errLeft  = errors.New("the caller stopped the iteration")
	errAgain = errors.New("another pass is needed")
)

// run reads the list until a pass is complete.
func (w *walk[T]) run(ctx context.Context) error {
	for {
		w.passes++
		w.pass = pass{at: w.start, whole: true}
		w.record.unmark()
		w.idle, w.empty = 0, 0
		end, err := w.read(ctx)
		if err == nil {
			err = w.checkEnd(end)
		}
		if err != errAgain {
			return err
		}
	}
}

// read reads pages until the list ends, and returns the offset of the end.
func (w *walk[T]) read(ctx context.Context) (end int, err error) {
	for {
		page := w.pages.next(w.at, w.stride, w.until)
		if page.err != nil {
			if w.refusal != nil || !w.refusesSort(page.err) {
				return 0, cmp.Or(w.refusal, page.err)
			}
			w.refusal, w.pages.sorted = page.err, false
			continue
		}
		if w.refusal != nil {
			w.refusal = nil // the request succeeded without the sort
			w.unsorted(ctx, "the sort is refused")
		}
		if end, err := w.take(ctx, page); err != nil || end >= 0 {
			return end, err
		}
	}
}

// refusesSort reports whether err may be the refusal of a sort that this package chose. For a documented sort, the error must
// mention it.
func (w *walk[T]) refusesSort(err error) bool {
	answer, ok := errors.AsType[*Error](err)
	if !ok || answer.StatusCode != http.StatusBadRequest || !w.order.own || !w.sorted || w.rows > 0 {
		return false
	}
	names := func(d ErrorDetail) bool { return strings.Contains(strings.ToLower(string(d.Code)+d.Message), "sort") }
	return w.order.guessed || len(answer.Details) == 0 || slices.ContainsFunc(answer.Details, names)
}

// unsorted switches the walk to the order of the service.
func (w *walk[T]) unsorted(ctx context.Context, reason string) {
	w.sorted, w.record.keepAll = false, true
	w.passes = 1
	w.warn(ctx, reason)
}

func (w *walk[T]) warn(ctx context.Context, reason string) {
	w.c.log.LogAttrs(ctx, slog.LevelWarn, "digicert: listing",
		slog.String("method", http.MethodGet), slog.String("path", w.path), slog.String("reason", reason))
}

// checkEnd decides about a pass that reached the end of the list. It returns nil if all rows were delivered, errAgain if another
// pass is needed, or an ErrIncomplete.
func (w *walk[T]) checkEnd(end int) error {
	var reason string
	delivered := w.start + w.rows
	switch {
	case !w.sorted && w.record.floor > 0:
		reason = "the service stopped sorting after more rows than are remembered"
	case w.single && w.cut && !w.steady:
		// Rows that moved between pages without overlap are found by another pass.
		reason = "rows move between pages of one row"
		if w.passes > 1 && w.found == 0 {
			return nil
		}
	case delivered >= end:
		return nil
	case w.passes > 1 && (w.sorted || !w.steady || w.repeats > 0):
		return nil // rows move, so the number may be lower
	default:
		reason = fmt.Sprintf("%d of %d rows were listed", w.rows, end-w.start)
	}
	if w.passes == 1 {
		w.missed = end
		return errAgain
	}
	return w.openEnd(end, reason)
}

// openEnd returns the error of a listing whose end is uncertain.
func (w *walk[T]) openEnd(offset int, reason string) error {
	return fmt.Errorf("%w: GET %s at offset %d: %s", ErrIncomplete, w.path, offset, reason)
}
