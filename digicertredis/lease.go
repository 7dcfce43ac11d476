// The lease: one holder at a time on all machines.

package digicertredis

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go-digicert/digicert"
)

//go:embed lease_take.lua
var takeSource string

//go:embed lease_free.lua
var freeSource string

var takeScript, freeScript = redis.NewScript(takeSource), redis.NewScript(freeSource)

const (
	// minTTL and maxTTL bound the TTL of a lease.
	minTTL = 50 * time.Millisecond
	maxTTL = 24 * time.Hour
	// maxPause is the longest time between two attempts of a waiter to take the lease.
	maxPause = 2 * time.Second
	// keepLock is how long Redis remembers that something was written under a lock.
	keepLock = time.Hour
)

// ErrLeaseLost is matched by the error of an operation whose lease is no longer held, and by the cause of the context that it
// ends.
var ErrLeaseLost = errors.New("digicert: the lease is lost")

// Lease is held by one process at a time on all machines. The holder extends it every third of its TTL. A holder that dies, is
// suspended or cannot reach Redis loses it within the TTL, and another process takes over. A Lease is a [digicert.Locker] too.
// Its locks, one for each key, are independent of Hold.
//
// A process that was suspended may continue before it knows that it has lost the lease. Redis refuses what it saves to the
// checkpoint of the lease: see [Lease.Checkpoint]. The CertCentral API cannot refuse a write for that reason. The library checks
// the lock just before it sends a write, so that only a process that is suspended within the microseconds between the two sends
// it nevertheless. If the monotonic clock stood still while the machine slept, as on Linux, it takes up to a third of the TTL
// until the process knows.
//
// Redis replicates asynchronously. If a replica takes over that does not know of the lease yet, two processes may hold it until
// the TTL ends.
type Lease struct {
	rdb  redis.UniversalClient
	name string
	ttl  time.Duration
	turn chan struct{} // has room for one: one Hold of this Lease at a time

	mu     sync.Mutex
	held   *holding          // by Hold; nil without one
	places map[string][]byte // last state of each checkpoint that was saved or loaded
}

// NewLease returns the lease with a name, such as "production". The name is one as for [NewLimiter]. The TTL is the time after
// which another process takes over from a holder that died, such as 30 s. A nil client, an invalid name, or a TTL outside of 50
// ms to 24 h is a [*digicert.ParamError] of Hold and Lock.
func NewLease(rdb redis.UniversalClient, name string, ttl time.Duration) *Lease {
	return &Lease{rdb: rdb, name: name, ttl: ttl, turn: make(chan struct{}, 1)}
}

var _ digicert.Locker = (*Lease)(nil)

func (l *Lease) validate() error {
	if l.ttl < minTTL || l.ttl > maxTTL {
		return &digicert.ParamError{Param: "ttl", Reason: fmt.Sprintf("must be from %s to %s, but is %s", minTTL, maxTTL, l.ttl)}
	}
	return checkUse(l.rdb, l.name)
}

// Hold waits until no other process holds the lease, calls f, and gives the lease back when f returns or panics. If the lease is
// lost, the context of f ends with the cause [ErrLeaseLost], and Hold returns an error that is ErrLeaseLost, and that of f too.
// Otherwise Hold returns the error of f.
//
// While it waits, it asks Redis every two seconds, or every third of the TTL if that is less. A failure of Redis is
// [ErrUnavailable] or [ErrRefused]. Calls of one Lease wait for each other; a call within f with the context of f is an error.
func (l *Lease) Hold(ctx context.Context, f func(ctx context.Context) error) error {
	switch err := l.validate(); {
	case err != nil:
		return err
	case f == nil:
		return &digicert.ParamError{Param: "f", Reason: "must not be nil"}
	case ctx.Value(heldBy{l}) != nil:
		return fmt.Errorf("digicert: the lease %s: Hold is called within Hold", l.name)
	}
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	pause := min(l.ttl/3, maxPause)
	h, err := l.take(ctx, key(l.name, "lease"), 2*l.ttl, pause, pause)
	if err != nil {
		return err
	}
	l.setHeld(h)
	defer h.free("")
	defer l.setHeld(nil)
	err = f(context.WithValue(h.ctx, heldBy{l}, true))
	switch lost := h.lost(); {
	case lost == nil || errors.Is(err, ErrLeaseLost):
		return err
	case err == nil:
		return lost
	default:
		return fmt.Errorf("%w: %w", lost, err)
	}
}

// heldBy is the key of a context whose caller holds the lease.
type heldBy struct{ *Lease }

func (l *Lease) setHeld(h *holding) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = h
}

func (l *Lease) place(checkpoint string) []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Clone(l.places[checkpoint])
}

func (l *Lease) setPlace(checkpoint string, state []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.places == nil {
		l.places = make(map[string][]byte)
	}
	l.places[checkpoint] = state
}

// Lock implements [digicert.Locker]. It waits until no other caller, of this process or another one, holds the lock of the key: a
// second Lock of a key by its holder waits until the first is unlocked. The lock is extended until then; if the process dies, it
// ends after the TTL. UsedBefore reports writes of the last hour. A failure of Redis is [ErrUnavailable] or [ErrRefused].
func (l *Lease) Lock(ctx context.Context, name string) (*digicert.Lock, error) {
	if err := l.validate(); err != nil {
		return nil, err
	}
	h, err := l.take(ctx, key(l.name, "lock:"+name), max(keepLock, 2*l.ttl), 20*time.Millisecond, 500*time.Millisecond)
	if err != nil {
		return nil, err
	}
	var once sync.Once
	return &digicert.Lock{
		Context: h.ctx, UsedBefore: h.wrote,
		Unlock: func(wrote bool) {
			once.Do(func() {
				if wrote || h.wrote {
					h.free("1")
				} else {
					h.free("0")
				}
			})
		},
	}, nil
}

// holding is a lease that is held.
type holding struct {
	l      *Lease
	key    string
	keep   time.Duration
	holder string
	held   bool
	wrote  bool
	since  time.Time // the beginning of the last call that took or extended it

	ctx    context.Context
	cancel context.CancelCauseFunc
	loss   atomic.Pointer[error] // why it was lost; nil if it is held
	done   chan struct{}         // closed when it is given back
}

// take waits for a lease. It asks again after first, and then after twice as long each time, up to most.
func (l *Lease) take(ctx context.Context, key string, keep, first, most time.Duration) (*holding, error) {
	h := &holding{l: l, key: key, keep: keep, holder: newID(), done: make(chan struct{})}
	for pause := first; ; pause = min(2*pause, most) {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		left, err := h.extend(ctx)
		if err != nil {
			if ctx.Err() != nil {
				err = context.Cause(ctx)
			}
			go h.free("") // it may have been taken
			return nil, err
		}
		if h.held {
			break
		}
		timer := time.NewTimer(max(min(left, pause), time.Millisecond))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, context.Cause(ctx)
		}
	}
	h.ctx, h.cancel = context.WithCancelCause(ctx)
	go h.keepIt()
	return h, nil
}

// extend takes or extends the lease. left is the time for which another process holds it.
func (h *holding) extend(ctx context.Context) (left time.Duration, err error) {
	began := time.Now()
	v, err := takeScript.Run(ctx, h.l.rdb, []string{h.key}, h.holder, h.l.ttl.Microseconds(), h.keep.Milliseconds(), h.held).Slice()
	if err != nil {
		return 0, unusable("the lease "+h.l.name, err)
	}
	if len(v) != 3 {
		return 0, unusable("the lease "+h.l.name, errors.New("the answer of the script is malformed"))
	}
	text, _ := v[1].(string)
	us, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, unusable("the lease "+h.l.name, err)
	}
	if v[0] != int64(1) {
		if h.held {
			return 0, ErrLeaseLost
		}
		return time.Duration(us) * time.Microsecond, nil
	}
	if !h.held {
		h.held, h.wrote = true, v[2] == int64(1)
	}
	h.since = began
	return 0, nil
}

// keepIt extends the lease until it is given back or lost, also after the context of the caller has ended. By the clock of this
// process the lease is lost an eighth of the TTL before it ends in Redis.
func (h *holding) keepIt() {
	ttl := h.l.ttl
	var last error
	for pause := ttl / 3; ; {
		timer := time.NewTimer(pause)
		select {
		case <-h.done:
			timer.Stop()
			return
		case <-timer.C:
		}
		reason, ends := last, h.since.Add(ttl-ttl/8)
		ctx, cancel := context.WithDeadline(context.WithoutCancel(h.ctx), ends)
		stop := context.AfterFunc(ctx, func() { h.lose(reason) }) // also while a call hangs
		_, err := h.extend(ctx)
		stop()
		cancel()
		if errors.Is(err, ErrLeaseLost) || isRefusal(err) || err != nil && !time.Now().Before(ends) {
			h.lose(err)
			return
		}
		pause = ttl / 3
		if last = err; err != nil {
			pause = ttl / 20
		}
	}
}

// lose ends the context of the holder.
func (h *holding) lose(err error) {
	if err == nil || errors.Is(err, ErrLeaseLost) {
		err = ErrLeaseLost
	} else {
		err = fmt.Errorf("%w: %w", ErrLeaseLost, err)
	}
	h.loss.CompareAndSwap(nil, &err)
	h.cancel(err)
}

// lost returns the reason why the lease was lost, or nil if it is held.
func (h *holding) lost() error {
	if err := h.loss.Load(); err != nil {
		return *err
	}
	return nil
}

// free gives the lease back. wrote is whether something was written under it, "0" or "1", or "" to leave that unchanged. If Redis
// is unavailable, the lease ends after its TTL; if it is slow, free continues in the background.
func (h *holding) free(wrote string) {
	ctx := context.Background()
	if h.ctx != nil {
		close(h.done)
		ctx = context.WithoutCancel(h.ctx)
		defer h.cancel(context.Canceled)
	}
	told := make(chan struct{})
	go func() {
		defer close(told)
		_ = freeScript.Run(ctx, h.l.rdb, []string{h.key}, h.holder, wrote).Err()
	}()
	waitAtMost(maxReleaseWait, told)
}
