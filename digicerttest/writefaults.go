// The faults of writes.

package digicerttest

import (
	"slices"
	"time"
)

// LoseRequest resets the connection of a write before it takes effect. It is [Reset] for writes only.
func LoseRequest() Fault { return Fault{kind: kindLoseRequest} }

// LoseAnswer resets the connection of a write after it has taken effect, so that the response is lost. It
// affects, and counts, only writes that the service accepts.
func LoseAnswer() Fault { return Fault{kind: kindLoseAnswer} }

// CutWhileActing resets the connection of a write while it takes effect: the client sees the reset before
// the change is made. The next request waits until the change is made, unless CommitLate holds it back.
// Like LoseAnswer, it affects only writes that the service accepts.
func CutWhileActing() Fault { return Fault{kind: kindCutWhileActing} }

// CommitLate holds back the change of a write until the service has handled n further GET
// requests; the next one sees it. The write is answered at once, as if the change were made, unless another
// fault prevents that. Ids are assigned at once, and the change has the time of the write.
func CommitLate(n int) Fault { return Fault{kind: kindCommitLate, bytes: int64(n)} }

// CommitLateBy is like CommitLate, but holds back the change for d by the server's clock.
func CommitLateBy(d time.Duration) Fault { return Fault{kind: kindCommitLate, wait: d} }

// OtherForm changes the form of the response to a successful write: 204 without a body instead of a response
// with a body, and vice versa. Instead of 204, the response to a revocation is 201 with its request, and to any
// other write 200 with {}.
func OtherForm() Fault { return Fault{kind: kindOtherForm} }

// AfterEffect makes a fault that sends its own response, delays, hangs or resets the connection act
// after the service: a write takes effect and then fails. It affects, and counts, only requests that the
// service would answer with a success.
//
//	digicerttest.HTMLPage(502).AfterEffect().On(digicerttest.PlaceOrder).Times(1)
func (f Fault) AfterEffect() Fault { f.effect = true; return f }

// OnWrites limits the fault to the endpoints for writes.
func (f Fault) OnWrites() Fault {
	var all []Endpoint
	for _, r := range routes {
		if r.write != nil && !slices.Contains(all, r.endpoint) {
			all = append(all, r.endpoint)
		}
	}
	return f.On(all...)
}
