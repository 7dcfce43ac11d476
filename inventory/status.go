// The state of an inventory: when it was synced, and what is in it.

package inventory

import (
	"context"
	"database/sql"
	"time"

	"github.com/go-digicert/digicert"
)

// State is the progress of the syncs of an inventory. Moments are in whole seconds, by the clock of the machine that synced.
type State struct {
	SyncedAt time.Time // when the last complete sync ended; zero if there was none
	ListedAt time.Time // when the last complete full listing began; zero if there was none
	// Version changes at the beginning and at the end of a sync, and with each batch of a list or of orders that changed.
	Version string
}

// State returns the state of the inventory.
func (inv *Inventory) State(ctx context.Context) (s State, err error) {
	const query = `SELECT synced_at, listed_at, holder || ' ' || coalesce(synced_at, '') || ' ' || coalesce(polled_at, '') || ' ' ||
		list_part || ' ' || CAST(list_rows AS TEXT) || ' ' || CAST((SELECT coalesce(max(id), 0) FROM changes) AS TEXT) || ' ' ||
		CAST((SELECT count(*) FROM pending) AS TEXT) FROM sync_state WHERE id = 1`
	err = inv.View(ctx, func(tx *sql.Tx) error {
		return tx.QueryRowContext(ctx, query).Scan(moment(&s.SyncedAt), moment(&s.ListedAt), &s.Version)
	})
	return s, err
}

// Counts are numbers of orders and certificates, without removed orders.
type Counts struct {
	Orders       map[digicert.OrderStatus]int
	Certificates map[digicert.OrderStatus]int // by the status of their orders
	InUse        map[digicert.Date]int        // certificates in use, including expired ones, by their last day; zero if not known
}

// Counts counts the orders and certificates of the inventory.
func (inv *Inventory) Counts(ctx context.Context) (*Counts, error) {
	counts := new(Counts)
	err := inv.View(ctx, func(tx *sql.Tx) (err error) {
		if counts.Orders, err = countBy[digicert.OrderStatus](ctx, inv, tx, "SELECT status, count(*) FROM orders WHERE removed_at IS NULL GROUP BY 1"); err != nil {
			return err
		}
		if counts.Certificates, err = countBy[digicert.OrderStatus](ctx, inv, tx,
			"SELECT o.status, count(*) FROM certificates c JOIN orders o ON o.id = c.order_id WHERE o.removed_at IS NULL GROUP BY 1"); err != nil {
			return err
		}
		// GROUP BY valid_till would make SQLite read the table in the order of an index, which takes ten times as long.
		days, err := countBy[string](ctx, inv, tx, "SELECT coalesce(valid_till, ''), count(*) FROM inventory WHERE in_use GROUP BY 1")
		if err != nil {
			return err
		}
		counts.InUse = make(map[digicert.Date]int)
		for text, n := range days {
			var last digicert.Date
			if err := day(&last).Scan(text); err != nil {
				return err
			}
			counts.InUse[last] += n
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return counts, nil
}

// countBy returns the rows of a query for a text and a number.
func countBy[T ~string](ctx context.Context, inv *Inventory, tx *sql.Tx, query string) (map[T]int, error) {
	numbers := make(map[T]int)
	for _, err := range rowsIn(ctx, inv.dialect, tx, query, nil, func(rows *sql.Rows) (none struct{}, err error) {
		var by T
		var n int
		err = rows.Scan(&by, &n)
		numbers[by] = n
		return none, err
	}) {
		if err != nil {
			return nil, err
		}
	}
	return numbers, nil
}
