// Sync: everything the first time, then what changed.

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
	// resumeWithin is how old the last batch of a listing may be that another sync goes on with. What was removed of the part that is
	// done is found by the next one.
	resumeWithin = time.Hour
)

// SyncParams are the parameters of Inventory.Sync.
type SyncParams struct {
	// FullEvery is how often everything is listed again, which finds orders that were removed, and changes that the service did not
	// report. The default is 24 hours.
	FullEvery time.Duration
	// Full lists everything again now, from the start.
	Full bool
	// Reissues also reads the reissues and duplicates of orders: of those of the account itself whose counters say that there are
	// others than were read before, and of all orders that changed. Each order takes up to two more requests.
	Reissues bool
	// Concurrency is how many orders are read at a time. The default is 8.
	Concurrency int
	// Progress is called after each batch that was stored, by the goroutine that called Sync.
	Progress func(Progress)
	// OnError is called for each order that cannot be read, each status change that cannot be read, and each row of a list without an id. They
	// do not hold back the others. Such an order is read again after as long as it has been waiting, at most a day, and after each full
	// listing. OnError is called by the goroutine that called Sync.
	OnError func(error)
}

// Stage is what a sync is doing.
type Stage string

// The stages of a sync, in their order.
const (
	StageChanges          Stage = "changes"           // status changes were taken
	StageSubaccounts      Stage = "subaccounts"       // the list of subaccounts
	StageSubaccountOrders Stage = "subaccount orders" // the list of their orders
	StageOrders           Stage = "orders"            // the list of the account's own orders
	StageDetails          Stage = "details"           // the orders that changed are read
	StageReissues         Stage = "reissues"          // reissues and duplicates are read
)

// Progress is how far a sync has got.
type Progress struct {
	Stage Stage
	Done  int // of the stage
	Total int // of the stage; 0: not known
}

// Summary is what a sync did.
type Summary struct {
	Full          bool `json:"full"`           // whether everything was listed
	Listed        int  `json:"listed"`         // orders that lists had
	Reported      int  `json:"reported"`       // changes that the service reported
	Changes       int  `json:"changes"`        // changes that were recorded, these included
	Added         int  `json:"added"`          // orders that were not known before
	Removed       int  `json:"removed"`        // orders that are not listed any more
	Read          int  `json:"read"`           // orders that were read one by one
	Unread        int  `json:"unread"`         // orders and rows that cannot be read; see SyncParams.OnError
	NoSubaccounts bool `json:"no_subaccounts"` // the key has no permission for subaccounts, so that nothing is known of them
	HistoriesRead int  `json:"histories_read"` // orders whose reissues or duplicates were read
}

// Sync brings the inventory up to date: the first time it lists everything, and afterwards it takes the status changes and reads the
// orders that changed. It returns once that is done. Run it as often as changes have to be known.
//
// Whatever ends a sync, nothing is lost: each batch is one transaction that also stores how far it has got, and the next sync goes on there. A
// listing that was interrupted goes on if that was less than an hour ago, and begins again otherwise. A sync that takes in so many changes that a listing
// costs fewer requests than reading the orders lists everything instead.
//
// A quiet sync takes five to nine requests, one with n changes n more, and a full listing one for each 1,000 orders.
//
// Changes are as exact as those of [digicert.StatusChangesService.Poll]. An order that a full listing does not have is marked as removed, and
// nothing is ever deleted. Where the key has no permission for subaccounts, their orders stay as they are.
//
// Sync returns [ErrBusy] if another sync of this inventory is under way, [ErrOtherAccount] if c has the key of another account, and the first error that holds it up. The Summary is never
// nil and says what was done until then.
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
		err = context.Cause(ctx) // and not what it looks like to a statement that was canceled
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
	conn    *sql.Conn // that has the lock; all is written on it
	stmts   map[string]*sql.Stmt
	holder  string
	state   syncState // as it is stored
	at      string    // when the present step began
	summary *Summary

	// What is known of the tables. An order or a certificate with a higher id than these is not there.
	lastOrder, lastCertificate int64
	products                   map[digicert.Product]int64
	names                      map[string]map[int64]string // by table and id
	subaccounts                map[digicert.AccountID]knownSubaccount

	pending map[int64]bool // orders that are to be read, or were: whether a list of this sync has shown them as they are
	failed  int            // how many orders in a row could not be read for a reason that may be the service's
}

func (s *session) setDefaults() error {
	if s.c == nil {
		return errors.New("the client is nil")
	}
	for param, v := range map[string]int64{"FullEvery": int64(s.FullEvery), "Concurrency": int64(s.Concurrency)} {
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

// run holds the lock and syncs.
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
	// How far the sync has got is stored. What fails from here on says nothing new, and what is left of it ends with the connection.
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

// checkAccount returns an error if the key is of another account than before: all orders of the inventory would count as removed. A key that
// is not permitted to say so is believed.
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

// first reports whether nothing was listed completely yet.
func (s *session) first() bool { return s.state.listedAt.IsZero() }

// step begins a step: what it finds was seen now.
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

// unreadable reports what cannot be read, and does not hold up the sync.
func (s *session) unreadable(err error) {
	s.summary.Unread++
	if s.OnError != nil {
		s.OnError(err)
	}
}

// fullDue reports whether everything is to be listed.
func (s *session) fullDue(ctx context.Context) (bool, error) {
	age := time.Since(s.state.listedAt)
	if s.Full || s.first() || s.state.listPart != "" || age >= s.FullEvery || age < 0 {
		return true, nil
	}
	return s.manyDue(ctx, s.at)
}

// manyDue reports whether to list everything takes far fewer requests than to read the orders that are to be read by a moment.
func (s *session) manyDue(ctx context.Context, moment string) (bool, error) {
	due, err := s.due(ctx, moment)
	if err != nil || due <= 2000 {
		return false, err
	}
	var orders int
	err = s.conn.QueryRowContext(ctx, "SELECT count(*) FROM orders").Scan(&orders)
	return due > orders/250, err
}
