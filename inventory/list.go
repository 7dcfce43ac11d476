// Full listings, and lists of new orders.

package inventory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/go-digicert/digicert"
)

// listPart is one of the lists of a full listing.
type listPart struct {
	name string
	run  func(ctx context.Context, s *session) error
}

// listParts are in the order in which they are read. The subaccounts' orders come first: an order in both lists is one of a subaccount.
var listParts = []listPart{
	{"subaccounts", func(ctx context.Context, s *session) error { return s.listSubaccounts(ctx) }},
	{"subaccount orders", subaccountOrders.all},
	{partOrders, ownOrders.all},
}

const partOrders = "orders"

// listAll lists everything. It resumes an interrupted listing if it can.
func (s *session) listAll(ctx context.Context) error {
	err := s.list(ctx, s.Full)
	if errors.Is(err, errNotAttached) {
		err = s.list(ctx, true)
	}
	return err
}

// errNotAttached is the error of a listing that cannot be resumed.
var errNotAttached = errors.New("rows may be missing")

// list lists everything. It resumes an interrupted listing unless again is true.
func (s *session) list(ctx context.Context, again bool) error {
	now := s.step()
	age := now.Sub(s.state.listSavedAt)
	part := slices.IndexFunc(listParts, func(p listPart) bool { return p.name == s.state.listPart })
	if part < 0 || again || age < 0 || age >= resumeWithin {
		part = 0
		if err := s.commit(ctx, func(tx *transaction) error {
			tx.next.begin(listParts[0].name, now)
			tx.next.listBeganAt, tx.next.listOwnOnly = now, false
			_, err := tx.exec(ctx, s.inv.clear+"listed")
			return err
		}); err != nil {
			return err
		}
	}
	s.summary.Full = true
	s.summary.NoSubaccounts = s.state.listOwnOnly // of a resumed listing
	for ; part < len(listParts); part++ {
		if err := listParts[part].run(ctx, s); err != nil {
			return err
		}
		if part+1 < len(listParts) {
			if err := s.commit(ctx, func(tx *transaction) error {
				tx.next.begin(listParts[part+1].name, time.Now())
				tx.next.listOwnOnly = s.summary.NoSubaccounts
				return nil
			}); err != nil {
				return err
			}
		}
	}
	return s.commit(ctx, func(tx *transaction) error { return s.finishListing(ctx, tx) })
}

// begin begins a part of a listing.
func (s *syncState) begin(part string, now time.Time) {
	s.listPart, s.listRows, s.listLast, s.listSavedAt = part, 0, 0, now
}

// finishListing marks orders that were not listed as removed.
func (s *session) finishListing(ctx context.Context, tx *transaction) error {
	s.step()
	// Reading shows whether a pending order exists: it may have come back at a place that the listing had passed.
	missing := `removed_at IS NULL AND source IN (?, ?) AND NOT EXISTS (SELECT 1 FROM listed l WHERE l.order_id = orders.id)
		AND NOT EXISTS (SELECT 1 FROM pending p WHERE p.order_id = orders.id)`
	sources := []any{sourceOwn, sourceSubaccount}
	if s.summary.NoSubaccounts {
		sources[1] = sourceOwn
	}
	if _, err := tx.exec(ctx, `INSERT INTO changes (seen_at, order_id, certificate_id, kind, from_status, reported)
		SELECT CAST(? AS TEXT), id, certificate_id, 'removed', status, FALSE FROM orders WHERE `+missing+" ORDER BY id", append([]any{s.at}, sources...)...); err != nil {
		return err
	}
	result, err := tx.exec(ctx, "UPDATE orders SET removed_at = ? WHERE "+missing, append([]any{s.at}, sources...)...)
	if err != nil {
		return err
	}
	removed, err := result.RowsAffected()
	if err != nil {
		return err
	}
	s.summary.Removed += int(removed)
	s.summary.Changes += int(removed)
	// If there are many, the listed rows are enough.
	many, err := s.manyDue(ctx, ever)
	if err != nil {
		return err
	}
	if many {
		if _, err := tx.exec(ctx, "DELETE FROM pending WHERE order_id IN (SELECT order_id FROM listed)"); err != nil {
			return err
		}
	}
	if _, err := tx.exec(ctx, s.inv.clear+"listed"); err != nil {
		return err
	}
	if err := s.createIndexes(ctx, tx); err != nil {
		return err
	}
	tx.next.begin("", time.Time{})
	tx.next.listedAt = tx.next.listBeganAt
	return nil
}

// indexed matches the name of an index in the statement that creates it.
var indexed = regexp.MustCompile(`CREATE INDEX (\w+) `)

// createIndexes creates the indexes that are missing. On PostgreSQL, only the owner of a table could run CREATE INDEX IF NOT EXISTS.
func (s *session) createIndexes(ctx context.Context, tx *transaction) error {
	text, err := schema.ReadFile("schema/indexes.sql")
	if err != nil {
		return err
	}
	there := make(map[string]bool)
	if err := tx.each(ctx, s.inv.indexes, nil, func(rows *sql.Rows) error {
		var name string
		err := rows.Scan(&name)
		there[name] = true
		return err
	}); err != nil {
		return err
	}
	for statement := range strings.SplitSeq(strings.TrimSpace(string(text)), ";\n") {
		if there[indexed.FindStringSubmatch(statement)[1]] {
			continue
		}
		if _, err := tx.exec(ctx, statement); err != nil {
			return err
		}
	}
	return nil
}

// listSubaccounts stores all subaccounts in one transaction: there are few.
func (s *session) listSubaccounts(ctx context.Context) error {
	var list []digicert.SubaccountInfo
	for sub, err := range s.c.Subaccounts.All(ctx, nil) {
		if errors.Is(err, digicert.CodeMissingPermission) {
			s.summary.NoSubaccounts = true
			return nil
		}
		if err != nil {
			return err
		}
		list = append(list, sub)
	}
	s.step()
	err := s.commit(ctx, func(tx *transaction) error {
		// Only this list has dates of creation. Subaccounts without one are subaccounts of subaccounts, which are not in it.
		if _, err := tx.exec(ctx, "UPDATE subaccounts SET removed_at = ? WHERE date_created IS NOT NULL AND removed_at IS NULL", s.at); err != nil {
			return err
		}
		for _, sub := range list {
			of := cleanSubaccount(digicert.Subaccount{AccountID: sub.AccountID, AccountType: sub.AccountType, OrganizationName: sub.OrganizationName})
			if err := s.subaccount(ctx, tx, of, sub.DateCreated); err != nil {
				return err
			}
		}
		return nil
	})
	s.progress(StageSubaccounts, len(list), len(list))
	return err
}

// orderList is a list of orders.
type orderList struct {
	stage Stage
	rows  func(ctx context.Context, s *session, offset int, created digicert.DateRange) iter.Seq2[found, error]
}

var subaccountOrders = orderList{StageSubaccountOrders, func(ctx context.Context, s *session, offset int, created digicert.DateRange) iter.Seq2[found, error] {
	params := &digicert.ListSubaccountOrdersParams{Offset: offset, Filters: digicert.SubaccountOrderFilters{DateCreated: created}}
	return converted(s.c.Subaccounts.AllOrders(ctx, params), func(o *digicert.SubaccountOrder) found { return subaccountOrder(o, fromSubaccounts) })
}}

var ownOrders = orderList{StageOrders, func(ctx context.Context, s *session, offset int, created digicert.DateRange) iter.Seq2[found, error] {
	params := &digicert.ListOrdersParams{Offset: offset, Filters: digicert.OrderFilters{DateCreated: created}}
	return converted(s.c.Orders.All(ctx, params), func(o *digicert.Order) found { return ownOrder(o, fromOrders) })
}}

func converted[T any](rows iter.Seq2[T, error], convert func(*T) found) iter.Seq2[found, error] {
	return func(yield func(found, error) bool) {
		for row, err := range rows {
			var f found
			if err == nil {
				f = convert(&row)
			}
			if !yield(f, err) {
				return
			}
		}
	}
}

// all stores the list. A resumed list begins a few rows before the place where it was interrupted. If its first row is one that was
// listed, no row is missing in between. Otherwise, or if there is no row, the error is errNotAttached.
func (l orderList) all(ctx context.Context, s *session) error {
	offset, end := max(s.state.listRows-int64(s.inv.before), 0), s.state.listLast
	attached := offset == 0
	at, last, sorted := offset, int64(0), true
	err := l.each(ctx, s, int(offset), digicert.DateRange{}, func(tx *transaction, batch []found) error {
		if !attached && batch[0].order.id > end {
			return errNotAttached
		}
		attached = true
		at += int64(len(batch))
		for i := range batch {
			id := batch[i].order.id
			sorted, last = sorted && id > last, id
		}
		switch {
		case !sorted: // it cannot be resumed
			tx.next.listRows, tx.next.listLast = 0, 0
		case at > tx.next.listRows:
			tx.next.listRows, tx.next.listLast = at, last
		}
		tx.next.listSavedAt = time.Now()
		return nil
	})
	if err == nil && !attached {
		return errNotAttached
	}
	return err
}

// created stores the orders that were created on day or later.
func (l orderList) created(ctx context.Context, s *session, day digicert.Date) error {
	return l.each(ctx, s, 0, digicert.DateRange{From: day}, nil)
}

// each stores the list in batches. In a full listing, place sets the progress after a batch, and the batch is recorded as listed.
func (l orderList) each(ctx context.Context, s *session, offset int, created digicert.DateRange, place func(tx *transaction, batch []found) error) error {
	done := 0
	var batch []found
	flush := func() error {
		s.step()
		if err := s.commit(ctx, func(tx *transaction) error {
			if place != nil {
				if err := place(tx, batch); err != nil { // before store sorts the batch
					return err
				}
			}
			changed, err := s.store(ctx, tx, batch)
			if err != nil {
				return err
			}
			rows := make([]listedRow, len(batch))
			for i := range batch {
				id := batch[i].order.id
				rows[i] = listedRow(id)
				if _, ok := s.pending[id]; ok {
					s.pending[id] = true
				}
			}
			if place != nil { // after store, which looks up what was listed earlier
				if err := listedTable.write(ctx, tx, rows); err != nil {
					return err
				}
			}
			return s.await(ctx, tx, changed, true)
		}); err != nil {
			return err
		}
		done += len(batch)
		s.summary.Listed += len(batch)
		batch = batch[:0]
		s.progress(l.stage, offset+done, 0)
		return nil
	}
	for row, err := range l.rows(ctx, s, offset, created) {
		switch {
		case errors.Is(err, digicert.CodeMissingPermission) && l.stage == StageSubaccountOrders && done+len(batch) == 0:
			s.summary.NoSubaccounts = true
			return nil
		case err != nil:
			return err
		case row.order.id == 0:
			s.unreadable(fmt.Errorf("inventory: a row of the %s has no id", l.stage))
			continue
		}
		if batch = append(batch, row); len(batch) == s.inv.batches.rows {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return flush()
}

// listNew lists the orders that were created since about the last poll. The list shows whose they are, and new orders that the status
// changes did not report.
func (s *session) listNew(ctx context.Context, since time.Time) error {
	day := digicert.DateOf(since.UTC()).AddDays(-1) // the time zone of the service's days is not documented
	if err := subaccountOrders.created(ctx, s, day); err != nil {
		return err
	}
	return ownOrders.created(ctx, s, day)
}
