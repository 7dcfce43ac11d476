// The walk through the pages of a list, behind every All method.

package digicert

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"sync"
)

// How long a listing goes on while its pages bring nothing new. Rows that are inserted while it runs
// push delivered ones into later pages, so one such page proves nothing; a service that ignores
// the offset brings nothing new for ever.
const (
	maxIdlePages  = 64 // pages in a row without a new row
	maxEmptyPages = 8  // of them, pages without any row although the page before announced more
)

// walkOrder makes of the sort and the limit that a caller gave those of the walk: by id unless another order is
// asked for, and then with pages of at least two rows, as one alone cannot overlap. The sort is a copy.
func walkOrder(sort *[]string, limit *int) (byID bool) {
	if len(*sort) == 0 {
		*sort = []string{"id"}
	}
	*sort = slices.Clone(*sort)
	byID = slices.Equal(*sort, []string{"id"})
	if byID && *limit == 1 {
		*limit = 2
	}
	return byID
}

// listing yields every row of a paged list once, while rows come and go.
type listing[T any] struct {
	fetch func(ctx context.Context, offset int) ([]T, PageInfo, error)
	id    func(*T) int64
	width int  // pages in flight
	byID  bool // whether the service was asked to sort by id, ascending
}

// all yields the rows from offset on, then at most one error.
func (l listing[T]) all(ctx context.Context, offset int) iter.Seq2[T, error] {
	return func(yield func(T, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		pages := &pages[T]{ctx: ctx, fetch: l.fetch, width: 1}
		defer pages.wait()
		defer cancel()
		fail := func(err error) { yield(*new(T), err) }
		if l.byID {
			l.sorted(pages, offset, yield, fail)
		} else {
			l.unsorted(pages, pages.next(offset, 0, 0), 0, yield, fail)
		}
	}
}

// sorted lists what is sorted by id. Consecutive pages overlap by one row. A page is attached to what was
// delivered when it begins at or before the last row delivered, or at the beginning of the list: whenever it was
// fetched, no row that was there all the time can then lie between. A page that is not attached,
// or is empty, shows that rows before it were removed, and the walk steps back until one is.
func (l listing[T]) sorted(pages *pages[T], offset int, yield func(T, error) bool, fail func(error)) {
	var (
		last     int64 // the id delivered last; 0 before the first
		size     int   // rows of a full page: the service may cap it below what was asked for
		total    int   // as last told
		back     int   // how far to step back next
		idle     int   // pages in a row without a new row
		empty    int   // of them, pages without any
		at       = offset
		attached bool
	)
	for {
		next := 0
		if attached {
			next = size - 1
		}
		page := pages.next(at, next, total-1)
		if page.err != nil {
			fail(page.err)
			return
		}
		rows := page.rows
		if last == 0 && len(rows) == 0 {
			return
		}
		if !l.ascending(rows) || size == 1 && len(rows) == 1 {
			// The service ignores the sort, or its pages are too small to overlap.
			l.unsorted(pages, page, last, yield, fail)
			return
		}
		total = page.info.Total
		attached = len(rows) > 0 && (last == 0 || at == 0 || l.id(&rows[0]) <= last)
		if !attached {
			if len(rows) == 0 {
				if empty++; empty > maxEmptyPages {
					return
				}
			}
			back = max(1, 2*back, size-1)
			at = max(0, at-back)
			if at == 0 && len(rows) == 0 && page.offset == 0 {
				return // the whole list is gone
			}
			continue
		}
		back = 0
		size = max(size, len(rows))
		fresh := false
		for i := range rows {
			if id := l.id(&rows[i]); id > last {
				last, fresh = id, true
				if !yield(rows[i], nil) {
					return
				}
			}
		}
		pages.width = l.width
		switch {
		case fresh:
			idle, empty = 0, 0
			if page.offset+len(rows) == total {
				return
			}
		case len(rows) < size:
			return // the end, whatever the total says
		default:
			if idle++; idle > maxIdlePages {
				fail(noProgress(page.offset))
				return
			}
		}
		at = page.offset + len(rows) - 1
		if size == 1 {
			at++
		}
	}
}

// unsorted lists in whatever order the rows come, page by page from a given one on, and remembers every id in order to
// yield none twice. Rows up to floor were delivered before. A row that moves to an earlier page while the
// listing runs is missed: nothing in the pages tells.
func (l listing[T]) unsorted(pages *pages[T], page page[T], floor int64, yield func(T, error) bool, fail func(error)) {
	seen := make(map[int64]struct{})
	idle := 0
	for {
		if page.err != nil {
			fail(page.err)
			return
		}
		if len(page.rows) == 0 {
			return
		}
		fresh := false
		for i := range page.rows {
			id := l.id(&page.rows[i])
			if _, known := seen[id]; known || id <= floor && id > 0 {
				continue
			}
			if id > 0 { // a row without an id cannot be told from others
				seen[id], fresh = struct{}{}, true
			}
			if !yield(page.rows[i], nil) {
				return
			}
		}
		pages.width = l.width
		if idle++; fresh {
			idle = 0
		}
		at := page.offset + len(page.rows)
		// A total that is smaller than what was seen is wrong, and the empty page is waited for.
		end := at == page.info.Total
		if idle > 3 || idle > 0 && end {
			fail(noProgress(page.offset))
			return
		}
		if end {
			return
		}
		page = pages.next(at, len(page.rows), page.info.Total)
	}
}

func (l listing[T]) ascending(rows []T) bool {
	for i := range rows {
		if id := l.id(&rows[i]); id <= 0 || i > 0 && id < l.id(&rows[i-1]) {
			return false
		}
	}
	return true
}

func noProgress(offset int) error {
	return fmt.Errorf("digicert: the page at offset %d: %w", offset, ErrNoProgress)
}

// pages fetches pages ahead of those that are asked for.
type pages[T any] struct {
	ctx    context.Context
	fetch  func(ctx context.Context, offset int) ([]T, PageInfo, error)
	width  int // how many are under way at the most
	ahead  []pending[T]
	flying sync.WaitGroup
}

type page[T any] struct {
	offset int
	rows   []T
	info   PageInfo
	err    error
}

type pending[T any] struct {
	offset int
	cancel context.CancelFunc
	done   <-chan page[T]
}

// next returns the page at offset. Meanwhile those that follow it, stride rows apart and before end, are
// fetched too. Pages under way that do not continue from offset are given up.
func (p *pages[T]) next(offset, stride, end int) page[T] {
	if len(p.ahead) > 0 && p.ahead[0].offset != offset {
		for _, a := range p.ahead {
			a.cancel()
		}
		p.ahead = nil
	}
	if len(p.ahead) == 0 {
		p.start(offset)
	}
	for stride > 0 && len(p.ahead) < p.width {
		following := p.ahead[len(p.ahead)-1].offset + stride
		if following >= end {
			break
		}
		p.start(following)
	}
	first := p.ahead[0]
	p.ahead = p.ahead[1:]
	defer first.cancel()
	return <-first.done
}

func (p *pages[T]) start(offset int) {
	ctx, cancel := context.WithCancel(p.ctx)
	done := make(chan page[T], 1)
	p.ahead = append(p.ahead, pending[T]{offset, cancel, done})
	p.flying.Go(func() {
		rows, info, err := p.fetch(ctx, offset)
		done <- page[T]{offset, rows, info, err}
	})
}

// wait waits until nothing is under way; the context has ended.
func (p *pages[T]) wait() {
	for _, a := range p.ahead {
		a.cancel()
	}
	p.flying.Wait()
}
