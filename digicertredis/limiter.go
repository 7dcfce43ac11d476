// The limiter: the rolling windows and the pause of a key, on many machines.

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
	// maxReleaseWait is how long the release of a slot or a lease waits until Redis knows of it. It goes on behind the caller's back after that.
	maxReleaseWait = 250 * time.Millisecond
	// year is what a longer AttemptTimeout or pause counts as.
	year = 365 * 24 * time.Hour
	// maxStale is how many answers in a row may come too late to be used.
	maxStale = 5
	// minPoll and maxPoll bound the time after which a limiter that recovers from a pause asks again. Nothing tells it
	// of responses to other machines.
	minPoll = 50 * time.Millisecond
	maxPoll = time.Second
	// retryAfter is how long a limiter with a fallback, or with nothing but slots to give back, leaves a Redis alone that did not answer.
	retryAfter = time.Second
)

// Limiter keeps all machines that use one name within rolling windows, as a [digicert.RollingLimiter] keeps one process: no window holds
// more requests than it may, whatever the network does. A slot is taken before a request is sent and becomes free one window
// after its response. A process that dies gives its slots back by itself, one window after its requests must have ended: 1¼ times
// the AttemptTimeout of the clients.
//
// The waiter who came first on any machine starts first. Of those behind it, one machine may start several before
// the second of another machine, when it is the one that asks: a machine asks once for all its waiters, when Redis has computed that it may
// be its turn, and not before. A machine that dies while it waits costs others one slot for at most two seconds longer than it would
// have waited.
//
// If Redis cannot be asked, Acquire returns an error that is [ErrUnavailable]: requests of other machines are not known then, so nothing is sent.
// See [Limiter.WithFallback]. A Redis that loses its data lets through one window's worth of requests more at the worst.
type Limiter struct {
	rdb     redis.UniversalClient
	name    string
	windows []digicert.Window
	keys    []string
	machine string // this limiter, among all

	fallback digicert.Limiter

	mu         sync.Mutex
	attempt    time.Duration // the longest AttemptTimeout
	attemptSet bool          // by a client
	slots      uint64        // so far, for their ids
	queue      list.List     // of *waiter, in the order of their arrival
	gives      []*give       // to be told to Redis
	running    bool          // whether run is at work
	wake       chan struct{} // tells run of waiters and gives
	registered bool          // whether Redis knows that this machine waits
	due        time.Time     // when to ask again
	recovering bool          // whether a response may change what is due
	poll       time.Duration
	down       time.Time // until when Redis is left alone
	out        bool      // whether Redis was unavailable when it was last asked
	probe      bool      // whether to ask it, to see if it still is
}

// NewLimiter returns the limiter of all machines that use this name. They should all pass the same windows; without any, they are the
// documented limits of a key, 100 requests in 5 s and 1000 in 3 min. A nil client, an invalid name or a window that allows
// nothing is an error of Acquire.
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

// WithFallback makes requests wait for other where Redis cannot be asked, and returns l. Each machine has its own: whoever has eight machines gives
// each a [digicert.RollingLimiter] of an eighth of the limits. What was sent through Redis within the last window is not known
// to it. Redis is asked again every second. A Redis that answers, and refuses, is an error still. It must be called before l is used.
func (l *Limiter) WithFallback(other digicert.Limiter) *Limiter {
	l.fallback = other
	return l
}

var (
	_ digicert.Pauser          = (*Limiter)(nil)
	_ digicert.ExpiringLimiter = (*Limiter)(nil)
)

// SetAttemptTimeout implements [digicert.ExpiringLimiter]. Without a call it is one minute. A d of zero or less changes nothing, and more than
// a year counts as a year.
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

// margin is how old the answer of Redis may be when a request gets its slot.
func (l *Limiter) margin() time.Duration { return l.attempt / 4 }

// hold is how long a slot is held that is not released.
func (l *Limiter) hold() time.Duration { return l.attempt + l.margin() }

func (l *Limiter) validate() error {
	for _, w := range l.windows {
		if w.Requests <= 0 || w.Per < time.Microsecond {
			return &digicert.ParamError{Param: "windows", Reason: fmt.Sprintf("%d requests per %s: must be at least 1 in at least 1µs", w.Requests, w.Per)}
		}
	}
	return checkUse(l.rdb, l.name)
}

// Acquire implements [digicert.Limiter]. If no slot can become free before the deadline of ctx, it fails at once, with an
// error that is both [digicert.ErrRateLimited] and [context.DeadlineExceeded].
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

// acquire waits for a slot until it comes in time: one that is used late could end before the response to its request.
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

// longestBetween returns the time between two moments, by the monotonic clock or the wall clock: some systems stop the first while they sleep.
func longestBetween(a, b time.Time) time.Duration { return max(b.Sub(a), b.Round(0).Sub(a.Round(0))) }

// isOut reports whether Redis is unavailable, as far as is known. Now and then it sees to it that Redis is asked: the requests of the
// fallback do not wait for that.
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
	known   int64         // the same by Redis's clock, in µs, as far as it is known; 0: not yet
	gone    bool          // nobody waits for it any more
	ready   chan struct{} // closed once it has a slot, or err says why not
	err     error
	asked   time.Time // when Redis was asked for the slot that it got
	pauses  int64     // before that
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

// give is a slot that goes back to Redis.
type give struct {
	*waiter
	used bool
	at   time.Time
	told chan struct{}
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

// Pause implements [digicert.Pauser]: all machines pause, at most for a year. Afterwards they start one by one, as by [digicert.RollingLimiter].
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
	l.due = time.Time{} // the deadlines of the waiters are looked at again
	l.start()
	l.mu.Unlock()
	if err != nil && (fallback == nil || isRefusal(err)) {
		return unusable("the pause of "+l.name, err)
	}
	return nil
}
