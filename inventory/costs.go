// Costs.

package inventory

import (
	"cmp"
	"context"
	"database/sql"
	"slices"

	"github.com/shopspring/decimal"

	"github.com/go-digicert/digicert"
)

// Cost is the cost of the orders of one subaccount, month and currency. The price of an order is for its whole validity. Amounts are exact
// and never converted.
type Cost struct {
	Subaccount digicert.Subaccount `json:"subaccount,omitzero"` // zero for the account itself
	Month      string              `json:"month"`               // yyyy-mm in UTC, of DateCreated; empty if the service did not send it
	// Currency, such as "USD". It is empty for orders of the account itself that are known from lists only, which have no currency.
	Currency string          `json:"currency,omitzero"`
	Orders   int             `json:"orders"`
	Amount   decimal.Decimal `json:"amount"`
	// NotIssued and NotIssuedAmount are the part for orders that were rejected, denied or canceled. Whether the service charges for them is
	// not documented.
	NotIssued       int             `json:"not_issued"`
	NotIssuedAmount decimal.Decimal `json:"not_issued_amount"`
}

// Costs returns the costs of all orders, sorted by subaccount, month and currency. The account itself comes first. Orders without a price
// are left out, and removed orders are included.
func (inv *Inventory) Costs(ctx context.Context) ([]Cost, error) {
	return costsSince(ctx, inv.dialect, inv.read, "")
}

// costsSince is Costs for the orders of a month yyyy-mm and later, or for all if month is empty.
func costsSince(ctx context.Context, d *dialect, q querier, month string) ([]Cost, error) {
	// SQLite would add prices as binary fractions, so they are added here. There are few different prices. GROUP BY subaccount_id would
	// make SQLite read the table in the order of an index, which takes several times as long.
	const query = `SELECT o.subaccount_id, s.account_type, s.organization_name, o.month, o.currency, o.not_issued, o.price, o.n
		FROM (
			SELECT coalesce(subaccount_id, 0) AS subaccount_id, substr(date_created, 1, 7) AS month, currency,
				status IN ('rejected', 'denied', 'canceled') AS not_issued, CAST(price AS TEXT) AS price, count(*) AS n
			FROM orders WHERE price IS NOT NULL AND coalesce(date_created, '') >= ? GROUP BY 1, 2, 3, 4, 5
		) o LEFT JOIN subaccounts s ON s.id = o.subaccount_id`
	type key struct {
		subaccount      digicert.AccountID
		month, currency string
	}
	type part struct {
		Cost
		notIssued bool
		price     decimal.Decimal
		n         int
	}
	sums := make(map[key]*Cost)
	for p, err := range rowsIn(ctx, d, q, query, []any{month}, func(rows *sql.Rows) (p part, err error) {
		err = rows.Scan(&p.Subaccount.AccountID, orZero(&p.Subaccount.AccountType), orZero(&p.Subaccount.OrganizationName), orZero(&p.Month), orZero(&p.Currency),
			&p.notIssued, &p.price, &p.n)
		return p, err
	}) {
		if err != nil {
			return nil, err
		}
		k := key{p.Subaccount.AccountID, p.Month, p.Currency}
		sum, ok := sums[k]
		if !ok {
			sum = &p.Cost
			sums[k] = sum
		}
		amount := p.price.Mul(decimal.NewFromInt(int64(p.n)))
		sum.Orders += p.n
		sum.Amount = sum.Amount.Add(amount)
		if p.notIssued {
			sum.NotIssued += p.n
			sum.NotIssuedAmount = sum.NotIssuedAmount.Add(amount)
		}
	}
	costs := make([]Cost, 0, len(sums))
	for _, sum := range sums {
		costs = append(costs, *sum)
	}
	slices.SortFunc(costs, func(a, b Cost) int {
		return cmp.Or(cmp.Compare(a.Subaccount.AccountID, b.Subaccount.AccountID), cmp.Compare(a.Month, b.Month), cmp.Compare(a.Currency, b.Currency))
	})
	return costs, nil
}
