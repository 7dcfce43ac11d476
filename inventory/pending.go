// Pending orders: those that are to be read.

package inventory

import (
	"context"
	"time"
)

// pendingRow is a row of the table pending.
type pendingRow struct {
	order int64
	since string
	again text
}

var pendingTable = table[pendingRow]{
	name:    "pending",
	key:     "order_id",
	columns: []string{"order_id", "since", "again_at"},
	values:  func(args []any, r *pendingRow) []any { return append(args, r.order, r.since, value(r.again)) },
	fields:  func(r *pendingRow) []any { return []any{&r.order, &r.since, &r.again} },
}

// await makes orders pending: they are read before the sync ends, or by the next one. listed is whether a list of this sync has their
// new state.
func (s *session) await(ctx context.Context, tx *transaction, ids []int64, listed bool) error {
	rows := make([]pendingRow, len(ids))
	for i, id := range ids {
		rows[i] = pendingRow{order: id, since: s.at}
		s.pending[id] = listed
	}
	return pendingTable.write(ctx, tx, rows)
}

// The time before an order that could not be read is read again is at most maxPause. If it is shorter than minPause, the order is read again
// at once.
const minPause, maxPause = time.Minute, 24 * time.Hour

// postpone makes orders that could not be read pending. Each is due again when it has been pending for twice as long.
func (s *session) postpone(ctx context.Context, tx *transaction, ids []int64) error {
	rows, err := pendingTable.read(ctx, tx, ids, func(r *pendingRow) int64 { return r.order })
	if err != nil {
		return err
	}
	now := time.Now()
	postponed := make([]pendingRow, 0, len(ids))
	for _, id := range ids {
		row := pendingRow{order: id, since: s.at}
		if old := rows[id]; old != nil {
			row = *old
		}
		var since time.Time
		if err := moment(&since).Scan(row.since); err != nil {
			return err
		}
		pause := min(now.Sub(since), maxPause)
		if pause < minPause {
			pause = 0
		}
		row.again = some(formatMoment(now.Add(pause)))
		postponed = append(postponed, row)
	}
	return pendingTable.write(ctx, tx, postponed)
}

// ever is later than every moment.
const ever = "9999-12-31T23:59:59Z"

// due returns how many pending orders are due at a moment.
func (s *session) due(ctx context.Context, moment string) (n int, err error) {
	err = s.conn.QueryRowContext(ctx, s.inv.query("SELECT count(*) FROM pending WHERE coalesce(again_at, '') <= ?"), moment).Scan(&n)
	return n, err
}
