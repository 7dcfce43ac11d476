// Concurrent fetching of the pages of a list.

package digicert

import (
	"context"
	"sync"
)

// page is one page of a list.
type page[T any] struct {
	offset int
	rows   []T
	total  int // as reported with this page
	err    error
}

// pages prefetches pages for a walk.
type pages[T any] struct {
	ctx    context.Context
	fetch  func(ctx context.Context, offset int, sorted bool) ([]T, PageInfo, error)
	sorted bool // whether the sort is sent
	width  int  // maximum number of pages in flight
	ahead  []pending[T]
	flying sync.WaitGroup
}

// pending is a page in flight.
type pending[T any] struct {
	offset int
	cancel context.CancelFunc
	done   <-chan page[T]
}

// next returns the page at offset. It also starts to fetch the following pages, stride rows apart and up to offset end; a
// stride of 0 prefetches none. If the pages in flight do not begin at offset, they are canceled.
func (p *pages[T]) next(offset, stride, end int) page[T] {
	if len(p.ahead) > 0 && p.ahead[0].offset != offset {
		p.drop()
	}
	if len(p.ahead) == 0 {
		p.start(offset)
	}
	for stride > 0 && len(p.ahead) < p.width {
		newest := p.ahead[len(p.ahead)-1].offset
		if newest >= end {
			break
		}
		p.start(min(newest+stride, end))
	}
	first := p.ahead[0]
	p.ahead = p.ahead[1:]
	defer first.cancel()
	return <-first.done
}

// start begins to fetch a page.
func (p *pages[T]) start(offset int) {
	ctx, cancel := context.WithCancel(p.ctx)
	done := make(chan page[T], 1)
	p.ahead = append(p.ahead, pending[T]{offset, cancel, done})
	sorted := p.sorted
	p.flying.Go(func() {
		rows, info, err := p.fetch(ctx, offset, sorted)
		done <- page[T]{offset, rows, info.Total, err}
	})
}

// drop cancels all pages in flight.
func (p *pages[T]) drop() {
	for _, a := range p.ahead {
		a.cancel()
	}
	p.ahead = nil
}

// wait cancels all pages in flight and waits for their requests to end.
func (p *pages[T]) wait() {
	p.drop()
	p.flying.Wait()
}
