// The lease: one holder at a time, among all machines.

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
	// maxPause is how long who waits for a lease leaves Redis alone.
	maxPause = 2 * time.Second
	// keepLock is how long Redis remembers that a write was made under a lock. The next one looks for its effect.
	keepLock = time.Hour
)

// ErrLeaseLost is matched by the error of what needed a lease that is held no longer. It is the cause of the context's end.
var ErrLeaseLost = errors.New("digicert: the lease is lost")

// Lease is held by one process at a time, of all machines. Its holder extends it every third of its TTL. A holder that dies, is suspended, or cannot
// reach Redis loses it within the TTL, and another one takes over. It is a [digicert.Locker] too, with a lock for each key.
//
// A process that is suspended goes on where it stopped before it learns that it has lost the lease. What it saves to the checkpoint of the
// lease is refused: see [Lease.Checkpoint]. The CertCentral API has no such fence, so a write that was about to be sent
// at that moment, and is sent within the microseconds before the process learns of it, cannot be stopped. The library looks at the lock
// before it sends, never after.
//
// Redis replicates asynchronously. When a replica takes over that does not know of a lease yet, two processes may hold it until the TTL ends.
type Lease struct {
	rdb  redis.UniversalClient
	name string
	ttl  time.Duration
	turn chan struct{} // holds one token: one Hold of this Lease at a time

	mu     sync.Mutex
	held   *holding          // by Hold; nil without one
	places map[string][]byte // what this process has saved to its checkpoints, or loaded, last
}

// NewLease returns a lease with a name, such as "production-watch". The TTL is how soon another takes over from a holder that died: 30 s suits a watch,
// which loses nothing meanwhile. An invalid name or a TTL below 50 ms is an error of Hold and Lock.
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

// Hold waits until nobody else holds the lease, calls f, and gives the lease back when f has returned. The context of f ends when
// the lease is lost; its cause is then [ErrLeaseLost], and so is Hold's error. Else Hold returns what f returns.
//
// Who waits asks again every two seconds, or every third of the TTL where that is less. If Redis cannot be asked, Hold returns an error that is [ErrUnavailable].
func (l *Lease) Hold(ctx context.Context, f func(ctx context.Context) error) error {
	switch err := l.validate(); {
	case err != nil:
		return err
	case f == nil:
		return &digicert.ParamError{Param: "f", Reason: "must not be nil"}
	case ctx.Value(heldBy{l}) != nil:
		return fmt.Errorf("digicert: the lease %s is held by the caller of Hold already", l.name)
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

// heldBy is the context key by which Hold finds out that its caller holds the lease.
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

// Lock implements [digicert.Locker]. The lock of each key is one of its own, beside that of Hold, and lasts as long as it is held: the TTL is for
// who dies with it. That a write may have been made under it is remembered for an hour.
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
	since  time.Time // when the last call began that took or extended it

	ctx    context.Context
	cancel context.CancelCauseFunc
	loss   atomic.Pointer[error] // why it was lost
	done   chan struct{}         // closed when it is extended no more
}

// take waits for a lease. It asks again after first at the soonest, later after up to most.
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

// extend takes or extends the lease. left is how long another holds it.
func (h *holding) extend(ctx context.Context) (left time.Duration, err error) {
	began := time.Now()
	v, err := takeScript.Run(ctx, h.l.rdb, []string{h.key}, h.holder, h.l.ttl.Microseconds(), h.keep.Milliseconds(), h.held).Slice()
	if err != nil {
		return 0, unusable("the lease "+h.l.name, err)
	}
	if len(v) != 3 {
		return 0, unusable("the lease "+h.l.name, errors.New("the script's answer has another form"))
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

// keepIt extends the lease until it is given back or lost, also while f ends after its context. The lease is lost by the clock of
// this process a little before it is by Redis's.
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

// lose ends the context.
func (h *holding) lose(err error) {
	if err == nil || errors.Is(err, ErrLeaseLost) {
		err = ErrLeaseLost
	} else {
		err = fmt.Errorf("%w: %w", ErrLeaseLost, err)
	}
	h.loss.CompareAndSwap(nil, &err)
	h.cancel(err)
}

// lost returns why the lease is lost, or nil if it is held.
func (h *holding) lost() error {
	if err := h.loss.Load(); err != nil {
		return *err
	}
	return nil
}

// free gives the lease back. wrote is what is remembered of writes under it: "0", "1", or "" for what was remembered before. Where
// Redis cannot be told, the lease ends by itself; where it is slow, that goes on behind the caller's back.
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
