// Inject, and the effects of faults on requests.

package digicerttest

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-digicert/digicert"
)

// Inject adds faults to the active ones. Of the faults that send their own response, hang or reset,
// only the first one that applies to a request acts on it. All others act together, except that a
// body is cut only once.
//
// A fault that alters or cuts a body affects only requests that the service would answer with a success;
// only these count for its Times. A fault that acts before the service also affects requests with a bad
// key, and a request that it stops does not count against the rate limits. Delays take real time,
// independent of the server's clock.
//
// If a fault is invalid, Inject returns an error and adds none.
func (s *Server) Inject(faults ...Fault) error {
	for _, f := range faults {
		if err := f.check(); err != nil {
			return fmt.Errorf("digicerttest: fault %s: %w", cmp.Or(string(f.kind), "without a kind"), err)
		}
	}
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	for _, f := range faults {
		f.stale = new(atomic.Int64)
		s.faults.active = append(s.faults.active, &activeFault{
			Fault:  f,
			chance: rand.New(rand.NewPCG(f.seed, 0)),
		})
	}
	return nil
}

// ActiveFault is a fault that can still act.
type ActiveFault struct {
	Fault Fault // with the remaining Times and After
	Acted int   // the number of requests on which it has acted
}

// Faults returns the active faults in the order in which they were injected. A fault that has used up its Times is no longer
// active.
func (s *Server) Faults() []ActiveFault {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	list := make([]ActiveFault, len(s.faults.active))
	for i, f := range s.faults.active {
		list[i] = ActiveFault{f.Fault, f.acted}
		list[i].Fault.times = max(f.times, 0) // below 0: no limit
	}
	return list
}

// ClearFaults removes all faults. It does not release requests that a fault is already holding.
func (s *Server) ClearFaults() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.active = nil
}

type faultList struct {
	mu     sync.Mutex
	active []*activeFault
}

type activeFault struct {
	Fault
	chance   *rand.Rand
	acted    int // the number of requests that it acted on
	standing standingDate
}

// appliesTo decides whether the fault affects a request, and counts the request.
func (f *activeFault) appliesTo(endpoint Endpoint) bool {
	if !f.canActAt(endpoint) || len(f.endpoints) > 0 && !slices.Contains(f.endpoints, endpoint) {
		return false
	}
	if f.after > 0 {
		f.after--
		return false
	}
	return f.share == 0 || f.chance.Float64() < f.share
}

// draw adds to fx the effects of the faults that act on a request at a moment. It removes a fault after the
// last of its Times.
func (l *faultList) draw(endpoint Endpoint, at moment, fx *effects) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.active = slices.DeleteFunc(l.active, func(f *activeFault) bool {
		if f.inFront() != (at == beforeService) || !fx.admits(f.kind) || !f.appliesTo(endpoint) {
			return false
		}
		f.acted++
		fx.date.add(f, f.acted)
		if f.kind.lists() {
			fx.faulted = true
			fx.listEffects.add(f.Fault, f.chance.Uint64())
		} else {
			fx.add(f.Fault)
		}
		f.times-- // below 0: no limit
		return f.times == 0
	})
}

// moment is when a fault acts on a request.
type moment int

const (
	beforeService moment = iota
	onAnswer             // once the service has a successful response, but before it changes its state
)

// effects are the effects of the faults on one request.
type effects struct {
	faulted bool    // whether there is any
	reply   *answer // instead of the service's response
	delivery
	listEffects

	lateReads int           // the number of reads for which a change is held back
	lateBy    time.Duration // or the time
	cutFirst  bool          // reset the connection before the service changes its state
	otherForm bool          // the other form of the response to a write

	emptyArrays, numbersAsStrings, duplicateRows, nulls, missingKeys, repeatPrimary, wrongCertificate, childAccounts bool
}

// copies returns how often a list has each row.
func (fx *effects) copies() int {
	if fx.duplicateRows {
		return 2
	}
	return 1
}

// admits reports whether a fault of a kind can act in addition to those in fx.
func (fx *effects) admits(kind faultKind) bool {
	switch kind {
	case kindDelay, kindCommitLate, kindDateAhead, kindDateBehind, kindDateGrowing, kindDateStanding, kindDateMissing:
		return true
	case kindTruncate, kindTruncateSilently, kindResetInBody:
		return fx.cut == uncut
	}
	return fx.reply == nil && !fx.hang && !fx.reset
}

func (fx *effects) add(f Fault) {
	fx.faulted = true
	switch f.kind {
	case kindDelay:
		fx.delay += f.wait
	case kindHang:
		fx.hang = true
	case kindReset, kindLoseRequest, kindLoseAnswer:
		fx.reset = true
	case kindCutWhileActing:
		fx.cutFirst = true
	case kindCommitLate:
		fx.lateReads, fx.lateBy = int(f.bytes), f.wait
	case kindOtherForm:
		fx.otherForm = true
	case kindDrip:
		fx.dripBytes, fx.dripEvery = int(f.bytes), f.wait
	case kindResetInBody:
		fx.cut = cutByReset
	case kindTruncate:
		fx.cut = cutOff
	case kindTruncateSilently:
		fx.cut = cutSilently
	case kindHugeBody:
		fx.padding += f.bytes
	case kindGzipBomb:
		fx.bomb += f.bytes
	case kindEmptyArrays:
		fx.emptyArrays = true
	case kindNumbersAsStrings:
		fx.numbersAsStrings = true
	case kindDuplicateRows:
		fx.duplicateRows = true
	case kindNulls:
		fx.nulls = true
	case kindMissingKeys:
		fx.missingKeys = true
	case kindRepeatPrimary:
		fx.repeatPrimary = true
	case kindWrongCertificate:
		fx.wrongCertificate = true
	case kindChildAccounts:
		fx.childAccounts = true
	case kindDateAhead, kindDateBehind, kindDateGrowing, kindDateStanding, kindDateMissing: // see dateEffect
	default:
		fx.reply = f.reply()
	}
}

// instead returns the response of the faults that replace the service's response, or nil.
func (fx *effects) instead() *answer {
	if fx.hang || fx.reset || fx.closed {
		return newAnswer(0, "", nil)
	}
	return fx.reply
}

const page = `<!DOCTYPE html>
<html>
<head><title>%s</title></head>
<body>
<h1>%s</h1>
</body>
</html>
`

// reply returns the response of a fault that sends its own.
func (f Fault) reply() *answer {
	var a *answer
	switch f.kind {
	case kindStatus:
		a = newAnswer(f.status, contentTypeOf(f.text), []byte(f.text))
	case kindError:
		a = newAnswer(f.status, contentJSON, appendErrors(nil, []digicert.ErrorDetail{{Code: f.code, Message: f.text}}))
	case kindHTML:
		title := strconv.Itoa(f.status) + " " + http.StatusText(f.status)
		a = newAnswer(f.status, contentHTML, fmt.Appendf(nil, page, title, title))
	case kindRedirect:
		a = newAnswer(http.StatusFound, "", nil)
		a.header.Set("Location", f.text)
	case kindRateLimited:
		a = newAnswer(http.StatusTooManyRequests, contentJSON, appendErrors(nil, errRequestLimit.errors))
		if f.wait > 0 {
			a.header.Set("Retry-After", strconv.Itoa(int((f.wait+time.Second-1)/time.Second)))
		}
	}
	for _, h := range f.header {
		a.header.Set(h[0], h[1])
	}
	return a
}
