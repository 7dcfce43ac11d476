// Storing responses: only rows that differ are written, and changes are recorded.

package inventory

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
)

// store stores orders with their primary certificates. If rows has an order twice, the last one counts. It returns the orders that are new
// or have another status or certificate. In the first listing it returns none.
func (s *session) store(ctx context.Context, tx *transaction, rows []found) (changed []int64, err error) {
	rows = lastOf(rows)
	before, err := s.ordersBefore(ctx, tx, rows)
	if err != nil {
		return nil, err
	}
	moved, err := s.moved(ctx, tx, rows, before)
	if err != nil {
		return nil, err
	}
	var orders []orderRow
	certificates := make([]certificateFound, 0, len(rows))
	var changes []changeRow
	for i := range rows {
		r := &rows[i]
		if err := s.refer(ctx, tx, r); err != nil {
			return nil, err
		}
		row, old := r.order, before[r.order.id]
		if r.from == fromOrderInfo || r.from == fromSubaccountOrder {
			row.readAt = some(s.at)
		}
		if old == nil {
			row.firstSeenAt = s.at
			s.summary.Added++
		} else {
			row.keepOrder(old, r.from)
			if moved[row.id] {
				row.source, row.subaccount = r.order.source, r.order.subaccount
			}
		}
		kind := differs(old, &row)
		if kind == ChangeRestored {
			row.reissuesRead, row.duplicatesRead = number{}, number{}
		}
		if old == nil || row != *old {
			orders = append(orders, row)
		}
		if r.certificate.id != 0 {
			certificates = append(certificates, r.certificate)
		}
		if kind != "" && (old != nil || !s.first()) {
			changes = append(changes, changeOf(kind, old, &row, s.at))
			changed = append(changed, row.id)
		}
	}
	if err := orderTable.write(ctx, tx, orders); err != nil {
		return nil, err
	}
	if err := s.storeCertificates(ctx, tx, certificates); err != nil {
		return nil, err
	}
	s.summary.Changes += len(changes)
	return changed, changeTable.write(ctx, tx, changes)
}

// moved returns the orders that moved from a subaccount to the account. In a full listing, they are those of the account's own list that
// are stored as a subaccount's, but were not in the list of the subaccounts' orders, which is read first.
func (s *session) moved(ctx context.Context, tx *transaction, rows []found, before map[int64]*orderRow) (map[int64]bool, error) {
	if tx.next.listPart != partOrders || s.summary.NoSubaccounts {
		return nil, nil
	}
	moved := make(map[int64]bool)
	var ids []any
	for i := range rows {
		id := rows[i].order.id
		if old := before[id]; old != nil && old.source == sourceSubaccount {
			moved[id] = true
			ids = append(ids, id)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	err := tx.each(ctx, "SELECT order_id FROM listed WHERE order_id IN ("+marks(len(ids))+")", ids, func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		delete(moved, id)
		return err
	})
	return moved, err
}

// lastOf sorts rows by order and returns the last row of each order.
func lastOf(rows []found) []found {
	byID := func(a, b found) int { return cmp.Compare(a.order.id, b.order.id) }
	if !slices.IsSortedFunc(rows, byID) {
		slices.SortStableFunc(rows, byID)
	}
	last := rows[:0]
	for i := range rows {
		if i+1 == len(rows) || rows[i+1].order.id != rows[i].order.id {
			last = append(last, rows[i])
		}
	}
	return last
}

// ordersBefore returns the stored rows of orders.
func (s *session) ordersBefore(ctx context.Context, tx *transaction, rows []found) (map[int64]*orderRow, error) {
	ids := make([]int64, 0, len(rows))
	for i := range rows {
		if id := rows[i].order.id; id <= s.lastOrder {
			ids = append(ids, id)
		} else {
			s.lastOrder = id
		}
	}
	return orderTable.read(ctx, tx, ids, func(r *orderRow) int64 { return r.id })
}

// storeCertificates stores certificates.
func (s *session) storeCertificates(ctx context.Context, tx *transaction, list []certificateFound) error {
	var ids []int64
	highest := s.lastCertificate
	for i := range list {
		if id := list[i].id; id <= s.lastCertificate {
			ids = append(ids, id)
		} else {
			highest = max(highest, id)
		}
	}
	s.lastCertificate = highest
	before, err := certificateTable.read(ctx, tx, ids, func(r *certificateRow) int64 { return r.id })
	if err != nil {
		return err
	}
	rows := make([]certificateRow, 0, len(list))
	names := make([]nameRow, 0, 2*len(list))
	var renamed []int64
	written := make(map[int64]bool, len(list))
	for i := range list {
		c := &list[i]
		old := before[c.id]
		if c.id == 0 || written[c.id] || old != nil && old.order != c.order {
			continue // ids are unique: a certificate of another order is not overwritten
		}
		if old != nil {
			c.keep(old)
		}
		if old != nil && c.certificateRow == *old {
			continue
		}
		written[c.id] = true
		rows = append(rows, c.certificateRow)
		if old != nil {
			if old.commonName == c.commonName && old.dnsNames == c.dnsNames {
				continue
			}
			renamed = append(renamed, c.id)
		}
		for _, name := range c.stored() {
			names = append(names, nameRow{c.id, name})
		}
	}
	for part := range slices.Chunk(renamed, 1000) {
		if _, err := tx.exec(ctx, "DELETE FROM names WHERE certificate_id IN ("+marks(len(part))+")", anys(part)...); err != nil {
			return err
		}
	}
	if err := certificateTable.write(ctx, tx, rows); err != nil {
		return err
	}
	return nameTable.write(ctx, tx, names)
}

// nameRow is a row of the table names.
type nameRow struct {
	certificate int64
	name        string
}

var nameTable = table[nameRow]{
	name:    "names",
	columns: []string{"certificate_id", "name"},
	values:  func(args []any, r *nameRow) []any { return append(args, r.certificate, r.name) },
}

// listedRow is a row of the table listed.
type listedRow int64

var listedTable = table[listedRow]{
	name:    "listed",
	columns: []string{"order_id"},
	values:  func(args []any, r *listedRow) []any { return append(args, int64(*r)) },
}
