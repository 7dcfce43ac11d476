// Sync lists everything the first time, then reads what changed.

package inventory

import (
	"context"
	"crypto/rand"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"modernc.org/sqlite"

	"github.com/go-digicert/digicert"
)

const (
	defaultFullEvery = 24 * time.Hour
	// resumeWithin is how old the last batch of an interrupted listing may be for the next sync to resume it. The next full listing
	// finds what was removed from the part that was done.
	resumeWithin = time.Hour
)

// SyncParams are the parameters of Inventory.Sync.
type SyncParams struct {
	// FullEvery is the time between full listings. They find orders that were removed, and changes that the service did not report. The
	// default is 24 hours.
	FullEvery time.Duration
	// Full starts a full listing now.
	Full bool
	// Reissues also reads the reissues and duplicates of all orders that changed, and of the account's own orders whose counters differ
	// from what was read before. It takes up to two more requests for each of these orders.
	Reissues bool
	// DetailsWithin also reads the order info of orders of which it was never read, if a certificate in use expires within this time and
	// the last day of the order is not known: lists of subaccounts' orders do not have it. It takes a request for each of these orders,
	// once. The default is to read none.
	DetailsWithin time.Duration
	// Concurrency is the number of orders that are read at the same time. The default is 8; more than 100 is the same as 100.
	Concurrency int
	// Progress is called after each stored batch, on the goroutine that called Sync.
	Progress func(Progress)
	// OnError is called, on the goroutine that called Sync, for each order and each status change that cannot be read, and for each row
	// of a list without an id. The others are read nevertheless. Such an order is read again after each full listing, and otherwise when
	// it has waited twice as long, at most a day more. If ten orders in a row fail with a server error or status 403, the sync ends.
	OnError func(error)
}

// Stage is a part of a sync.
type Stage string

// The stages of a sync. After a full listing, StageChanges comes again.
const (
	StageChanges          Stage = "changes"           // the status changes
	StageSubaccounts      Stage = "subaccounts"       // the list of subaccounts
	StageSubaccountOrders Stage = "subaccount orders" // the list of the subaccounts' orders
	StageOrders           Stage = "orders"            // the list of the account's own orders
	StageDetails          Stage = "details"           // reading the orders that changed, and then those of SyncParams.DetailsWithin
	StageReissues         Stage = "reissues"          // reading reissues and duplicates
)

// Progress is how far a sync has got.
type Progress struct {
	Stage Stage
	Done  int // of the stage
	Total int // of the stage; 0 if not known
}

// Summary is what a sync did.
type Summary struct {
	Full          bool `json:"full"`           // whether there was a full listing
	Listed        int  `json:"listed"`         // orders in lists
	Reported      int  `json:"reported"`       // changes among the service's status changes
	Changes       int  `json:"changes"`        // changes that were recorded, including reported ones
	Added         int  `json:"added"`          // orders that were not known
	Removed       int  `json:"removed"`        // orders that are not listed any more
	Read          int  `json:"read"`           // orders that were read one by one
	Unread        int  `json:"unread"`         // orders and rows that could not be read; see SyncParams.OnError
	NoSubaccounts bool `json:"no_subaccounts"` // whether the key has no permission for subaccounts
	HistoriesRead int  `json:"histories_read"` // orders whose reissues or duplicates were read
}

// Sync brings the inventory up to date and returns. The first sync lists everything. Later ones poll the status changes and read the
// orders that changed. Run it as often as you need to know of changes.
//
// Whatever ends a sync, nothing is lost: each batch is stored in a transaction together with the progress, and the next sync continues
// there. It resumes a full listing that was interrupted less than an hour ago, and starts an older one again. If a listing takes far
// fewer requests than reading all orders that changed, Sync lists everything instead.
//
// A sync without changes takes five to nine requests. Each change takes one more, and a full listing one for each 1,000 orders.
//
// Changes are as exact as those of [digicert.StatusChangesService.Poll]. An order that is not in a full listing is marked as removed.
// Nothing is ever deleted. If the key has no permission for subaccounts, their orders stay as they are.
//
// Sync returns [ErrBusy] if another sync of this inventory is running, [ErrOtherAccount] if the key of c is of another account than the
// inventory, and otherwise the first error that ended it. The Summary is never nil: after an error it has what was done until then.
func (inv *Inventory) Sync(ctx context.Context, c *digicert.Client, params *SyncParams) (*Summary, error) {
	s := &session{inv: inv, c: c, summary: new(Summary), stmts: make(map[string]*sql.Stmt), holder: rand.Text()}
	if params != nil {
		s.SyncParams = *params
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(inv.life, cancel)()
	err := s.run(ctx)
	switch {
	case err == nil:
		return s.summary, nil
	case inv.life.Err() != nil:
		err = errClosed
	case ctx.Err() != nil && !errors.Is(err, ctx.Err()):
		err = context.Cause(ctx) // instead of the error of a statement that was canceled
	}
	if _, ok := errors.AsType[*sqlite.Error](err); ok {
		err = inv.named(err)
	}
	return s.summary, fmt.Errorf("inventory: %w", err)
}

// session is one sync.
type session struct {
	SyncParams
	inv     *Inventory
	c       *digicert.Client
	conn    *sql.Conn // has the lock; everything is written on it
	stmts   map[string]*sql.Stmt
	holder  string
	state   syncState // as stored
	at      string    // when the current step began
	summary *Summary

	// The content of small tables, and the highest ids of large ones: rows with higher ids need not be looked up.
	lastOrder, lastCertificate int64
	products                   map[digicert.Product]int64
	names                      map[string]map[int64]string // by table and id
	subaccounts                map[digicert.AccountID]knownSubaccount

	pending map[int64]bool // orders to read, and those that were read: whether they were in a list since they became pending
	failed  int            // orders in a row with an error that may concern the service
}

func (s *session) setDefaults() error {
	if s.c == nil {
		return errors.New("the client is nil")
	}
	for param, v := range map[string]int64{"FullEvery": int64(s.FullEvery), "DetailsWithin": int64(s.DetailsWithin), "Concurrency": int64(s.Concurrency)} {
		if v < 0 {
			return fmt.Errorf("%s is negative", param)
		}
	}
	if s.FullEvery == 0 {
		s.FullEvery = defaultFullEvery
	}
	if s.Concurrency == 0 {
		s.Concurrency = 8
	}
	return nil
}

// run syncs while it holds the lock.
func (s *session) run(ctx context.Context) (err error) {
	if err := s.setDefaults(); err != nil {
		return err
	}
	if s.conn, err = s.inv.db.Conn(ctx); err != nil {
		return err
	}
	unlock, err := s.inv.lock(ctx, s.conn)
	if err != nil {
		return errors.Join(err, s.conn.Close())
	}
	// The progress is stored, so errors from here on do not matter. Whatever is left ends with the connection.
	defer func() {
		for _, stmt := range s.stmts {
			_ = stmt.Close()
		}
		if unlockErr := unlock(); err != nil || unlockErr != nil {
			_ = s.conn.Raw(func(any) error { return driver.ErrBadConn })
		}
		_ = s.conn.Close()
	}()
	if _, err := s.conn.ExecContext(ctx, s.inv.query("UPDATE sync_state SET holder = ? WHERE id = 1"), s.holder); err != nil {
		return err
	}
	if s.state, err = s.inv.loadState(ctx, s.conn); err != nil {
		return err
	}
	if err := s.remember(ctx); err != nil {
		return err
	}
	return s.sync(ctx)
}

// remember loads the small tables.
func (s *session) remember(ctx context.Context) error {
	s.products, s.names, s.subaccounts = make(map[digicert.Product]int64), make(map[string]map[int64]string), make(map[digicert.AccountID]knownSubaccount)
	if err := s.each(ctx, "SELECT id, name_id, name, type FROM products", nil, func(rows *sql.Rows) error {
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
		if err := s.each(ctx, "SELECT id, name FROM "+table, nil, func(rows *sql.Rows) error {
			var n named
			err := rows.Scan(&n.id, &n.name)
			s.names[table][n.id] = n.name
			return err
		}); err != nil {
			return err
		}
	}
	if err := s.each(ctx, "SELECT id, account_type, organization_name FROM subaccounts WHERE removed_at IS NULL", nil, func(rows *sql.Rows) error {
		var sub digicert.Subaccount
		err := rows.Scan(&sub.AccountID, &sub.AccountType, &sub.OrganizationName)
		s.subaccounts[sub.AccountID] = knownSubaccount{Subaccount: sub}
		return err
	}); err != nil {
		return err
	}
	s.pending = make(map[int64]bool)
	if err := s.each(ctx, "SELECT order_id FROM pending", nil, func(rows *sql.Rows) error {
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

func (s *session) sync(ctx context.Context) error {
	if err := s.checkAccount(ctx); err != nil {
		return err
	}
	before := s.state.polledAt
	if err := s.poll(ctx); err != nil {
		return err
	}
	full, err := s.fullDue(ctx)
	if err != nil {
		return err
	}
	if full {
		if err := s.listAll(ctx); err != nil {
			return err
		}
		err = s.poll(ctx) // what changed while it was listed
	} else {
		err = s.listNew(ctx, before)
	}
	if err != nil {
		return err
	}
	if err := s.readPending(ctx); err != nil {
		return err
	}
	if s.DetailsWithin > 0 {
		if err := s.readExpiring(ctx); err != nil {
			return err
		}
	}
	if s.Reissues {
		if err := s.readCounted(ctx); err != nil {
			return err
		}
	}
	return s.commit(ctx, func(tx *transaction) error {
		tx.next.syncedAt = time.Now()
		return nil
	})
}

// checkAccount returns an error if the key is of another account than the inventory: all orders would be marked as removed. A key without
// permission to read the account passes.
func (s *session) checkAccount(ctx context.Context) error {
	account, err := s.c.Account.Get(ctx)
	if err != nil {
		if blame(err) == onOrder {
			return nil
		}
		return err
	}
	id := some(int64(account.ID))
	switch {
	case s.state.account == id:
		return nil
	case s.state.account.Valid:
		return fmt.Errorf("%w: it is of account %d, and the key is of account %d", ErrOtherAccount, s.state.account.V, id.V)
	}
	return s.commit(ctx, func(tx *transaction) error {
		tx.next.account = id
		return nil
	})
}

// first reports whether no full listing was completed yet.
func (s *session) first() bool { return s.state.listedAt.IsZero() }

// step begins a step: what it finds is recorded as seen now.
func (s *session) step() time.Time {
	now := time.Now()
	s.at = formatMoment(now)
	return now
}

func (s *session) progress(stage Stage, done, total int) {
	if s.Progress != nil {
		s.Progress(Progress{stage, done, total})
	}
}

// unreadable reports an error that does not end the sync.
func (s *session) unreadable(err error) {
	s.summary.Unread++
	if s.OnError != nil {
		s.OnError(err)
	}
}

// fullDue reports whether a full listing is due.
func (s *session) fullDue(ctx context.Context) (bool, error) {
	age := time.Since(s.state.listedAt)
	if s.Full || s.first() || s.state.listPart != "" || age >= s.FullEvery || age < 0 {
		return true, nil
	}
	return s.manyDue(ctx, s.at)
}

// manyDue reports whether a full listing takes far fewer requests than reading the orders that are due at a moment.
func (s *session) manyDue(ctx context.Context, moment string) (bool, error) {
	due, err := s.due(ctx, moment)
	if err != nil || due <= 2000 {
		return false, err
	}
	var orders int
	err = s.conn.QueryRowContext(ctx, "SELECT count(*) FROM orders").Scan(&orders)
	return due > orders/250, err
}
