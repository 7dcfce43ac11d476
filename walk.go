// The walk from page to page: how a page is processed, and which page is next.

package digicert

import (
	"cmp"
	"context"
	"slices"
)

// take processes a page. It returns the end of the list, or -1 if the list continues.
func (w *walk[T]) take(ctx context.Context, p page[T]) (end int, err error) {
	w.steady = w.steady && p.total >= p.offset+len(p.rows) && (w.filled == 0 || p.total == w.total)
	w.total, w.least = p.total, min(w.least, p.total)
	w.size, w.stride = max(w.size, len(p.rows)), 0
	w.single = w.single && w.size == 1
	if len(p.rows) == 0 {
		return w.takeEmpty(ctx, p)
	}
	ids := make([]int64, len(p.rows))
	for i := range p.rows {
		ids[i] = max(0, w.id(&p.rows[i]))
	}
	if w.sorted && descends(ids) {
		w.unsorted(ctx, "the sort is ignored")
		if w.rows > 0 {
			w.passes = 0
			return 0, errAgain
		}
	}
	if !w.attached(p.offset, ids) {
		w.ends = 0 // there may be rows between that were not listed
		return -1, w.stepBack(p)
	}
	news, named, err := w.deliver(p, ids)
	if err != nil {
		return 0, err
	}
	if w.passes > 1 && w.start+w.rows >= w.missed {
		return w.missed, nil
	}
	if w.sameAgain(p, ids) {
		if p.total != w.rows {
			return 0, w.openEnd(p.offset, "the offset is ignored")
		}
		w.warn(ctx, "the offset is ignored") // the page has all rows
		return w.start + w.rows, nil
	}
	// A repeated row may count once or twice: this is the lowest possible offset of the last row.
	w.twice = twice(ids)
	w.joint = p.offset + len(ids) - w.twice - 1
	w.whole = w.whole && w.twice == 0
	w.offset, w.ids, w.back = p.offset, ids, 0
	switch {
	case news > 0:
		w.goOn(p)
		if named || p.offset+len(ids) <= w.least {
			w.idle, w.empty = 0, 0
			w.gains++
			return -1, nil
		}
	case len(ids) < w.size || len(ids)-w.twice == 1:
		return w.takeEnd(p)
	default:
		w.stepForth()
	}
	return -1, w.noProgress(p)
}

// sameAgain reports whether several pages in a row at different offsets had the same rows.
func (w *walk[T]) sameAgain(p page[T], ids []int64) bool {
	if len(ids) == 1 || p.offset == w.offset || slices.Contains(ids, 0) || !slices.Equal(ids, w.ids) {
		w.same = 0
		return false
	}
	w.same++
	return w.same == maxSamePages || w.same == maxSamePages/2 && p.total == w.rows
}

// descends reports whether an id is lower than one before it.
func descends(ids []int64) bool {
	last := int64(0)
	for _, id := range ids {
		if id != 0 && id < last {
			return true
		}
		last = max(last, id)
	}
	return false
}

// twice returns the number of repeated rows of a page. Rows without an id count as different.
func twice(ids []int64) int {
	if !slices.IsSorted(ids) {
		ids = slices.Sorted(slices.Values(ids))
	}
	n := 0
	for i := 1; i < len(ids); i++ {
		if ids[i] != 0 && ids[i] == ids[i-1] {
			n++
		}
	}
	return n
}

// attached reports whether no row can lie between a page and the rows that were listed.
func (w *walk[T]) attached(offset int, ids []int64) bool {
	if i := offset - w.offset; i >= 0 && i < len(w.ids) && ids[0] == w.ids[i] {
		return true // the same row as before
	}
	if w.ids == nil && offset == w.start {
		return true
	}
	w.single = w.size == 1 && (w.single || w.probe > 0 && offset == w.probe)
	if w.single {
		return true // pages of one row do not overlap
	}
	w.whole, w.moved = false, true
	switch {
	case offset <= w.base():
		return true
	case ids[0] == 0:
		return false
	case w.sorted:
		return ids[0] <= w.last
	}
	entry := w.record.find(ids[0])
	return entry != nil && *entry&listedMark != 0
}

// base returns the lowest offset to which the walk steps back. In a sorted list, rows after the caller's offset may move
// before it, and their ids distinguish them from the rows that were before it.
func (w *walk[T]) base() int {
	if w.sorted && w.last > 0 {
		return 0
	}
	return w.start
}

// deliver yields the rows of an attached page that were not delivered before. It returns the number of rows that were not listed in
// this pass before, and whether one of these has an id.
func (w *walk[T]) deliver(p page[T], ids []int64) (news int, named bool, err error) {
	for i, id := range ids {
		fresh, listed := w.note(id, p.offset+i)
		switch {
		case !listed:
			news++
			named = named || id != 0
		case p.offset+i >= w.reached:
			w.repeats++
		}
		if fresh {
			w.rows++
			w.found++
			if !w.yield(p.rows[i], nil) {
				return 0, false, errLeft
			}
		}
	}
	w.reached = max(w.reached, p.offset+len(ids))
	freeRows(p.rows) // only their number is used after this
	return news, named, nil
}

// note records that a row is listed. It reports whether to deliver the row, and whether this pass listed it
// before. Rows without an id are distinguished by their offsets.
func (w *walk[T]) note(id int64, offset int) (fresh, listed bool) {
	if id == 0 {
		return offset >= w.reached, offset < w.reached
	}
	if w.sorted {
		if w.low == 0 {
			w.low = id
		}
		listed = id <= w.last
		w.last = max(w.last, id)
		if id <= w.record.floor || w.start > 0 && id < w.low || w.record.find(id) != nil {
			return false, listed
		}
		w.record.add(id)
		return true, listed
	}
	fresh, listed = w.record.list(id)
	fresh = fresh && id > w.record.floor
	if !listed {
		w.recall(id)
	}
	return fresh, listed
}

// recall looks for the rows that were delivered while the list seemed sorted and are no longer in the record: any row up to
// the highest of them may be one. Once exactly these rows are listed again, any other row was not delivered.
func (w *walk[T]) recall(id int64) {
	if id <= w.record.floor {
		if w.below.add(id); w.below == w.record.forgotten {
			w.record.floor = 0
		}
	}
}

// goOn moves to the page that overlaps by one row with p, which had new rows.
func (w *walk[T]) goOn(p page[T]) {
	n := len(p.rows)
	w.even = w.even && !w.short && !w.ended && len(p.rows) <= cmp.Or(w.first, len(p.rows))
	w.beyond, w.forth, w.probe, w.ends, w.ended = 0, 0, 0, 0, false
	if w.filled++; w.filled == 1 {
		w.first = n
	}
	w.short = n != w.first
	switch {
	case w.filled == 1:
		w.alike = 1
	case !w.short:
		w.alike = min(w.alike*n, plentyAlike)
	}
	behind := p.offset + n
	w.at = behind - 1
	if w.single {
		w.at = behind
	}
	switch {
	case w.even && !w.short && n > 1 && (n == cmp.Or(w.limit, maxPageLimit) || w.filled > 1):
		w.stride, w.until = n-1, p.total-1 // the offsets of the next pages are known
	case behind >= p.total && !w.regular():
		w.stride, w.until = 1, behind // the overlap row alone, and the probe
	}
}

// regular reports whether enough pages were equally long that a shorter page can be the last. Unless rows have moved, the totals
// must have been equal too.
func (w *walk[T]) regular() bool {
	return w.even && (w.alike >= enoughAlike && w.steady && w.whole || w.alike >= plentyAlike && w.moved)
}

// takeEnd processes a page that has only rows listed before, and room for another row. It is the end if the pages were
// regular. Otherwise the next page has to be empty.
func (w *walk[T]) takeEnd(p page[T]) (end int, err error) {
	behind := w.joint + 1
	w.more = p.total > p.offset+len(p.rows)
	w.cut = w.cut || w.more && w.size == 1
	if !w.more && len(p.rows) < w.size && w.twice == 0 && w.regular() {
		return behind, nil
	}
	w.ended, w.probe, w.at = true, behind, behind
	return -1, w.noProgress(p)
}

// takeProbe processes an empty page after one that may be the end. If no rows have moved, it is the end. Otherwise
// the page before may have been short, and the rows after it may have moved before this one, so the end has to be confirmed
// several times.
func (w *walk[T]) takeProbe(ctx context.Context, p page[T]) (end int, err error) {
	promised := p.total > p.offset
	enough := w.more == promised
	if w.moved {
		w.idle = 0
		if w.ends++; !w.more && !promised {
			w.ends++
		}
		enough = w.ends >= manyEnds || w.ends >= enoughEnds && w.even && w.filled > 1
	}
	if !enough {
		w.at = w.joint
		return -1, w.noProgress(p)
	}
	if promised {
		w.warn(ctx, "the total is higher than the number of rows")
	}
	return p.offset, nil
}

// takeEmpty processes a page without rows.
func (w *walk[T]) takeEmpty(ctx context.Context, p page[T]) (end int, err error) {
	promised := p.total > p.offset
	switch {
	case w.probe > 0 && p.offset == w.probe:
		return w.takeProbe(ctx, p)
	case promised:
		if w.empty++; w.empty > maxEmptyPages {
			return 0, w.openEnd(p.offset, "pages stay empty although the total promises rows")
		}
		return -1, w.stepBack(p)
	case w.single || p.offset <= w.base():
		return p.offset, nil
	default:
		w.empty = 0
	}
	return -1, w.stepBack(p)
}

// stepBack moves back from a page that is not attached: halfway to an attached page before it, or, if there is none, by
// a page and then by twice as much each time.
func (w *walk[T]) stepBack(p page[T]) error {
	w.probe, w.forth, w.same = 0, 0, 0
	if p.offset > w.joint {
		w.beyond = p.offset
		w.at = (w.joint + p.offset) / 2
		return w.noProgress(p)
	}
	w.back = max(1, w.size-1, 2*w.back)
	w.at = max(w.base(), p.offset-w.back)
	w.joint, w.beyond = w.at, 0
	return w.noProgress(p)
}

// stepForth moves forward from a page whose rows were all listed before: halfway to a page after it that is not attached, or,
// if there is none, by a page and then by twice as much each time.
func (w *walk[T]) stepForth() {
	if w.passes > 1 {
		w.at = w.joint // missed rows may be anywhere
		return
	}
	if w.beyond > w.joint {
		w.at = (w.joint + w.beyond) / 2
		return
	}
	w.at, w.beyond = w.joint+w.forth, 0
	w.forth = min(max(w.size-1, 2*w.forth), max(0, max(w.reached, w.total)-w.at))
}

// noProgress counts a page without new rows.
func (w *walk[T]) noProgress(p page[T]) error {
	if w.idle++; w.idle > maxIdlePages+4*w.gains {
		return w.openEnd(p.offset, "too many pages have no new rows")
	}
	return nil
}
