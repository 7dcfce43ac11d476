package digicert

import (
	"fmt"
	"slices"
	"strings"
)

// maxPageLimit is the largest page, in rows, and the service's default.
const maxPageLimit = 1000

// PageInfo is the documented "page" of a paged list.
type PageInfo struct {
	Total  int `json:"total"`  // rows of all pages
	Limit  int `json:"limit"`  // the most rows that a page has
	Offset int `json:"offset"` // rows before this page
}

// checkPage refuses limits and offsets that the service would refuse.
func checkPage(limit, offset int) error {
	if limit < 0 || limit > maxPageLimit {
		return paramErrorf("limit", "%d is outside 0 to %d (0 is the service's default)", limit, maxPageLimit)
	}
	if offset < 0 {
		return paramErrorf("offset", "%d is negative", offset)
	}
	return nil
}

// checkSort refuses keys outside known. A leading - asks for descending order.
func checkSort(keys, known []string) error {
	for _, key := range keys {
		if !slices.Contains(known, strings.TrimPrefix(key, "-")) {
			return paramErrorf("sort", "%q is no key of this list; it has %s, each with an optional leading -",
				oneLine(key, 40), strings.Join(known, ", "))
		}
	}
	return nil
}

// walk yields the rows of all pages, fetched one after another from offset on.
//
// It ends on the service's total, unless rows beyond it were seen, which shows the total to be
// wrong, and on an empty page. The size of a page is the service's choice, so
// the next offset counts the rows that came, not those that were asked for. A page in which
// no id is new ends the walk with ErrNoProgress: the service ignores the offset, and the
// listing must not look complete.
func walk[T any, ID comparable](offset int, fetch func(offset int) ([]T, PageInfo, error), id func(T) ID, yield func(T, error) bool) {
	seen := make(map[ID]struct{})
	for {
		rows, page, err := fetch(offset)
		if err != nil {
			yield(*new(T), err)
			return
		}
		if len(rows) == 0 {
			return
		}
		before := len(seen)
		for _, row := range rows {
			seen[id(row)] = struct{}{}
		}
		if len(seen) == before {
			yield(*new(T), fmt.Errorf("digicert: the page at offset %d: %w", offset, ErrNoProgress))
			return
		}
		for _, row := range rows {
			if !yield(row, nil) {
				return
			}
		}
		offset += len(rows)
		if offset == page.Total {
			return
		}
	}
}
