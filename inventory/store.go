// Storing responses: only rows that differ are written, and changes are recorded.

package inventory

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"github.com/go-digicert/digicert"
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

// changeRow is a row of the table changes without its id.
type changeRow struct {
	seenAt      string
	order       int64
	certificate number
	kind        ChangeKind
	from, to    text
	reported    bool
}

var changeTable = table[changeRow]{
	name:    "changes",
	columns: []string{"seen_at", "order_id", "certificate_id", "kind", "from_status", "to_status", "reported"},
	values: func(args []any, r *changeRow) []any {
		return append(args, r.seenAt, r.order, value(r.certificate), string(r.kind), value(r.from), value(r.to), r.reported)
	},
}

// differs returns the kind of the change from old to row, or "" if neither the status nor the primary certificate differs. A response
// without a certificate changes none.
func differs(old, row *orderRow) ChangeKind {
	switch {
	case old == nil:
		return ChangeAdded
	case old.removedAt.Valid:
		return ChangeRestored
	case old.status != row.status:
		return ChangeStatus
	case old.certificate.Valid && row.certificate.Valid && old.certificate != row.certificate:
		return ChangeCertificate
	}
	return ""
}

func changeOf(kind ChangeKind, old, row *orderRow, at string) changeRow {
	c := changeRow{seenAt: at, order: row.id, certificate: row.certificate, kind: kind, to: some(row.status)}
	if old != nil {
		c.from = some(old.status)
	}
	return c
}

// removal returns the change of an order that was removed.
func removal(old *orderRow, at string) changeRow {
	return changeRow{seenAt: at, order: old.id, certificate: old.certificate, kind: ChangeRemoved, from: some(old.status)}
}

// refer stores the product, subaccount, organization and container of an order, and sets their ids.
func (s *session) refer(ctx context.Context, tx *transaction, r *found) error {
	if r.product != (digicert.Product{}) {
		id, err := s.product(ctx, tx, r.product)
		if err != nil {
			return err
		}
		r.order.product = some(id)
	}
	r.order.organization, r.order.container = given(r.organization.id), given(r.container.id)
	for table, n := range map[string]named{"organizations": r.organization, "containers": r.container} {
		if err := s.name(ctx, tx, table, n); err != nil {
			return err
		}
	}
	if r.subaccount.AccountID != 0 {
		return s.subaccount(ctx, tx, r.subaccount, time.Time{})
	}
	return nil
}

// product returns the id of a product. It stores products that are not known.
func (s *session) product(ctx context.Context, tx *transaction, p digicert.Product) (int64, error) {
	if id, ok := s.products[p]; ok {
		return id, nil
	}
	id := int64(len(s.products) + 1) // products are never removed
	s.products[p] = id
	_, err := tx.exec(ctx, "INSERT INTO products (id, name_id, name, type) VALUES (?, ?, ?, ?)", id, p.NameID, p.Name, p.Type)
	return id, err
}

// name stores the name of an organization or a container if it differs.
func (s *session) name(ctx context.Context, tx *transaction, table string, n named) error {
	known, ok := s.names[table][n.id]
	if n.id == 0 || ok && (known == n.name || n.name == "") {
		return nil
	}
	s.names[table][n.id] = n.name
	_, err := tx.exec(ctx, "INSERT INTO "+table+" (id, name) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET name = excluded.name", n.id, n.name)
	return err
}

// subaccount stores a subaccount if it differs. Only the list of subaccounts has dates of creation.
func (s *session) subaccount(ctx context.Context, tx *transaction, sub digicert.Subaccount, created time.Time) error {
	known, ok := s.subaccounts[sub.AccountID]
	if ok && known.Subaccount == sub && (created.IsZero() || known.listed) {
		return nil
	}
	s.subaccounts[sub.AccountID] = knownSubaccount{sub, known.listed || !created.IsZero()}
	_, err := tx.exec(ctx, `INSERT INTO subaccounts (id, account_type, organization_name, date_created) VALUES (?, ?, ?, ?)
		ON CONFLICT (id) DO UPDATE SET account_type = excluded.account_type, organization_name = excluded.organization_name,
		date_created = coalesce(excluded.date_created, subaccounts.date_created), removed_at = NULL`,
		int64(sub.AccountID), string(sub.AccountType), sub.OrganizationName, momentText(created))
	return err
}

type knownSubaccount struct {
	digicert.Subaccount
	listed bool // in the list of subaccounts of this sync
}

// remember loads the small tables.
func (s *session) remember(ctx context.Context) error {
	each := func(query string, scan func(*sql.Rows) error) error {
		rows, err := s.conn.QueryContext(ctx, query)
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := scan(rows); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	s.products, s.names, s.subaccounts = make(map[digicert.Product]int64), make(map[string]map[int64]string), make(map[digicert.AccountID]knownSubaccount)
	if err := each("SELECT id, name_id, name, type FROM products", func(rows *sql.Rows) error {
		var id int64
		var p digicert.Product
		err := rows.Scan(&id, &p.NameID, &p.Name, &p.Type)
		s.products[p] = id
		return err
	}); err != nil {
		return err
	}
	for _, table := range []string{"organizations", "containers"} {
		s.names[table] = make(map[int64]string)
		if err := each("SELECT id, name FROM "+table, func(rows *sql.Rows) error {
			var n named
			err := rows.Scan(&n.id, &n.name)
			s.names[table][n.id] = n.name
			return err
		}); err != nil {
			return err
		}
	}
	if err := each("SELECT id, account_type, organization_name FROM subaccounts WHERE removed_at IS NULL", func(rows *sql.Rows) error {
		var sub digicert.Subaccount
		err := rows.Scan(&sub.AccountID, &sub.AccountType, &sub.OrganizationName)
		s.subaccounts[sub.AccountID] = knownSubaccount{Subaccount: sub}
		return err
	}); err != nil {
		return err
	}
	s.pending = make(map[int64]bool)
	if err := each("SELECT order_id FROM pending", func(rows *sql.Rows) error {
		var id int64
		err := rows.Scan(&id)
		s.pending[id] = false
		return err
	}); err != nil {
		return err
	}
	return s.conn.QueryRowContext(ctx, "SELECT coalesce((SELECT max(id) FROM orders), 0), coalesce((SELECT max(id) FROM certificates), 0)").
		Scan(&s.lastOrder, &s.lastCertificate)
}
