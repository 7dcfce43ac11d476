// Reading orders one by one: those that changed, and their reissues and duplicates.

package inventory

import (
	"context"
	"database/sql"
	"errors"
	"math"
	"net/http"
	"slices"
	"sync"

	"github.com/go-digicert/digicert"
)

// job is an order to read.
type job struct {
	id         int64
	source     string
	reissues   bool // whether its reissues are read
	duplicates bool
	only       bool // whether its order info is not read
	again      bool // whether it could not be read before

	found        *found // nil if the service does not find the order
	certificates []certificateFound
	err          error // found may be set too: then its reissues or duplicates could not be read
}

// readPending reads the orders that changed. It also reads orders that could not be read before: all of them after a full listing,
// otherwise those that are due.
func (s *session) readPending(ctx context.Context) error {
	s.step()
	due := s.at
	if s.summary.Full {
		due = ever
	}
	total, err := s.due(ctx, due)
	if err != nil {
		return err
	}
	const query = `SELECT p.order_id, o.source, p.again_at IS NOT NULL FROM pending p JOIN orders o ON o.id = p.order_id
		WHERE coalesce(p.again_at, '') <= ? AND p.order_id > ? ORDER BY p.order_id LIMIT ?`
	return s.readAll(ctx, StageDetails, total, query, []any{due}, func(rows *sql.Rows) (*job, error) {
		j := &job{reissues: s.Reissues, duplicates: s.Reissues}
		return j, rows.Scan(&j.id, &j.source, &j.again)
	})
}

// readExpiring reads orders that lists do not have enough of; see SyncParams.DetailsWithin.
func (s *session) readExpiring(ctx context.Context) error {
	now := s.step().UTC()
	args := []any{digicert.DateOf(now).String(), digicert.DateOf(now.Add(s.DetailsWithin)).String()}
	const expiring = `FROM inventory i JOIN orders o ON o.id = i.order_id
		WHERE i.in_use AND i.valid_till BETWEEN ? AND ? AND i.order_valid_till IS NULL AND o.read_at IS NULL
		AND NOT EXISTS (SELECT 1 FROM pending p WHERE p.order_id = o.id)`
	var total int
	if err := s.conn.QueryRowContext(ctx, s.inv.query("SELECT count(DISTINCT o.id) "+expiring), args...).Scan(&total); err != nil {
		return err
	}
	const query = "SELECT DISTINCT o.id, o.source " + expiring + " AND o.id > ? ORDER BY o.id LIMIT ?"
	return s.readAll(ctx, StageDetails, total, query, args, func(rows *sql.Rows) (*job, error) {
		j := new(job)
		err := rows.Scan(&j.id, &j.source)
		if s.summary.Full {
			s.pending[j.id] = true
		}
		return j, err
	})
}

// readCounted reads the reissues and duplicates of the account's own orders whose counters differ from what was read. Lists of the
// subaccounts' orders have no counters.
func (s *session) readCounted(ctx context.Context) error {
	const others = `source = 'own' AND removed_at IS NULL AND
		(reissues_count > 0 AND reissues_count IS DISTINCT FROM reissues_read OR duplicates_count > 0 AND duplicates_count IS DISTINCT FROM duplicates_read)
		AND NOT EXISTS (SELECT 1 FROM pending p WHERE p.order_id = orders.id)`
	var total int
	if err := s.conn.QueryRowContext(ctx, "SELECT count(*) FROM orders WHERE "+others).Scan(&total); err != nil {
		return err
	}
	const query = `SELECT id, source, coalesce(reissues_count > 0 AND reissues_count IS DISTINCT FROM reissues_read, FALSE),
		coalesce(duplicates_count > 0 AND duplicates_count IS DISTINCT FROM duplicates_read, FALSE)
		FROM orders WHERE ` + others + ` AND id > ? ORDER BY id LIMIT ?`
	return s.readAll(ctx, StageReissues, total, query, nil, func(rows *sql.Rows) (*job, error) {
		j := &job{only: true}
		return j, rows.Scan(&j.id, &j.source, &j.reissues, &j.duplicates)
	})
}

// readAll reads the orders of a query, several at a time, and stores them in batches. The last two parameters of the query are the last
// id that was read, and the number of rows.
func (s *session) readAll(ctx context.Context, stage Stage, total int, query string, args []any, scan func(*sql.Rows) (*job, error)) error {
	for done, last := 0, int64(math.MinInt64); ; {
		var jobs []*job
		if err := s.each(ctx, query, append(slices.Clip(args), last, s.inv.batches.orders), func(rows *sql.Rows) error {
			j, err := scan(rows)
			jobs = append(jobs, j)
			return err
		}); err != nil {
			return err
		}
		if len(jobs) == 0 {
			return nil
		}
		last = jobs[len(jobs)-1].id
		s.step()
		failure := s.fetch(ctx, jobs)
		// Store what was read before the failure.
		jobs = slices.DeleteFunc(jobs, func(j *job) bool { return j.err != nil && blame(j.err) == onSync })
		if err := s.commit(ctx, func(tx *transaction) error { return s.storeJobs(ctx, tx, jobs) }); err != nil {
			return errors.Join(failure, err)
		}
		if failure != nil {
			return failure
		}
		done += len(jobs)
		s.progress(stage, done, total)
	}
}

// errSkipped is the error of a job that was not started because another one failed.
var errSkipped = errors.New("not read")

// maxFailed is how many orders in a row may fail with an error that may concern the service. Orders that failed before do not count.
const maxFailed = 10

// fetch reads the orders of all jobs. It reports orders that cannot be read. It returns the first error that concerns the whole sync, or
// that may do so after many of this kind in a row.
func (s *session) fetch(ctx context.Context, jobs []*job) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := make(chan *job)
	var wg sync.WaitGroup
	var mu sync.Mutex
	var failure error
	for range min(s.Concurrency, len(jobs)) {
		wg.Go(func() {
			for j := range queue {
				j.err = j.read(ctx, s.c)
				mu.Lock()
				if j.err == nil {
					s.failed = 0
				} else if blame(j.err) == onEither && !j.again {
					s.failed++
				}
				if failure == nil && (j.err != nil && blame(j.err) == onSync || s.failed >= maxFailed) {
					failure = j.err
					cancel()
				}
				mu.Unlock()
			}
		})
	}
	for _, j := range jobs {
		select {
		case queue <- j:
		case <-ctx.Done():
			j.err = errSkipped
		}
	}
	close(queue)
	wg.Wait()
	for _, j := range jobs {
		if j.err != nil && blame(j.err) != onSync {
			s.unreadable(j.err)
		}
	}
	return failure
}

// concern is what an error is about.
type concern int

const (
	onSync   concern = iota // the service, the key or the context
	onOrder                 // the order: the request is refused, or the response cannot be decoded
	onEither                // one or the other
)

// blame returns what an error is about.
func blame(err error) concern {
	if answer, ok := errors.AsType[*digicert.Error](err); ok {
		switch status := answer.StatusCode; {
		case status == http.StatusUnauthorized, status == http.StatusRequestTimeout, status == http.StatusTooManyRequests, status == http.StatusServiceUnavailable:
			return onSync
		case status == http.StatusForbidden && !errors.Is(err, digicert.CodeMissingPermission), status >= 500:
			return onEither
		case status >= 400:
			return onOrder
		}
		return onSync
	}
	if _, ok := errors.AsType[*digicert.DecodeError](err); ok {
		return onOrder
	}
	return onSync
}

// read reads the order, its reissues and its duplicates, as far as the job asks for them.
func (j *job) read(ctx context.Context, c *digicert.Client) error {
	id := digicert.OrderID(j.id)
	if !j.only {
		if err := j.readOrder(ctx, c, id); err != nil || j.found == nil {
			return err
		}
	}
	if j.reissues {
		list, err := c.Reissues.List(ctx, id, &digicert.ListReissuesParams{ShowArchived: true})
		if err != nil && !errors.Is(err, digicert.ErrNotFound) {
			return err
		}
		for i := range list {
			j.certificates = append(j.certificates, reissue(id, &list[i]))
		}
	}
	if j.duplicates {
		list, err := c.Orders.Duplicates(ctx, id, &digicert.ListDuplicatesParams{ShowArchived: true})
		if err != nil && !errors.Is(err, digicert.ErrNotFound) {
			return err
		}
		for i := range list {
			j.certificates = append(j.certificates, duplicate(id, &list[i]))
		}
	}
	return nil
}

// hasHistory reports whether the reissues and duplicates that the job asks for were read.
func (j *job) hasHistory() bool { return j.err == nil && (j.only || j.found != nil) }

// readOrder reads the order info. j.found stays nil if the service does not find the order. The lists say whose an order is. For an order
// that was in no list yet, the subaccounts come first: the account's order info may include the subaccounts' orders, but not the other
// way round. If the first endpoint does not find the order, readOrder tries the other one.
func (j *job) readOrder(ctx context.Context, c *digicert.Client, id digicert.OrderID) error {
	ways := []func(context.Context, *digicert.Client, digicert.OrderID) error{j.ofSubaccount, j.ofAccount}
	if j.source == sourceOwn {
		slices.Reverse(ways)
	}
	for i, read := range ways {
		err := read(ctx, c, id)
		denied := errors.Is(err, digicert.CodeMissingPermission) && (j.source == sourceUnknown || i > 0)
		if !denied && !errors.Is(err, digicert.ErrNotFound) {
			return err
		}
	}
	return nil
}

func (j *job) ofSubaccount(ctx context.Context, c *digicert.Client, id digicert.OrderID) error {
	o, err := c.Subaccounts.GetOrder(ctx, id)
	if err == nil {
		j.found = new(subaccountOrder(o, fromSubaccountOrder))
	}
	return err
}

func (j *job) ofAccount(ctx context.Context, c *digicert.Client, id digicert.OrderID) error {
	o, err := c.Orders.Get(ctx, id)
	if err == nil {
		j.found = new(ownOrder(o, fromOrderInfo))
	}
	return err
}

// storeJobs stores what was read.
func (s *session) storeJobs(ctx context.Context, tx *transaction, jobs []*job) error {
	var rows []found
	var gone, done, postponed []int64
	var certificates []certificateFound
	for _, j := range jobs {
		if j.found != nil {
			rows = append(rows, *j.found)
			s.summary.Read++
		}
		certificates = append(certificates, j.certificates...)
		if j.err != nil {
			postponed = append(postponed, j.id)
			continue
		}
		done = append(done, j.id)
		switch {
		case j.found != nil || j.only:
		case s.pending[j.id]: // an order that was just listed is not removed
			if _, err := tx.exec(ctx, "UPDATE orders SET read_at = ? WHERE id = ?", s.at, j.id); err != nil {
				return err
			}
		default:
			gone = append(gone, j.id)
		}
		if j.hasHistory() && (j.reissues || j.duplicates) {
			s.summary.HistoriesRead++
		}
	}
	if _, err := s.store(ctx, tx, rows); err != nil {
		return err
	}
	if err := s.storeCertificates(ctx, tx, certificates); err != nil {
		return err
	}
	if err := s.remove(ctx, tx, gone); err != nil {
		return err
	}
	for _, j := range jobs {
		if err := s.counted(ctx, tx, j); err != nil {
			return err
		}
	}
	if err := s.postpone(ctx, tx, postponed); err != nil || len(done) == 0 {
		return err
	}
	_, err := tx.exec(ctx, "DELETE FROM pending WHERE order_id IN ("+marks(len(done))+")", anys(done)...)
	return err
}

// counted records that the reissues and duplicates of an order were read. They are read again when a list has other counters.
func (s *session) counted(ctx context.Context, tx *transaction, j *job) error {
	if !j.hasHistory() {
		return nil
	}
	if j.reissues {
		if _, err := tx.exec(ctx, "UPDATE orders SET reissues_read = reissues_count WHERE id = ?", j.id); err != nil {
			return err
		}
	}
	if !j.duplicates {
		return nil
	}
	_, err := tx.exec(ctx, "UPDATE orders SET duplicates_read = duplicates_count WHERE id = ?", j.id)
	return err
}

// remove marks orders as removed.
func (s *session) remove(ctx context.Context, tx *transaction, ids []int64) error {
	known, err := orderTable.read(ctx, tx, ids, func(r *orderRow) int64 { return r.id })
	if err != nil {
		return err
	}
	var changes []changeRow
	for _, id := range ids {
		old := known[id]
		if old == nil || old.removedAt.Valid {
			continue
		}
		changes = append(changes, removal(old, s.at))
		if _, err := tx.exec(ctx, "UPDATE orders SET removed_at = ? WHERE id = ?", s.at, id); err != nil {
			return err
		}
	}
	s.summary.Removed += len(changes)
	s.summary.Changes += len(changes)
	return changeTable.write(ctx, tx, changes)
}
