// Paging: PageInfo, and checks of page and sort parameters.

package digicert

import (
	"slices"
	"strings"
	"unicode"
)

// maxPageLimit is the maximum number of rows per page, and the service's default.
const maxPageLimit = 1000

// PageInfo is the documented "page" of a paged list.
type PageInfo struct {
	Total  int `json:"total"`  // rows in all pages
	Limit  int `json:"limit"`  // maximum number of rows per page
	Offset int `json:"offset"` // rows before this page
}

// checkPage returns an error for a limit or an offset that the service would refuse.
func checkPage(limit, offset int) error {
	if limit < 0 || limit > maxPageLimit {
		return paramErrorf("limit", "%d is outside 0 to %d (0 is the service's default)", limit, maxPageLimit)
	}
	if offset < 0 {
		return paramErrorf("offset", "%d is negative", offset)
	}
	return nil
}

// checkSort returns an error for a key that is not in known. A leading - sorts in descending order.
func checkSort(keys, known []string) error {
	for _, key := range keys {
		if !slices.Contains(known, strings.TrimPrefix(key, "-")) {
			return paramErrorf("sort", "%q is not a sort key of this list; the keys are %s, each with an optional leading -",
				oneLine(key, 40), strings.Join(known, ", "))
		}
	}
	return nil
}

// checkSortKeys returns an error for a string that cannot be a sort key, for lists whose keys are not known.
func checkSortKeys(keys []string) error {
	for _, key := range keys {
		name := strings.TrimPrefix(key, "-")
		if name == "" || name[0] == '-' || strings.ContainsFunc(name, func(r rune) bool { return r == ',' || unicode.IsSpace(r) }) {
			return paramErrorf("sort", "%q is not a sort key: it must be a name without commas and white space, after an optional -", oneLine(key, 40))
		}
	}
	return nil
}
