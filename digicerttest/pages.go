// Lists of rows, paged or not.

package digicerttest

import "math"

// maxPageLimit is the documented maximum and default of limit, in rows.
const maxPageLimit = 1000

// paging is the requested page of a list.
type paging struct{ limit, offset int }

// paging reads limit and offset and applies the page limit of the server.
func (s *Server) paging(q *query) paging {
	limit := int(q.int("limit", 0, maxPageLimit))
	offset := int(q.int("offset", 0, math.MaxInt32))
	if limit == 0 { // that an explicit 0 is the default is a guess
		limit = maxPageLimit
	}
	return paging{min(limit, s.pageLimit), offset}
}

// appendRows appends an unpaged list of n rows. Without rows, the key is omitted.
func appendRows(b []byte, key string, n int, fx effects, row func(b []byte, i int) []byte) []byte {
	if n == 0 {
		return append(b, "{}"...)
	}
	b = append(b, '{')
	return append(appendMember(b, key, 0, n*fx.copies(), fx, row), '}')
}

// appendMember appends the rows from first to last, repeated according to fx.
func appendMember(b []byte, key string, first, last int, fx effects, row func(b []byte, i int) []byte) []byte {
	b = append(appendString(b, key), ":["...)
	for i := first; i < last; i++ {
		b = append(row(b, i/fx.copies()), ',')
	}
	if fx.repeatedRows {
		b = append(row(b, (last-1)/fx.copies()), ',')
	}
	b[len(b)-1] = ']'
	return b
}

// appendPaged appends a page of a list of n rows. On an empty page, the key of the rows is omitted.
func appendPaged(b []byte, key string, n int, p paging, fx effects, row func(b []byte, i int) []byte) []byte {
	total := n * fx.copies()
	b = append(b, '{')
	first := min(p.offset, total)
	last := min(first+fx.atMost(p.limit), total)
	if first < last {
		b = append(appendMember(b, key, first, last, fx, row), ',')
	}
	return appendPage(b, fx.count(total, p.offset, last-first), p.limit, p.offset)
}

// appendPage appends the page object as the last member of the response.
func appendPage(b []byte, total, limit, offset int) []byte {
	b = appendInt(b, `"page":{"total":`, total)
	b = appendInt(b, `,"limit":`, limit)
	return append(appendInt(b, `,"offset":`, offset), "}}"...)
}
