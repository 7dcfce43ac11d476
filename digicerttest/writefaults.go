// The faults of writes.

package digicerttest

import (
	"slices"
	"time"
)

// LoseRequest resets the connection of a write before the service acts: nothing is changed. It is [Reset]
// for writes only.
func LoseRequest() Fault { return Fault{kind: kindLoseRequest} }

// LoseAnswer resets the connection of a write after the service has acted: the client does not learn of
// the change. It affects, and counts, only writes that the service accepts.
func LoseAnswer() Fault { return Fault{kind: kindLoseAnswer} }

// CutWhileActing resets the connection of a write while the service acts: the client sees the reset before
// the change is made. A request that follows waits until it is made, unless CommitLate holds it back.
// Like LoseAnswer, it affects only writes that the service accepts.
func CutWhileActing() Fault { return Fault{kind: kindCutWhileActing} }

// CommitLate holds back the change that a write makes until the service has answered n further GET
// requests; the next one sees it. The write is answered at once, as if the change was made, or not at all
// if another fault says so. Ids are assigned at once, and the change bears the time of the write.
func CommitLate(n int) Fault { return Fault{kind: kindCommitLate, bytes: int64(n)} }

// CommitLateBy is like CommitLate, but holds back the change for d by the server's clock.
func CommitLateBy(d time.Duration) Fault { return Fault{kind: kindCommitLate, wait: d} }

// OtherForm answers a successful write in its other form: 204 without a body instead of one with a body,
// and the reverse. A revocation that would be answered with 204 is answered with 201 and its request, any
// other write with 200 and {}.
func OtherForm() Fault { return Fault{kind: kindOtherForm} }

// AfterEffect makes a fault that sends an answer of its own, delays, hangs or resets the connection act
// after the service: a write takes effect and then fails. It affects, and counts, only requests that the
// service would answer with a success.
//
//	digicerttest.HTMLPage(502).AfterEffect().On(digicerttest.PlaceOrder).Times(1)
func (f Fault) AfterEffect() Fault { f.effect = true; return f }

// OnWrites limits the fault to the endpoints that write.
func (f Fault) OnWrites() Fault {
	var all []Endpoint
	for _, r := range routes {
		if r.write != nil && !slices.Contains(all, r.endpoint) {
			all = append(all, r.endpoint)
		}
	}
	return f.On(all...)
}
