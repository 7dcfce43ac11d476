// Locks: one write at a time to one thing, in one client and on many machines.

package digicert

import (
	"context"
	"fmt"
	"slices"
	"sync"
)

// Locker lets one write at a time be made to one thing by all who share it, on many machines. The locks of a client by itself reach
// no further than that client. The module digicertredis has a Locker.
type Locker interface {
	// Lock waits until nobody holds the lock of key, or for the end of ctx. A key names what is written to, such as
	// "/order/certificate/123456", and is at most 300 bytes long.
	Lock(ctx context.Context, key string) (*Lock, error)
}

// Lock is a lock that is held.
type Lock struct {
	// Context is the one that was passed to Lock, and ends when the lock is lost: nothing may be sent after that.
	Context context.Context
	// UsedBefore reports that another may have written under this lock not long ago. The service may show late what that was, so it
	// is looked for as long as after a lost answer.
	UsedBefore bool
	// Unlock gives the lock back. wrote is whether something may have been written under it: it decides the UsedBefore of the next.
	Unlock func(wrote bool)
}

// heldLocks are the locks of one write.
type heldLocks struct {
	ctx        context.Context // ends when one of them is lost
	usedBefore bool
	wrote      bool // for those who come next
	locks      []*Lock
}

// lock takes the lock of what a write changes, and that of what it wants, where one is named: "" is never locked. Who calls it
// twice always takes them in the same order, so that two writes cannot wait for each other.
func (c *Client) lock(ctx context.Context, target, intent string) (*heldLocks, error) {
	h := &heldLocks{ctx: ctx}
	unlock, err := c.writes.lock(ctx, target)
	if err != nil {
		return nil, err
	}
	h.locks = append(h.locks, &Lock{Unlock: func(bool) { unlock() }})
	if c.locker == nil {
		return h, nil
	}
	for _, key := range slices.Compact([]string{target, intent}) {
		if key == "" {
			continue
		}
		l, err := c.locker.Lock(h.ctx, key)
		if err != nil {
			h.unlock()
			return nil, fmt.Errorf("the lock of a write, by WithLocker: %w", err)
		}
		h.ctx, h.usedBefore = l.Context, h.usedBefore || key == intent && l.UsedBefore
		h.locks = append(h.locks, l)
	}
	return h, nil
}

// unlock gives the locks back, the last one first.
func (h *heldLocks) unlock() {
	for i := len(h.locks) - 1; i >= 0; i-- {
		h.locks[i].Unlock(h.wrote)
	}
}

// keyedLock is a lock for each key. Its zero value is ready for use.
type keyedLock struct {
	mu   sync.Mutex
	held map[string]chan struct{} // closed when the lock is free again
}

// lock waits for the lock of a key, or for the end of ctx. The key "" is never locked.
func (l *keyedLock) lock(ctx context.Context, key string) (unlock func(), err error) {
	if key == "" {
		return func() {}, nil
	}
	for {
		l.mu.Lock()
		busy, ok := l.held[key]
		if !ok {
			if l.held == nil {
				l.held = make(map[string]chan struct{})
			}
			free := make(chan struct{})
			l.held[key] = free
			l.mu.Unlock()
			return func() {
				l.mu.Lock()
				defer l.mu.Unlock()
				delete(l.held, key)
				close(free)
			}, nil
		}
		l.mu.Unlock()
		select {
		case <-busy:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
