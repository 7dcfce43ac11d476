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
