// Lists of rows, in pages or whole.

package digicerttest

import "math"

// maxPageLimit is the documented maximum and default of "limit", in rows.
const maxPageLimit = 1000

// paging is which rows of a list a request asks for.
type paging struct{ limit, offset int }

// paging reads limit and offset. The limit that was applied is the one that the page object tells.
func (s *Server) paging(q *query) paging {
	limit := int(q.int("limit", 0, maxPageLimit))
	offset := int(q.int("offset", 0, math.MaxInt32))
	if limit == 0 { // that an explicit 0 is the default too is a guess
		limit = maxPageLimit
	}
	return paging{min(limit, s.pageLimit), offset}
}

// appendRows appends an answer that lists n rows and is not paged. Without rows their key is missing.
func appendRows(b []byte, key string, n int, m mischief, row func(b []byte, i int) []byte) []byte {
	if n == 0 {
		return append(b, "{}"...)
	}
	b = append(b, '{')
	return append(appendMember(b, key, 0, n*m.copies(), m, row), '}')
}

// appendMember appends the rows from first to last of a list that has each as often as m says.
func appendMember(b []byte, key string, first, last int, m mischief, row func(b []byte, i int) []byte) []byte {
	b = append(appendString(b, key), ":["...)
	for i := first; i < last; i++ {
		b = append(row(b, i/m.copies()), ',')
	}
	b[len(b)-1] = ']'
	return b
}

// appendPaged appends an answer that lists n rows in pages. An empty page lacks the key of its rows.
func appendPaged(b []byte, key string, n int, p paging, m mischief, row func(b []byte, i int) []byte) []byte {
	total := n * m.copies()
	b = append(b, '{')
	if first := min(p.offset, total); first < total {
		b = append(appendMember(b, key, first, min(first+p.limit, total), m, row), ',')
	}
	return appendPage(b, total, p.limit, p.offset)
}

// appendPage appends the documented page object as the last member of the answer.
func appendPage(b []byte, total, limit, offset int) []byte {
	b = appendInt(b, `"page":{"total":`, total)
	b = appendInt(b, `,"limit":`, limit)
	return append(appendInt(b, `,"offset":`, offset), "}}"...)
}
