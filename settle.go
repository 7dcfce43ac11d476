// Writes whose effect can be looked up after a lost response.

package digicert

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// intent is a write whose effect can be looked up if its response is lost.
type intent struct {
	lock         string // the lock of the object that it changes
	id           string // identifies calls with the same intent
	shared       bool   // id also identifies calls of other processes
	method, path string
	body         []byte      // JSON
	result       any         // a pointer
	answered     func() bool // whether result has the outcome; nil means that every success has it

	// before reads the state before anything is sent, for look. If it returns done, nothing is sent. It may be nil.
	before func(ctx context.Context) (state any, done bool, err error)
	// look looks up the effect. state is from before, possibly from that of an earlier call.
	look func(ctx context.Context, state any) (found bool, err error)
	// complete looks up what the response lacks. It may be nil.
	complete func(ctx context.Context, state any)

	// refusalMayMeanDone is set if the service refuses a write that is already done. After a refusal look decides, unless isDone does.
	refusalMayMeanDone bool
	isDone             func(refusal error) bool // whether the refusal proves that it is done; may be nil

	sentBefore         bool   // another process may have sent it: before is repeated like look
	alternativeOrderID string // for the error
}

// carryOut sends a write unless it is already done, and determines its outcome. found reports whether the result is from a lookup
// and not from the response.
func (c *Client) carryOut(ctx context.Context, in *intent) (found bool, err error) {
	r, err := c.newRequest(in.method, in.path, nil, in.body, in.result)
	if err != nil {
		return false, err
	}
	held, err := c.lockFor(ctx, in)
	if err != nil {
		return false, newEndError(r, nil, err, ctx.Err())
	}
	defer held.unlock()
	ctx = held.ctx
	state, doubted := c.doubts.get(in.id)
	in.sentBefore = in.sentBefore || held.usedBefore
	if found, err = c.lookBefore(ctx, in, &state, doubted); found || err != nil {
		if found {
			c.doubts.drop(in.id)
		} else if doubted {
			err = in.unknown(r, err)
		}
		return found, err
	}
	held.wrote = true
	_, err = c.do(ctx, r)
	var unknown *OutcomeUnknownError
	switch {
	case err == nil && (in.answered == nil || in.answered()):
		c.doubts.drop(in.id)
		if in.complete != nil {
			in.complete(ctx, state)
		}
		return false, nil
	case err == nil:
		unknown = in.unknown(r, r.newDecodeError(&decodeFailure{pointer: "/id", reason: "the id is missing, or the id of another order"}))
	case !errors.As(err, &unknown):
		found, lookErr := c.refusedAsDone(ctx, in, err, state)
		if found {
			c.doubts.drop(in.id)
			return true, nil
		}
		if lookErr != nil {
			return false, in.unknown(r, &lookUpError{err, lookErr})
		}
		held.wrote = false
		return false, err
	}
	unknown.AlternativeOrderID = in.alternativeOrderID
	c.doubts.put(in.id, state)
	if ctx.Err() != nil {
		return false, unknown
	}
	found, err = c.lookUp(ctx, func(ctx context.Context) (bool, error) { return in.look(ctx, state) })
	var several *AmbiguousError
	switch {
	case found:
		c.doubts.drop(in.id)
		return true, nil
	case errors.As(err, &several):
		return false, err
	case err != nil:
		unknown.Err = &lookUpError{unknown.Err, err}
	}
	return false, unknown
}

// refusedAsDone reports whether the service refused a write because it is already done.
func (c *Client) refusedAsDone(ctx context.Context, in *intent, refusal error, state any) (found bool, err error) {
	if !in.refusalMayMeanDone || !slices.Contains([]int{http.StatusBadRequest, http.StatusConflict, http.StatusUnprocessableEntity}, statusOf(refusal)) {
		return false, nil
	}
	if in.isDone != nil && in.isDone(refusal) {
		return true, nil
	}
	look := func(ctx context.Context) (bool, error) { return in.look(ctx, state) }
	if saysAlready(refusal) { // it is done, but the service may show it late
		return c.lookUp(ctx, look)
	}
	return look(ctx)
}

// saysAlready reports whether a refusal has a code for "already done". Few such codes are known, from production clients.
func saysAlready(refusal error) bool {
	return codeContains(refusal, "already")
}

// codeContains reports whether an error code of the service contains one of the words.
func codeContains(err error, words ...string) bool {
	var answer *Error
	return errors.As(err, &answer) && slices.ContainsFunc(answer.Details, func(d ErrorDetail) bool {
		return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(string(d.Code), word) })
	})
}

// lookBefore reports whether a write is already done. After an earlier call with an unknown outcome it repeats the lookup as
// that call did.
func (c *Client) lookBefore(ctx context.Context, in *intent, state *any, doubted bool) (done bool, err error) {
	before := func(ctx context.Context) (done bool, err error) {
		*state, done, err = in.before(ctx)
		return done, err
	}
	switch {
	case doubted:
		return c.lookUp(ctx, func(ctx context.Context) (bool, error) { return in.look(ctx, *state) })
	case in.before == nil:
		return false, nil
	case in.sentBefore:
		return c.lookUp(ctx, before)
	}
	return before(ctx)
}

// lookUp calls look until it finds the effect, up to the maximum number of attempts of the retry policy, with backoff: the
// service may show a change late.
func (c *Client) lookUp(ctx context.Context, look func(context.Context) (bool, error)) (found bool, err error) {
	for n := 1; ; n++ {
		found, err = look(ctx)
		if found || err != nil && !conditionOf(err).transient || n >= c.retry.MaxAttempts {
			return found, err
		}
		ceiling := c.retry.ceiling(n, 1)
		if end := sleep(ctx, ceiling/2+c.retry.backoff(n)/2); end != nil {
			if err == nil {
				err = end
			}
			return false, err
		}
	}
}

// lockFor acquires the locks of a write: that of its object and, for a shared id, that of the intent.
func (c *Client) lockFor(ctx context.Context, in *intent) (*heldLocks, error) {
	if !in.shared {
		return c.lock(ctx, in.lock, "")
	}
	return c.lock(ctx, in.lock, in.id)
}

// unknown returns the error for a write with an unknown outcome.
func (in *intent) unknown(r *request, err error) *OutcomeUnknownError {
	return &OutcomeUnknownError{Method: r.method, Path: r.redactor.redactKeys(r.path), AlternativeOrderID: in.alternativeOrderID, Err: err}
}

// lookUpError is the failure of a write and of the lookup of its effect.
type lookUpError struct{ write, look error }

func (e *lookUpError) Error() string {
	return e.write.Error() + "; looking up its effect failed: " + strings.TrimPrefix(e.look.Error(), "digicert: ")
}

func (e *lookUpError) Unwrap() []error { return []error{e.write, e.look} }

// doubts are the writes of a client with an unknown outcome, and the state before each.
type doubts struct {
	mu    sync.Mutex
	state map[string]any
}

// maxDoubts is the maximum number of doubts.
const maxDoubts = 10_000

func (d *doubts) get(id string) (state any, doubted bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	state, doubted = d.state[id]
	return state, doubted
}

func (d *doubts) put(id string, state any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.state == nil {
		d.state = make(map[string]any)
	}
	for other := range d.state {
		if len(d.state) < maxDoubts {
			break
		}
		delete(d.state, other)
	}
	d.state[id] = state
}

func (d *doubts) drop(id string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.state, id)
}

// newAlternativeOrderID returns a unique alternative order id.
func newAlternativeOrderID() string { return "go-digicert-" + rand.Text() }
