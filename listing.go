// The walk through the pages of a list, behind every All method.

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

// The rule of the walk
//
// Rows come and go while a list is read, and what a page says of the list (total, limit, offset) may be wrong. Only the
// rows are believed, and a total only where the rows agree with it.
//
// Pages overlap by one row. A page is attached if no row that was there all the time can lie between it and what was listed
// before, whenever it was fetched: it begins the list, or it begins with a row that was listed; in a list sorted by id, with
// any id up to the last one listed. Of an attached page, each row is delivered that was not delivered before. A page that is
// empty or not attached shows that rows before it went away: the walk steps back.
//
// The end is a page with nothing new and room for more, and a total that promises no more. Where the two disagree, or
// where pages have not yet been equally long and totals the same often enough to rely on, the page behind it decides: it has to
// be empty. Once rows have moved, that has to show several times. If fewer rows were delivered by then than the list
// has, the list is read once more for those that are missing.
//
// A page whose ids descend shows that the service does not sort by id. The list is then read from its start in the order
// in which it comes, and a record tells what was delivered.
//
// Pages without progress are counted, and too many of them are an error, as is every end that stays open.

// How many pages may bring nothing before a listing ends with an error.
const (
	maxIdlePages  = 256 // in a row, and four more for each page that brought rows
	maxEmptyPages = 32  // of them, that are empty against their own total
	maxSamePages  = 8   // of them, in a row, that have the rows of the page before at another offset
)

// When the end is believed without an empty page.
const (
	enoughAlike = 100     // see walk.alike
	plentyAlike = 100_000 // the same, once rows have moved
	enoughEnds  = 16      // see pass.ends
	manyEnds    = 40      // the same, where pages vary in length, as far as is known
)

// listing describes a list.
type listing[T any] struct {
	fetch func(ctx context.Context, offset int, sorted bool) ([]T, PageInfo, error) // sorted: with the sort, if there is one
	id    func(*T) int64                                                            // 0 for a row without an id
	order order
	limit int // rows of a page that are asked for; 0: the service's default
	path  string
	c     *Client
}

// order is the order in which a list is asked for.
type order struct {
	byID    bool // ascending by id
	own     bool // chosen here, not by the caller
	guessed bool // and not documented
}

// walkOrder sets the sort and the limit of a walk: by idKey unless the caller asks for another order, and then with pages of
// at least two rows, as one alone cannot overlap. The sort is a copy.
func walkOrder(sort *[]string, limit *int, idKey string) order {
	o := order{own: len(*sort) == 0}
	if o.own {
		*sort = []string{idKey}
	}
	*sort = slices.Clone(*sort)
	o.byID = (*sort)[0] == idKey // ids are unique: further keys change nothing
	if o.byID && *limit == 1 {
		*limit = 2
	}
	return o
}

// sortedList is a list that is sorted by id unless the caller asks for another order: its parameters P, of which each page changes
// a few, and its rows T.
type sortedList[P, T any] struct {
	path    string
	idKey   string // that sorts by id
	guessed bool   // whether no documentation has that key
	paging  func(*P) (sort *[]string, limit, offset *int)
	list    func(context.Context, *P) ([]T, PageInfo, error)
	id      func(*T) int64
}

// all yields the rows of all pages, from the offset of params on. params is copied.
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

// all yields the rows from offset on, then at most one error.
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

// walk is one listing under way.
type walk[T any] struct {
	listing[T]
	pages  pages[T]
	record delivered
	yield  func(T, error) bool
	start  int  // the caller's offset
	sorted bool // whether the service is believed to sort by id

	pass // what is known of the present reading of the list

	// What is known of the service.
	size   int  // rows of the longest page
	steady bool // whether all totals are the same, and none is below what was seen
	total  int  // the last total
	least  int  // the lowest total
	even   bool // whether all pages are as long as the first one, but for the last
	first  int  // rows of the first page
	alike  int  // how unlikely it is that pages of any length are as long as these were; 1: not at all
	short  bool // whether the last page was of another length than the first
	single bool // whether pages have one row, and so cannot overlap
	cut    bool // whether a page of one row had a total that promised more

	// What was delivered.
	low     int64 // the first id of a sorted list
	rows    int   // delivered
	reached int   // the offset behind the last row that was attached
	repeats int   // rows that were listed again at an offset that was not reached before
	filled  int   // pages that brought rows
	gains   int   // of them, those that count as progress
	passes  int
	missed  int // how many rows a second pass looks for, with those before the caller's offset

	refusal error // of the sort, perhaps

	// Pages in a row without progress; of them, those that were empty against their own total.
	idle, empty, same int
}

// pass is one reading of the list from its start to its end.
type pass struct {
	at     int     // the offset of the next page
	stride int     // how far apart the pages behind it are; 0: not known
	until  int     // the offset of the last page to fetch ahead
	last   int64   // the highest id listed, in a sorted list
	offset int     // of the last page that was attached
	ids    []int64 // of its rows
	moved  bool    // whether a page began with another row than the one that was expected there
	whole  bool    // whether none did, and no row was there twice
	twice  int     // rows of the last page that are there twice
	probe  int     // the offset behind a page with nothing new and room for more; 0: none
	ended  bool    // whether there was such a page since the last that brought rows
	more   bool    // whether the total of that page promised more
	ends   int     // how often in a row the end has shown: twice where the totals agree, once where they do not
	joint  int     // the offset of the last row of the last page that was attached
	beyond int     // an offset behind it where a page was not attached; 0: none
	back   int     // the last step back
	forth  int     // the last step forward over rows that were listed
	found  int     // rows delivered

	below digest // the rows that may have been delivered and forgotten
}

var (
	errLeft  = errors.New("the caller has left the loop")
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
			err = w.verdict(end)
		}
		if err != errAgain {
			return err
		}
	}
}

// read reads pages until the list ends, and returns where.
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
			w.refusal = nil // it was the sort
			w.unsorted(ctx, "the sort is refused")
		}
		if end, err := w.take(ctx, page); err != nil || end >= 0 {
			return end, err
		}
	}
}

// refusesSort reports whether err may refuse a sort that was chosen here. That of a documented sort has to name it.
func (w *walk[T]) refusesSort(err error) bool {
	answer, ok := errors.AsType[*Error](err)
	if !ok || answer.StatusCode != http.StatusBadRequest || !w.order.own || !w.sorted || w.rows > 0 {
		return false
	}
	names := func(d ErrorDetail) bool { return strings.Contains(strings.ToLower(string(d.Code)+d.Message), "sort") }
	return w.order.guessed || len(answer.Details) == 0 || slices.ContainsFunc(answer.Details, names)
}

// unsorted makes the walk take the rows in the order in which they come.
func (w *walk[T]) unsorted(ctx context.Context, reason string) {
	w.sorted, w.record.keepAll = false, true
	w.passes = 1
	w.warn(ctx, reason)
}

func (w *walk[T]) warn(ctx context.Context, reason string) {
	w.c.log.LogAttrs(ctx, slog.LevelWarn, "digicert: listing",
		slog.String("method", http.MethodGet), slog.String("path", w.path), slog.String("reason", reason))
}

// verdict judges a pass that has come to the end of the list.
func (w *walk[T]) verdict(end int) error {
	var reason string
	delivered := w.start + w.rows
	switch {
	case !w.sorted && w.record.floor > 0:
		reason = "the order broke after more rows than are remembered"
	case w.single && w.cut && !w.steady:
		// Whether rows have moved between pages that do not overlap shows in another pass, which finds them.
		reason = "rows move between pages of one row"
		if w.passes > 1 && w.found == 0 {
			return nil
		}
	case delivered >= end:
		return nil
	case w.passes > 1 && (w.sorted || !w.steady || w.repeats > 0):
		return nil // the list moves
	default:
		reason = fmt.Sprintf("%d rows were listed of %d", w.rows, end-w.start)
	}
	if w.passes == 1 {
		w.missed = end
		return errAgain
	}
	return w.openEnd(end, reason)
}

// openEnd returns an error for a listing whose end is not certain.
func (w *walk[T]) openEnd(offset int, reason string) error {
	return fmt.Errorf("%w: GET %s at offset %d: %s", ErrIncomplete, w.path, offset, reason)
}
