// The limiter: the rolling windows and the pause of a key, shared by many machines.

package digicertredis

import (
	"container/list"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/go-digicert/digicert"
)

//go:embed limiter.lua
var limiterSource string

//go:embed pause.lua
var pauseSource string

var limiterScript, pauseScript = redis.NewScript(limiterSource), redis.NewScript(pauseSource)

const (
	// maxReleaseWait is how long the release of a slot or a lease waits for Redis. After that it continues in the background.
	maxReleaseWait = 250 * time.Millisecond
	// year is what a longer AttemptTimeout or pause counts as.
	year = 365 * 24 * time.Hour
	// maxStale is how many answers in a row may be too old to be used.
	maxStale = 5
	// minPoll and maxPoll bound the time after which a limiter that recovers from a pause asks again. It is not notified of
	// responses to other machines.
	minPoll = 50 * time.Millisecond
	maxPoll = time.Second
	// retryAfter is how long a limiter with a fallback, or with slots to give back only, waits before it asks again after a
	// failure.
	retryAfter = time.Second
)

// Limiter keeps all machines that use one name within rolling windows, as a [digicert.RollingLimiter] does for one process:
// whatever the network does, no window holds more requests than it may. A slot is taken before a request is sent, and becomes
// free one window after its response. The slots of a process that dies become free by themselves: one window after 1¼ times the
// AttemptTimeout of its clients.
//
// Requests start in the order in which they asked, on whichever machine, except that a machine asks Redis once for all of its
// waiters, when one of them may start as Redis has computed. So once the first waiter of each machine has had its turn, a machine
// may start several requests before the second one of another machine. A machine that dies while it waits delays one slot by at
// most two seconds.
//
// If Redis is unavailable, nothing is sent, and Acquire returns an error that is [ErrUnavailable]. See [Limiter.WithFallback]. If
// Redis loses its data, at most one window of requests is let through in excess.
type Limiter struct {
	rdb     redis.UniversalClient
	name    string
	windows []digicert.Window
	keys    []string
	machine string // the id of this limiter

	fallback digicert.Limiter

	mu         sync.Mutex
	attempt    time.Duration // the longest AttemptTimeout
	attemptSet bool          // by a client
	slots      uint64        // so far, for their ids
	queue      list.List     // of *waiter, in the order of their arrival
	gives      []*give       // to be reported to Redis
	running    bool          // whether run is at work
	wake       chan struct{} // wakes run
	registered bool          // whether Redis knows that this machine waits
	due        time.Time     // when to ask again
	recovering bool          // whether a response may change due
	poll       time.Duration
	down       time.Time // when to ask again after a failure
	out        bool      // whether Redis was unavailable when it was last asked
	probe      bool      // whether to ask Redis if it is still unavailable
}

// NewLimiter returns the limiter of all machines that use this name. Without windows it keeps to the documented limits of a key,
// 100 requests in 5 s and 1000 in 3 min. All machines should pass the same windows: one with other windows keeps to its own, and
// the requests of all count in them.
//
// The name has 1 to 200 bytes, without braces and control characters. A nil client, an invalid name, or a window without requests
// or shorter than 1 µs is a [*digicert.ParamError] of Acquire and Pause.
func NewLimiter(rdb redis.UniversalClient, name string, windows ...digicert.Window) *Limiter {
	if len(windows) == 0 {
		windows = []digicert.Window{{Requests: 100, Per: 5 * time.Second}, {Requests: 1000, Per: 3 * time.Minute}}
	}
	l := &Limiter{
		rdb: rdb, name: name, windows: slices.Clone(windows), machine: newID(),
		attempt: time.Minute, wake: make(chan struct{}, 1),
	}
	for _, what := range []string{"state", "slots", "queue", "seen", "out"} {
		l.keys = append(l.keys, key(name, what))
	}
	return l
}

// WithFallback makes requests wait for other while Redis is unavailable, and returns l. other does not know of other machines,
// nor of requests before the failure: for eight machines, pass each a [digicert.RollingLimiter] with an eighth of the limits.
// Redis is asked again in the background, at most once a second. [ErrRefused] remains an error. WithFallback must be called
// before l is used.
func (l *Limiter) WithFallback(other digicert.Limiter) *Limiter {
	l.fallback = other
	return l
}

var (
	_ digicert.Pauser          = (*Limiter)(nil)
	_ digicert.ExpiringLimiter = (*Limiter)(nil)
)

// SetAttemptTimeout implements [digicert.ExpiringLimiter]. The default is one minute. A d of zero or less is ignored, and a
// longer one than a year counts as a year.
func (l *Limiter) SetAttemptTimeout(d time.Duration) {
	if d <= 0 {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	d = min(d, year)
	if l.attemptSet {
		d = max(d, l.attempt)
	}
	l.attempt, l.attemptSet = d, true
}

// margin is the greatest age of an answer from which a slot is used.
func (l *Limiter) margin() time.Duration { return l.attempt / 4 }

// hold is how long a slot is held if it is not released.
func (l *Limiter) hold() time.Duration { return l.attempt + l.margin() }

func (l *Limiter) validate() error {
	for _, w := range l.windows {
		if w.Requests <= 0 || w.Per < time.Microsecond {
			return &digicert.ParamError{Param: "windows", Reason: fmt.Sprintf("%d requests per %s: must be at least 1 in at least 1µs", w.Requests, w.Per)}
		}
	}
	return checkUse(l.rdb, l.name)
}

// Acquire implements [digicert.Limiter]. If no slot can become free before the deadline of ctx, it fails at once, with an error
// that is both [digicert.ErrRateLimited] and [context.DeadlineExceeded]. A failure of Redis is [ErrUnavailable] or [ErrRefused].
// If release is never called, the slot is held as that of a process that died.
func (l *Limiter) Acquire(ctx context.Context) (release func(), err error) {
	if err := l.validate(); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if l.fallback != nil && l.isOut() {
		return l.fallback.Acquire(ctx)
	}
	w, err := l.acquire(ctx)
	switch {
	case err == nil:
		return l.releaseOf(w), nil
	case l.fallback != nil && errors.Is(err, ErrUnavailable) && ctx.Err() == nil:
		return l.fallback.Acquire(ctx)
	}
	return nil, err
}

// acquire waits for a slot. It does not use one from an old answer: that could become free again before the response to its
// request.
func (l *Limiter) acquire(ctx context.Context) (*waiter, error) {
	arrived := time.Now()
	for n := 1; ; n++ {
		w, err := l.wait(ctx, arrived)
		if err != nil {
			return nil, err
		}
		l.mu.Lock()
		margin := l.margin()
		l.mu.Unlock()
		late := longestBetween(w.asked, time.Now())
		if late <= margin {
			return w, nil
		}
		l.give(&give{waiter: w, at: time.Now()}) // Redis was slow, or this process was suspended
		if n == maxStale {
			return nil, unusable("the limits of "+l.name, fmt.Errorf("it took %s to answer; with this AttemptTimeout the maximum is %s", late, margin))
		}
	}
}

// longestBetween returns the time between two moments, by the monotonic clock or the wall clock: some systems stop the first
// while they sleep.
func longestBetween(a, b time.Time) time.Duration { return max(b.Sub(a), b.Round(0).Sub(a.Round(0))) }

// isOut reports whether Redis was unavailable when it was last asked. If that was some time ago, it starts asking again, and does
// not wait for the answer.
func (l *Limiter) isOut() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.out && !time.Now().Before(l.down) {
		l.probe = true
		l.start()
	}
	return l.out
}

// waiter is a request that waits for a slot, or has one.
type waiter struct {
	slot    string
	ctx     context.Context
	arrived time.Time
	known   int64         // the earliest estimate of arrived by Redis's clock, in µs; 0: none yet
	gone    bool          // its context has ended
	ready   chan struct{} // closed once it has a slot, or err
	err     error
	asked   time.Time // when Redis was asked for its slot
	pauses  int64     // the number of pauses before its start
}

// wait waits for a slot.
func (l *Limiter) wait(ctx context.Context, arrived time.Time) (*waiter, error) {
	w := &waiter{ctx: ctx, arrived: arrived, ready: make(chan struct{})}
	l.mu.Lock()
	if deadline, ok := ctx.Deadline(); ok && l.queue.Len() > 0 && l.due.After(deadline) { // not even the first has a turn before
		defer l.mu.Unlock()
		return nil, &deadlineError{time.Until(l.due)}
	}
	l.slots++
	w.slot = l.machine + ":" + strconv.FormatUint(l.slots, 36)
	e := l.queue.PushBack(w)
	l.start()
	l.mu.Unlock()
	select {
	case <-w.ready:
		return w, w.err
	case <-ctx.Done():
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	select {
	case <-w.ready:
		if w.err == nil {
			l.gives = append(l.gives, &give{waiter: w, at: time.Now()})
		}
	default:
		w.gone = true
		l.queue.Remove(e)
		if l.queue.Len() == 0 {
			l.due = time.Time{}
		}
	}
	l.start()
	return nil, context.Cause(ctx)
}

// give is a slot that is given back to Redis.
type give struct {
	*waiter
	used bool
	at   time.Time
	told chan struct{} // closed once Redis was asked to take it; may be nil
}

// releaseOf returns the function that gives a slot back, once.
func (l *Limiter) releaseOf(w *waiter) func() {
	return sync.OnceFunc(func() {
		told := make(chan struct{})
		l.give(&give{waiter: w, used: true, at: time.Now(), told: told})
		waitAtMost(maxReleaseWait, told)
	})
}

// waitAtMost waits until done is closed, but no longer than d.
func waitAtMost(d time.Duration, done <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-done:
	case <-timer.C:
	}
}

func (l *Limiter) give(g *give) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.gives = append(l.gives, g)
	l.start()
}

// Pause implements [digicert.Pauser] for all machines. Afterwards their requests start one by one, as those of a
// [digicert.RollingLimiter] do. A negative d counts as 0, and one of more than a year as a year. A fallback that is a
// [digicert.Pauser] pauses too, and then it is not an error that Redis is unavailable.
func (l *Limiter) Pause(ctx context.Context, d time.Duration) error {
	if err := l.validate(); err != nil {
		return err
	}
	fallback, _ := l.fallback.(digicert.Pauser)
	if fallback != nil {
		if err := fallback.Pause(ctx, d); err != nil || l.isOut() {
			return err
		}
	}
	err := pauseScript.Run(ctx, l.rdb, l.keys, min(max(d, 0), year).Microseconds()).Err()
	l.mu.Lock()
	l.due = time.Time{} // the waiters whose deadline is before the end of the pause fail
	l.start()
	l.mu.Unlock()
	if err != nil && (fallback == nil || isRefusal(err)) {
		return unusable("the pause of "+l.name, err)
	}
	return nil
}
