// The history of orders.

package inventory

import (
	"context"
	"database/sql"
	"iter"
	"time"

	"github.com/go-digicert/digicert"
)

// ChangeKind is the kind of a change.
type ChangeKind string

// The kinds of changes.
const (
	ChangeAdded       ChangeKind = "added"       // the order is new
	ChangeStatus      ChangeKind = "status"      // the order has another status
	ChangeCertificate ChangeKind = "certificate" // the order has another primary certificate and the same status
	ChangeSame        ChangeKind = "same"        // the service reported a change, but the status is the same
	ChangeRemoved     ChangeKind = "removed"     // the service does not list the order any more
	ChangeRestored    ChangeKind = "restored"    // the service lists the order again
)

// Change is one change of an order. The first sync records changes only of orders that changed within the minute before it.
type Change struct {
	ID            int64                  `json:"id"`      // ascending
	SeenAt        time.Time              `json:"seen_at"` // when a sync saw it, in UTC and whole seconds; the service does not say when it happened
	OrderID       digicert.OrderID       `json:"order_id"`
	CertificateID digicert.CertificateID `json:"certificate_id,omitzero"` // the primary certificate after the change
	Kind          ChangeKind             `json:"kind"`
	From          digicert.OrderStatus   `json:"from,omitzero"` // the status before; empty if it was not known
	To            digicert.OrderStatus   `json:"to,omitzero"`   // the status after; empty if the order was removed
	// Reported is whether the service's status changes reported it. They report several changes between two syncs as one, with the
	// latest status. Other changes were found in a list or in the order info.
	Reported   bool                `json:"reported"`
	CommonName string              `json:"common_name,omitzero"` // of the order, as it is now
	Subaccount digicert.Subaccount `json:"subaccount,omitzero"`  // zero for an order of the account itself
}

// Changes yields the changes that syncs saw at since or later, oldest first, then at most one error. The zero time yields all changes.
func (inv *Inventory) Changes(ctx context.Context, since time.Time) iter.Seq2[Change, error] {
	query := `SELECT h.id, h.seen_at, h.order_id, h.certificate_id, h.kind, h.from_status, h.to_status, h.reported,
		o.common_name, o.subaccount_id, s.account_type, s.organization_name
		FROM changes h LEFT JOIN orders o ON o.id = h.order_id LEFT JOIN subaccounts s ON s.id = o.subaccount_id`
	var args []any
	if !since.IsZero() {
		// seen_at is in whole seconds.
		query, args = query+" WHERE h.seen_at >= ?", []any{formatMoment(since.Truncate(time.Second))}
	}
	return rowsOf(ctx, inv, query+" ORDER BY h.id", args, func(rows *sql.Rows) (c Change, err error) {
		err = rows.Scan(&c.ID, moment(&c.SeenAt), &c.OrderID, orZero(&c.CertificateID), &c.Kind, orZero(&c.From), orZero(&c.To), &c.Reported,
			orZero(&c.CommonName), orZero(&c.Subaccount.AccountID), orZero(&c.Subaccount.AccountType), orZero(&c.Subaccount.OrganizationName))
		return c, err
	})
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
