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

// IgnoredSort ignores the requested sort and lists orders in three groups, each ascending by id. With After it begins in the
// middle of a listing.
func IgnoredSort() Fault { return Fault{kind: kindIgnoredSort} }

// TotalOfPage sends the number of rows of the page as the total.
func TotalOfPage() Fault { return Fault{kind: kindTotalOfPage} }

// TotalSoFar sends the number of rows up to the end of the page as the total.
func TotalSoFar() Fault { return Fault{kind: kindTotalSoFar} }

// TotalHigh sends a total that is n too high.
func TotalHigh(n int) Fault { return Fault{kind: kindTotalHigh, bytes: int64(n)} }

// TotalRandom sends a random total with each page, less than twice the right one plus 10. The seed is that of Share.
func TotalRandom() Fault { return Fault{kind: kindTotalRandom} }

// TotalStale sends the total of the first affected page with all affected pages.
func TotalStale() Fault { return Fault{kind: kindTotalStale} }

// TotalCapped sends a total of at most n.
func TotalCapped(n int) Fault { return Fault{kind: kindTotalCapped, bytes: int64(n)} }

// CountedLate counts the rows of a list after the rows of the page are read. In between, the function of
// [Server.OnRequest] and the changes of [Server.Drift] run once more.
func CountedLate() Fault { return Fault{kind: kindCountedLate} }

// ShortPages limits pages to n rows, like [WithPageLimit].
func ShortPages(n int) Fault { return Fault{kind: kindShortPages, bytes: int64(n)} }

// UnevenPages limits each page to a random number of rows, at least one. The seed is that of Share.
func UnevenPages() Fault { return Fault{kind: kindUnevenPages} }

// RepeatedRows lists the last row of each page twice. Unlike with DuplicateRows, total and offset count it once.
func RepeatedRows() Fault { return Fault{kind: kindRepeatedRows} }

// listEffects are the effects of faults on a page of a list.
type listEffects struct {
	ignoredSort, countedLate, repeatedRows bool

	shortPages int // maximum number of rows of a page; 0: no such fault
	uneven     bool
	random     uint64 // of this request

	total      faultKind
	totalLimit int
	stale      *atomic.Int64 // the first total plus 1; 0 if there is none yet
}

// lists reports whether the fault is one of paged lists.
func (k faultKind) lists() bool {
	switch k {
	case kindIgnoredSort, kindTotalOfPage, kindTotalSoFar, kindTotalHigh, kindTotalRandom, kindTotalStale, kindTotalCapped,
		kindCountedLate, kindShortPages, kindUnevenPages, kindRepeatedRows:
		return true
	}
	return false
}

// counts reports whether the fault has a number of rows.
func (k faultKind) counts() bool {
	return k == kindTotalHigh || k == kindTotalCapped || k == kindShortPages
}

// paged reports whether the endpoint has a paged list.
func paged(endpoint Endpoint) bool {
	return endpoint == Orders || endpoint == SubaccountOrders || endpoint == Subaccounts
}

// add adds a fault. random is different for each request.
func (l *listEffects) add(f Fault, random uint64) {
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

// atMost returns the maximum number of rows of a page.
func (l *listEffects) atMost(limit int) int {
	if l.shortPages > 0 {
		limit = min(limit, l.shortPages)
	}
	if l.uneven {
		limit = 1 + int(l.random%uint64(limit))
	}
	return limit
}

// count returns the total that is sent with a page. rows is the number of its rows.
func (l *listEffects) count(total, offset, rows int) int {
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

// withPageOf returns rows with the page object of counted.
func withPageOf(rows, counted []byte) []byte {
	const page = `"page":`
	i, j := bytes.LastIndex(rows, []byte(page)), bytes.LastIndex(counted, []byte(page))
	if i < 0 || j < 0 {
		return rows
	}
	return append(rows[:i], counted[j:]...)
}

// ignoredSort is the sort key of IgnoredSort. It is not valid in a request.
const ignoredSort = "(ignored)"

// under returns the selection with the effects of faults.
func (q selection) under(fx effects) selection {
	if fx.ignoredSort {
		q.sort = ignoredSort
	}
	return q
}
