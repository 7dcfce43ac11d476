// Reuse of the memory of rows.

package digicert

import (
	"reflect"
	"sync"
)

// rowPools holds the memory of delivered pages, by list type, for reuse by the next pages: rows are large, and a listing
// does not keep them.
var rowPools sync.Map // from reflect.Type to *sync.Pool

// freeRows returns the memory of rows to the pool. The caller must not use rows afterwards.
func freeRows[T any](rows []T) {
	if cap(rows) == 0 {
		return
	}
	clear(rows[:cap(rows)])
	pool, _ := rowPools.LoadOrStore(reflect.TypeFor[[]T](), new(sync.Pool))
	rows = rows[:0]
	pool.(*sync.Pool).Put(&rows)
}

// takeRows sets list to an empty list from the pool with capacity for n to 2n rows. It reports whether the pool had one.
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
