// Locks: one write at a time to one order or certificate, in one client and on many machines.

package digicert

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
)

// Locker keeps writes apart that several clients, also on several machines, make to the same order or certificate. Without one, the
// writes of each client are kept apart from each other only. The module digicertredis has a Locker.
type Locker interface {
	// Lock waits until the lock of key is free, or until ctx ends. A key names what is written to, such as
	// "/order/certificate/123456", and has at most 300 bytes.
	Lock(ctx context.Context, key string) (*Lock, error)
}

// Lock is a lock that is held.
type Lock struct {
	// Context is derived from that of Lock, and ends when the lock is lost. Nothing is sent after that. If it is nil, the lock
	// is never lost.
	Context context.Context
	// UsedBefore reports whether another holder may have written under this lock recently. The service may show that write late,
	// so the client looks for its effect for as long as after a lost answer.
	UsedBefore bool
	// Unlock gives the lock back. wrote reports whether something may have been written under it, for UsedBefore of the next
	// holder. It is called once, and may be nil.
	Unlock func(wrote bool)
}

// heldLocks are the locks of one write.
type heldLocks struct {
	ctx        context.Context // ends when one of them is lost
	usedBefore bool
	wrote      bool // passed to Unlock
	locks      []*Lock
}

// lock takes the locks of a write: of its target, and of its intent. An empty one is not locked. The order is always the same, so that
// two writes cannot wait for each other.
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
		if err == nil && l == nil {
			err = errors.New("it returned neither a lock nor an error")
		}
		if err != nil {
			h.unlock()
			return nil, fmt.Errorf("the lock of a write, by WithLocker: %w", err)
		}
		if l.Context != nil {
			h.ctx = l.Context
		}
		h.usedBefore = h.usedBefore || key == intent && l.UsedBefore
		h.locks = append(h.locks, l)
	}
	return h, nil
}

// unlock gives the locks back, the last one first.
func (h *heldLocks) unlock() {
	for i := len(h.locks) - 1; i >= 0; i-- {
		if unlock := h.locks[i].Unlock; unlock != nil {
			unlock(h.wrote)
		}
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
