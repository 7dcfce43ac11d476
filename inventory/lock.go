// Locks: one sync of an inventory at a time.

package inventory

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/go-digicert/digicert/internal/atomicfile"
)

// lock excludes other syncs until unlock is called, or until the program or the connection ends. A sync writes on this connection only.
//
// On file systems without locks, such as some network file systems, sync_state.holder makes the older of two syncs fail.
func (inv *Inventory) lock(ctx context.Context, conn *sql.Conn) (unlock func() error, err error) {
	if inv.path != "" {
		return inv.lockFile()
	}
	// A lock of the session, one for each schema.
	const key = "hashtext('digicert inventory sync ' || current_schema())"
	for try := 0; ; try++ {
		var locked bool
		if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock("+key+")").Scan(&locked); err != nil {
			return nil, err
		}
		if locked {
			break
		}
		if try == 20 {
			return nil, ErrBusy
		}
		// The server may take a moment to notice that a program was killed.
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return func() error {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		var unlocked bool
		return conn.QueryRowContext(ctx, "SELECT pg_advisory_unlock("+key+")").Scan(&unlocked)
	}, nil
}

func (inv *Inventory) lockFile() (unlock func() error, err error) {
	path := inv.path + "-sync"
	if err := create(path); err != nil { // a lock needs a file
		return nil, err
	}
	held, err := atomicfile.Acquire(path)
	if errors.Is(err, atomicfile.ErrLocked) {
		return nil, fmt.Errorf("%w: %s is locked", ErrBusy, path)
	}
	if err != nil {
		return nil, err
	}
	return held.Release, nil
}
