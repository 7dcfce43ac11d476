// Paging: PageInfo, and checks of page and sort parameters.

package digicert

import (
	"slices"
	"strings"
	"unicode"
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
			return paramErrorf("sort", "%q is not a key of this list; the keys are %s, each with an optional leading -",
				oneLine(key, 40), strings.Join(known, ", "))
		}
	}
	return nil
}

// checkSortKeys refuses what can be no key of any list, for one whose keys are not known.
func checkSortKeys(keys []string) error {
	for _, key := range keys {
		name := strings.TrimPrefix(key, "-")
		if name == "" || name[0] == '-' || strings.ContainsFunc(name, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
			return paramErrorf("sort", "%q is not a key: a key is not empty, and has no second -, comma or white space", oneLine(key, 40))
		}
	}
	return nil
}
