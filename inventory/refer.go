// What orders refer to: products, subaccounts, organizations and containers.

package inventory

import (
	"context"
	"time"

	"github.com/go-digicert/digicert"
)

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
