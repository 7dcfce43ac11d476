// The queries of the report.

package inventory

import (
	"cmp"
	"context"
	"database/sql"
	"maps"
	"slices"
	"time"

	"github.com/shopspring/decimal"

	"github.com/go-digicert/digicert"
)

// reportReader reads the data of a report in one transaction, so that all of it is about the same moment.
type reportReader struct {
	*dialect
	ctx  context.Context
	tx   *sql.Tx
	data *reportData
}

// readReport reads the data of a report of the moment now.
func (inv *Inventory) readReport(ctx context.Context, now time.Time) (*reportData, error) {
	data := &reportData{Now: now.UTC()}
	err := inv.View(ctx, func(tx *sql.Tx) error {
		r := &reportReader{inv.dialect, ctx, tx, data}
		for _, read := range []func() error{r.state, r.expiry, r.next, r.costs, r.shares, r.twice, r.changes} {
			if err := read(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return data, nil
}

// each calls row for every row of a query, which it scans.
func (r *reportReader) each(query string, args []any, row func(*sql.Rows) error) error {
	for _, err := range rowsIn(r.ctx, r.dialect, r.tx, query, args, func(rows *sql.Rows) (struct{}, error) { return struct{}{}, row(rows) }) {
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reportReader) state() error {
	err := r.each("SELECT synced_at, listed_at FROM sync_state", nil, func(rows *sql.Rows) error {
		return rows.Scan(moment(&r.data.Synced), moment(&r.data.FullySynced))
	})
	if err != nil {
		return err
	}
	return r.each("SELECT count(*) FROM orders WHERE removed_at IS NULL", nil, func(rows *sql.Rows) error {
		return rows.Scan(&r.data.Orders)
	})
}

func (r *reportReader) expiry() error {
	data := r.data
	today := data.today()
	monday := today.AddDays(-(int(today.In(time.UTC).Weekday()) + 6) % 7)
	for i := range reportWeeks {
		data.Weeks = append(data.Weeks, weekOfExpiry{Monday: monday.AddDays(7 * i)})
	}
	// With GROUP BY valid_till, SQLite would read the table in the order of the index, which takes ten times as long.
	return r.each("SELECT coalesce(valid_till, ''), count(*) FROM inventory WHERE in_use GROUP BY 1", nil, func(rows *sql.Rows) error {
		var last digicert.Date
		var n int
		if err := rows.Scan(day(&last), &n); err != nil {
			return err
		}
		data.InUse += n
		switch week := daysBetween(monday, last) / 7; {
		case last.IsZero():
			data.NoDay += n
		case last.Before(today):
			data.Expired += n
		case week < len(data.Weeks):
			data.Weeks[week].Count += n
		default:
			data.Later += n
		}
		if !last.Before(today) && daysBetween(today, last) <= soonDays {
			data.Soon += n
		}
		return nil
	})
}

func (r *reportReader) next() error {
	const query = `SELECT order_id, certificate_id, valid_till, common_name, coalesce(product_name, product), subaccount_id, subaccount, source = 'unknown', status
		FROM inventory WHERE in_use AND valid_till >= ? ORDER BY valid_till, certificate_id LIMIT ?`
	return r.each(query, []any{r.data.today().String(), reportNext}, func(rows *sql.Rows) error {
		var row expiringRow
		err := rows.Scan(&row.OrderID, &row.CertificateID, day(&row.ValidTill), &row.CommonName, orZero(&row.Product), orZero(&row.Account.ID), orZero(&row.Account.Name), &row.Account.Unknown, &row.Status)
		r.data.Next = append(r.data.Next, row)
		return err
	})
}

func (r *reportReader) costs() error {
	months := lastMonths(r.data.today())
	list, err := costsSince(r.ctx, r.dialect, r.tx, monthText(months[0]))
	if err != nil {
		return err
	}
	r.data.Costs = costsByCurrency(list, months)
	if more := len(r.data.Costs) - currencies; more > 0 {
		r.data.Costs, r.data.MoreCurrencies = r.data.Costs[:currencies], more
	}
	return nil
}

// lastMonths returns the first days of the last reportMonths months, with that of today.
func lastMonths(today digicert.Date) []digicert.Date {
	months := make([]digicert.Date, reportMonths)
	for i := range months {
		months[i] = digicert.DateOf(time.Date(today.Year, today.Month-time.Month(reportMonths-1-i), 1, 0, 0, 0, 0, time.UTC))
	}
	return months
}

// monthText returns the month of a day as [Cost] has it.
func monthText(d digicert.Date) string { return d.In(time.UTC).Format("2006-01") }

// costsByCurrency returns the costs of the months, without those of orders that were not issued.
func costsByCurrency(list []Cost, months []digicert.Date) []costsOfCurrency {
	index := make(map[string]int)
	for i, month := range months {
		index[monthText(month)] = i
	}
	rows := make(map[string]map[digicert.AccountID]*costRow) // by currency
	for _, cost := range list {
		month, ok := index[cost.Month]
		orders := cost.Orders - cost.NotIssued
		if !ok || orders == 0 {
			continue
		}
		if rows[cost.Currency] == nil {
			rows[cost.Currency] = make(map[digicert.AccountID]*costRow)
		}
		row := rows[cost.Currency][cost.Subaccount.AccountID]
		if row == nil {
			row = newCostRow()
			row.Account = account{ID: cost.Subaccount.AccountID, Name: cost.Subaccount.OrganizationName}
			row.Subaccounts = 1
			rows[cost.Currency][cost.Subaccount.AccountID] = row
		}
		amount := cost.Amount.Sub(cost.NotIssuedAmount)
		row.Orders += orders
		row.ByMonth[month] = row.ByMonth[month].Add(amount)
		row.Sum = row.Sum.Add(amount)
	}
	var costs []costsOfCurrency
	for currency, rows := range rows {
		c := costsOfCurrency{Currency: currency, Months: months, Others: *newCostRow(), Total: *newCostRow()}
		sorted := slices.SortedFunc(maps.Values(rows), func(a, b *costRow) int {
			return cmp.Or(b.Sum.Cmp(a.Sum), cmp.Compare(a.Account.ID, b.Account.ID))
		})
		for i, row := range sorted {
			c.Total.add(row)
			if i < reportRows {
				c.Rows = append(c.Rows, *row)
			} else {
				c.Others.add(row)
			}
		}
		costs = append(costs, c)
	}
	slices.SortFunc(costs, func(a, b costsOfCurrency) int {
		return cmp.Or(cmp.Compare(b.Total.Orders, a.Total.Orders), cmp.Compare(a.Currency, b.Currency))
	})
	return costs
}

func newCostRow() *costRow { return &costRow{ByMonth: make([]decimal.Decimal, reportMonths)} }

func (row *costRow) add(other *costRow) {
	row.Subaccounts += other.Subaccounts
	row.Orders += other.Orders
	row.Sum = row.Sum.Add(other.Sum)
	for i, amount := range other.ByMonth {
		row.ByMonth[i] = row.ByMonth[i].Add(amount)
	}
}

func (r *reportReader) shares() error {
	for _, q := range []struct {
		to    *shares
		query string
	}{
		{&r.data.Statuses, "SELECT status, count(*) FROM orders WHERE removed_at IS NULL GROUP BY 1"},
		{&r.data.Products, "SELECT coalesce(nullif(product_name, ''), product, ''), count(*) FROM inventory WHERE in_use GROUP BY 1"},
		{&r.data.KeySizes, "SELECT coalesce(CAST(key_size AS TEXT), ''), count(*) FROM inventory WHERE in_use GROUP BY 1"},
		{&r.data.SignatureHashes, "SELECT coalesce(signature_hash, ''), count(*) FROM inventory WHERE in_use GROUP BY 1"},
	} {
		err := r.each(q.query+" ORDER BY 2 DESC, 1", nil, func(rows *sql.Rows) error {
			row := share{Values: 1}
			if err := rows.Scan(&row.Value, &row.Count); err != nil {
				return err
			}
			q.to.Total += row.Count
			if len(q.to.Rows) < reportRows {
				q.to.Rows = append(q.to.Rows, row)
			} else {
				q.to.Others.Values++
				q.to.Others.Count += row.Count
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// twiceQuery returns the names that certificates of more than one order cover. The certificates are in use and valid on a day. For the
// names that a wildcard covers, see wildcard. Text in braces is replaced, see dialect.go. coalesce keeps SQLite from using the index of
// valid_till, which is slower because everything is read.
const twiceQuery = `WITH live AS MATERIALIZED (
	SELECT n.name, i.certificate_id, i.order_id, i.valid_till
	FROM inventory i JOIN names n ON n.certificate_id = i.certificate_id
	WHERE i.in_use AND coalesce(i.valid_till, '') >= ?
), covered AS (
	SELECT name, certificate_id, order_id, valid_till FROM live
	UNION
	SELECT a.name, w.certificate_id, w.order_id, w.valid_till
	FROM (SELECT DISTINCT name FROM live) a
	JOIN live w ON w.name = '*' || substr(a.name, {position}(a.name, '.'))
	WHERE w.name LIKE '*.%.%'
)
SELECT name, count(*), count(DISTINCT order_id), min(valid_till), max(valid_till), count(*) OVER ()
FROM covered GROUP BY name HAVING count(DISTINCT order_id) > 1
ORDER BY 2 DESC, 1 LIMIT ?`

func (r *reportReader) twice() error {
	today := r.data.today().String()
	err := r.each(r.types.Replace(twiceQuery), []any{today, reportTwice}, func(rows *sql.Rows) error {
		var row nameCoveredTwice
		err := rows.Scan(&row.Name, &row.Certificates, &row.OrdersTotal, day(&row.First), day(&row.Last), &r.data.TwiceTotal)
		r.data.Twice = append(r.data.Twice, row)
		return err
	})
	if err != nil {
		return err
	}
	const orders = `SELECT i.order_id FROM inventory i JOIN names n ON n.certificate_id = i.certificate_id
		WHERE n.name IN (?, ?) AND i.in_use AND i.valid_till >= ?
		GROUP BY i.order_id ORDER BY min(i.valid_till), i.order_id LIMIT ?`
	for i := range r.data.Twice {
		row := &r.data.Twice[i]
		covering, ok := wildcard(row.Name)
		if !ok {
			covering = row.Name
		}
		err := r.each(orders, []any{row.Name, covering, today, ordersOfName}, func(rows *sql.Rows) error {
			var id digicert.OrderID
			err := rows.Scan(&id)
			row.Orders = append(row.Orders, id)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *reportReader) changes() error {
	since := formatMoment(r.data.Now.Add(-changesTime))
	err := r.each("SELECT count(*) FROM changes WHERE seen_at >= ?", []any{since}, func(rows *sql.Rows) error {
		return rows.Scan(&r.data.ChangesTotal)
	})
	if err != nil {
		return err
	}
	const query = `SELECT h.seen_at, h.order_id, o.common_name, o.subaccount_id, s.organization_name, coalesce(o.source, 'unknown') = 'unknown', h.kind, h.from_status, h.to_status
		FROM changes h LEFT JOIN orders o ON o.id = h.order_id LEFT JOIN subaccounts s ON s.id = o.subaccount_id
		WHERE h.seen_at >= ? ORDER BY h.id DESC LIMIT ?`
	return r.each(query, []any{since, reportChanges}, func(rows *sql.Rows) error {
		var row recentChange
		err := rows.Scan(moment(&row.Seen), &row.OrderID, orZero(&row.CommonName), orZero(&row.Account.ID), orZero(&row.Account.Name), &row.Account.Unknown, &row.Kind, orZero(&row.From), orZero(&row.To))
		r.data.Changes = append(r.data.Changes, row)
		return err
	})
}
