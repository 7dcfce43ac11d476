// The progress of syncs, and the transactions that store it.

package inventory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// ErrBusy is the error of a sync while another program or goroutine syncs the same inventory.
var ErrBusy = errors.New("another sync of this inventory is under way")

// ErrOtherAccount is the error of a sync with a key of another account than the inventory.
var ErrOtherAccount = errors.New("the inventory is of another account")

// syncState is the row of the table sync_state. Moments are those of the local clock.
type syncState struct {
	account      number // of the key
	poll         []byte // of digicert.StatusChangesService.Poll; empty before the first one
	polledAt     time.Time
	polledChange int64

	listPart    string // the current list of a full listing; empty if there is none
	listRows    int64
	listLast    int64
	listOwnOnly bool // whether the key had no permission for subaccounts
	listBeganAt time.Time
	listSavedAt time.Time
	listedAt    time.Time // when the last complete full listing began; zero if there was none

	syncedAt time.Time
}

const stateColumns = "account_id, poll_state, polled_at, polled_change, list_part, list_rows, list_last, list_own_only, list_began_at, list_saved_at, listed_at, synced_at"

func (inv *Inventory) loadState(ctx context.Context, q querier) (s syncState, err error) {
	err = q.QueryRowContext(ctx, "SELECT "+stateColumns+" FROM sync_state WHERE id = 1").Scan(&s.account, &s.poll, moment(&s.polledAt), &s.polledChange,
		&s.listPart, &s.listRows, &s.listLast, &s.listOwnOnly, moment(&s.listBeganAt), moment(&s.listSavedAt), moment(&s.listedAt), moment(&s.syncedAt))
	return s, err
}

// save stores the state. It fails if another sync has taken over.
func (s *syncState) save(ctx context.Context, tx *transaction, holder string) error {
	result, err := tx.exec(ctx, `UPDATE sync_state SET account_id = ?, poll_state = ?, polled_at = ?, polled_change = ?, list_part = ?, list_rows = ?, list_last = ?,
		list_own_only = ?, list_began_at = ?, list_saved_at = ?, listed_at = ?, synced_at = ? WHERE id = 1 AND holder = ?`,
		value(s.account), s.poll, momentText(s.polledAt), s.polledChange, s.listPart, s.listRows, s.listLast, s.listOwnOnly,
		momentText(s.listBeganAt), momentText(s.listSavedAt), momentText(s.listedAt), momentText(s.syncedAt), holder)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n != 1 {
		return errors.Join(err, fmt.Errorf("%w: it has taken over from this one", ErrBusy))
	}
	return nil
}

// transaction is a transaction of a sync, on its connection.
type transaction struct {
	*session
	next syncState // the state that is stored with it
}

func (tx *transaction) exec(ctx context.Context, query string, args ...any) (sql.Result, error) {
	return tx.conn.ExecContext(ctx, tx.inv.query(query), args...)
}

// each calls f for each row of a query.
func (s *session) each(ctx context.Context, query string, args []any, f func(*sql.Rows) error) error {
	rows, err := s.conn.QueryContext(ctx, s.inv.query(query), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// prepared returns a prepared statement of the connection.
func (tx *transaction) prepared(ctx context.Context, name string, query func() string) (*sql.Stmt, error) {
	stmt, ok := tx.stmts[name]
	if !ok {
		var err error
		if stmt, err = tx.conn.PrepareContext(ctx, tx.inv.query(query())); err != nil {
			return nil, err
		}
		tx.stmts[name] = stmt
	}
	return stmt, nil
}

// commit runs f in a transaction that also stores the state tx.next, which f may change. After its first error, f must not write anything
// more.
//
// It does not use a sql.Tx, which would prepare its statements again for each transaction. A sql.Tx also rolls back as soon as its context
// ends, while a statement may be running, and later statements would run outside of a transaction.
func (s *session) commit(ctx context.Context, f func(tx *transaction) error) error {
	if s.inv.life.Err() != nil {
		return errClosed
	}
	committed := false
	defer func() { // also if f panics
		if !committed {
			// This fails if the database already rolled back. The connection is not used again.
			_, _ = s.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		}
	}()
	if _, err := s.conn.ExecContext(ctx, s.inv.begin); err != nil {
		return err
	}
	tx := &transaction{s, s.state}
	if err := f(tx); err != nil {
		return err
	}
	if err := tx.next.save(ctx, tx, s.holder); err != nil {
		return err
	}
	if _, err := s.conn.ExecContext(ctx, "COMMIT"); err != nil {
		return err
	}
	committed = true
	s.state = tx.next
	return nil
}
