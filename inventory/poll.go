// Storing the service's status changes.

package inventory

import (
	"cmp"
	"context"
	"database/sql"

	"github.com/go-digicert/digicert"
)

// poll polls the status changes since the last poll. It stores them, the new statuses, the orders to read and the state of the poll in
// one transaction.
func (s *session) poll(ctx context.Context) error {
	at := s.step()
	p, err := s.c.StatusChanges.Poll(ctx, s.state.poll, nil)
	if err != nil {
		return err
	}
	for _, err := range p.Bad {
		s.unreadable(err)
	}
	err = s.commit(ctx, func(tx *transaction) error {
		if err := s.storeChanges(ctx, tx, p.Changes); err != nil {
			return err
		}
		if err := s.compare(ctx, tx, p.Repeats); err != nil {
			return err
		}
		tx.next.poll, tx.next.polledAt = p.State, at
		return tx.conn.QueryRowContext(ctx, "SELECT coalesce(max(id), 0) FROM changes").Scan(&tx.next.polledChange)
	})
	if err != nil {
		return err
	}
	s.summary.Reported += len(p.Changes)
	s.progress(StageChanges, len(p.Changes), len(p.Changes))
	return nil
}

// storeChanges stores status changes. Of a new order, only the status is known until it is read.
func (s *session) storeChanges(ctx context.Context, tx *transaction, changes []digicert.StatusChange) error {
	if len(changes) == 0 {
		return nil
	}
	unreported, err := s.unreported(ctx, tx)
	if err != nil {
		return err
	}
	ids := make([]int64, len(changes))
	for i := range changes {
		ids[i] = int64(changes[i].OrderID)
	}
	known, err := orderTable.read(ctx, tx, ids, func(r *orderRow) int64 { return r.id })
	if err != nil {
		return err
	}
	var list []changeRow
	altered := make(map[int64]bool)
	for _, c := range changes {
		id := int64(c.OrderID)
		old := known[id]
		row := orderRow{id: id, source: sourceUnknown, firstSeenAt: s.at}
		if old != nil {
			row = *old
		} else {
			s.lastOrder = max(s.lastOrder, id)
			s.summary.Added++
		}
		row.status, row.removedAt = clean(string(c.Status)), text{}
		if c.CertificateID != 0 {
			row.certificate = some(int64(c.CertificateID))
		}
		u, ok := unreported[id]
		delete(unreported, id)
		if ok && u.is(&row) { // a list or the order info already showed this change
			if _, err := tx.exec(ctx, "UPDATE changes SET reported = TRUE WHERE id = ?", u.id); err != nil {
				return err
			}
		} else {
			change := changeOf(cmp.Or(differs(old, &row), ChangeSame), old, &row, s.at)
			change.reported = true
			list = append(list, change)
		}
		known[id], altered[id] = &row, true
	}
	var rows []orderRow
	var pending []int64
	for id := range altered {
		rows, pending = append(rows, *known[id]), append(pending, id)
	}
	if err := orderTable.write(ctx, tx, rows); err != nil {
		return err
	}
	if err := changeTable.write(ctx, tx, list); err != nil {
		return err
	}
	s.summary.Changes += len(list)
	return s.await(ctx, tx, pending, false)
}

// compare makes orders pending that the service reports with the same status as an earlier poll, while the database has another one:
// they changed, which their order info showed, and changed back.
func (s *session) compare(ctx context.Context, tx *transaction, repeats []digicert.StatusChange) error {
	ids := make([]int64, len(repeats))
	for i := range repeats {
		ids[i] = int64(repeats[i].OrderID)
	}
	known, err := orderTable.read(ctx, tx, ids, func(r *orderRow) int64 { return r.id })
	if err != nil {
		return err
	}
	var pending []int64
	for _, r := range repeats {
		row := known[int64(r.OrderID)]
		if row != nil && (row.status != clean(string(r.Status)) ||
			r.CertificateID != 0 && row.certificate.Valid && row.certificate != some(int64(r.CertificateID))) { // not every response has the certificate
			pending = append(pending, row.id)
		}
	}
	return s.await(ctx, tx, pending, false)
}

// unreportedChange is a change that a list or the order info showed since the last poll.
type unreportedChange struct {
	id          int64
	status      text
	certificate number
}

// is reports whether the change led to the status and certificate of row.
func (u unreportedChange) is(row *orderRow) bool {
	return u.status == some(row.status) && (u.certificate == row.certificate || !u.certificate.Valid || !row.certificate.Valid)
}

// unreported returns the last such change of each order, which the next poll may report.
func (s *session) unreported(ctx context.Context, tx *transaction) (map[int64]unreportedChange, error) {
	last := make(map[int64]unreportedChange)
	err := tx.each(ctx, "SELECT id, order_id, to_status, certificate_id FROM changes WHERE id > ? AND NOT reported ORDER BY id", []any{s.state.polledChange}, func(rows *sql.Rows) error {
		var u unreportedChange
		var order int64
		err := rows.Scan(&u.id, &order, &u.status, &u.certificate)
		last[order] = u
		return err
	})
	return last, err
}
