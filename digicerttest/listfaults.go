// Faults of paged lists: their order, their totals and their pages.

package digicerttest

import (
	"bytes"
	"sync/atomic"
)

const (
	kindIgnoredSort  faultKind = "ignored-sort"
	kindTotalOfPage  faultKind = "total-of-page"
	kindTotalSoFar   faultKind = "total-so-far"
	kindTotalHigh    faultKind = "total-high"
	kindTotalRandom  faultKind = "total-random"
	kindTotalStale   faultKind = "total-stale"
	kindTotalCapped  faultKind = "total-capped"
	kindCountedLate  faultKind = "counted-late"
	kindShortPages   faultKind = "short-pages"
	kindUnevenPages  faultKind = "uneven-pages"
	kindRepeatedRows faultKind = "repeated-rows"
)

// IgnoredSort lists orders in three groups, each ascending by id, whatever sort is asked for. With After it begins in the middle
// of a listing.
func IgnoredSort() Fault { return Fault{kind: kindIgnoredSort} }

// TotalOfPage sends as the total of a list the number of rows of the page.
func TotalOfPage() Fault { return Fault{kind: kindTotalOfPage} }

// TotalSoFar sends as the total of a list the number of rows up to the end of the page.
func TotalSoFar() Fault { return Fault{kind: kindTotalSoFar} }

// TotalHigh sends a total that is n too high.
func TotalHigh(n int) Fault { return Fault{kind: kindTotalHigh, bytes: int64(n)} }

// TotalRandom sends a random total, from 0 to twice the right one and ten, with each page. The seed is that of Share.
func TotalRandom() Fault { return Fault{kind: kindTotalRandom} }

// TotalStale sends the total of the first list that the fault acts on with each later one.
func TotalStale() Fault { return Fault{kind: kindTotalStale} }

// TotalCapped sends a total of at most n.
func TotalCapped(n int) Fault { return Fault{kind: kindTotalCapped, bytes: int64(n)} }

// CountedLate counts the rows of a list after those of the page are read. In between, rows move again: the function of
// [Server.OnRequest] is called once more, and so is what [Server.Drift] does.
func CountedLate() Fault { return Fault{kind: kindCountedLate} }

// ShortPages cuts pages at n rows, as [WithPageLimit] does.
func ShortPages(n int) Fault { return Fault{kind: kindShortPages, bytes: int64(n)} }

// UnevenPages cuts each page at a random number of rows, at least one. The seed is that of Share.
func UnevenPages() Fault { return Fault{kind: kindUnevenPages} }

// RepeatedRows lists the last row of each page twice. Unlike with DuplicateRows, total and offset count it once.
func RepeatedRows() Fault { return Fault{kind: kindRepeatedRows} }

// listLies is what faults do to a page of a list.
type listLies struct {
	ignoredSort, countedLate, repeatedRows bool

	shortPages int // rows of a page at most; 0: no such fault
	uneven     bool
	random     uint64 // of this request

	total      faultKind
	totalLimit int
	stale      *atomic.Int64 // the first total, and one; 0 before it
}

// lists reports whether the fault is one of a paged list.
func (k faultKind) lists() bool {
	switch k {
	case kindIgnoredSort, kindTotalOfPage, kindTotalSoFar, kindTotalHigh, kindTotalRandom, kindTotalStale, kindTotalCapped,
		kindCountedLate, kindShortPages, kindUnevenPages, kindRepeatedRows:
		return true
	}
	return false
}

// counts reports whether a number belongs to the fault.
func (k faultKind) counts() bool {
	return k == kindTotalHigh || k == kindTotalCapped || k == kindShortPages
}

// paged reports whether a list comes in pages.
func paged(endpoint Endpoint) bool {
	return endpoint == Orders || endpoint == SubaccountOrders || endpoint == Subaccounts
}

// add adds a fault. random is different for each request.
func (l *listLies) add(f Fault, random uint64) {
	switch f.kind {
	case kindIgnoredSort:
		l.ignoredSort = true
	case kindCountedLate:
		l.countedLate = true
	case kindRepeatedRows:
		l.repeatedRows = true
	case kindShortPages:
		l.shortPages = int(f.bytes)
	case kindUnevenPages:
		l.uneven, l.random = true, random
	default:
		l.total, l.totalLimit, l.stale, l.random = f.kind, int(f.bytes), f.stale, random
	}
}

// atMost returns how many rows a page has at most.
func (l *listLies) atMost(limit int) int {
	if l.shortPages > 0 {
		limit = min(limit, l.shortPages)
	}
	if l.uneven {
		limit = 1 + int(l.random%uint64(limit))
	}
	return limit
}

// count returns the total that is sent with a page of so many rows.
func (l *listLies) count(total, offset, rows int) int {
	switch l.total {
	case kindTotalOfPage:
		return rows
	case kindTotalSoFar:
		return offset + rows
	case kindTotalHigh:
		return total + l.totalLimit
	case kindTotalRandom:
		return int(l.random>>32) % (2*total + 10)
	case kindTotalCapped:
		return min(total, l.totalLimit)
	case kindTotalStale:
		l.stale.CompareAndSwap(0, int64(total)+1)
		return int(l.stale.Load() - 1)
	}
	return total
}

// withPageOf returns an answer with the page object of another one.
func withPageOf(rows, counted []byte) []byte {
	const page = `"page":`
	i, j := bytes.LastIndex(rows, []byte(page)), bytes.LastIndex(counted, []byte(page))
	if i < 0 || j < 0 {
		return rows
	}
	return append(rows[:i], counted[j:]...)
}

// ignoredSort is the order of the orders if the sort is ignored. No request can ask for it.
const ignoredSort = "(ignored)"

// under returns the selection as faults change it.
func (q selection) under(fx effects) selection {
	if fx.ignoredSort {
		q.sort = ignoredSort
	}
	return q
}
