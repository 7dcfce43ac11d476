// Pages of a list, fetched ahead of the walk.

package digicert

import (
	"context"
	"sync"
)

// page is one answer of a list.
type page[T any] struct {
	offset int
	rows   []T
	total  int // as the service reported it with this page
	err    error
}

// pages fetches pages ahead of those that the walk asks for.
type pages[T any] struct {
	ctx    context.Context
	fetch  func(ctx context.Context, offset int, sorted bool) ([]T, PageInfo, error)
	sorted bool // whether the sort is sent
	width  int  // pages in flight at most
	ahead  []pending[T]
	flying sync.WaitGroup
}

// pending is a page that was asked for.
type pending[T any] struct {
	offset int
	cancel context.CancelFunc
	done   <-chan page[T]
}

// next returns the page at offset. While it waits, the pages that follow are fetched too: stride rows apart, the last one at
// end. A stride of 0 fetches none. Pages in flight that do not continue from offset are canceled.
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

// start asks for a page.
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

// wait cancels all pages in flight and waits until nothing is under way.
func (p *pages[T]) wait() {
	p.drop()
	p.flying.Wait()
}
