// Memory of rows: a listing gives back that of the pages it has delivered.

package digicert

import (
	"reflect"
	"sync"
)

// rowPools holds, by the type of a list, the memory of delivered pages for the next ones: rows are large, and a listing
// keeps none of them.
var rowPools sync.Map // from reflect.Type to *sync.Pool

// freeRows gives back the memory of rows, which nobody may use any more.
func freeRows[T any](rows []T) {
	if cap(rows) == 0 {
		return
	}
	clear(rows[:cap(rows)])
	pool, _ := rowPools.LoadOrStore(reflect.TypeFor[[]T](), new(sync.Pool))
	rows = rows[:0]
	pool.(*sync.Pool).Put(&rows)
}

// takeRows sets list to an empty one with room for n rows, and not for many more, from memory that was given back. It
// reports whether there was any.
func takeRows(list reflect.Value, n int) bool {
	pool, ok := rowPools.Load(list.Type())
	if !ok || n == 0 {
		return false
	}
	given := pool.(*sync.Pool).Get()
	if given == nil {
		return false
	}
	rows := reflect.ValueOf(given).Elem()
	if rows.Cap() < n || rows.Cap() > 2*n {
		pool.(*sync.Pool).Put(given)
		return false
	}
	list.Set(rows)
	return true
}
