package digicert_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// writeSchedules is how many schedules TestOneIntentOneEffect runs.
const writeSchedules = 2400

// lateBy is how late the service of a schedule shows a change at the most. A look for an effect takes longer, by the policy of
// writerPolicy: that is the limit of the promise.
const lateBy = 3 * time.Millisecond

// writerPolicy is the policy of the clients: with eight looks after at least 0.5, 1, 2, 2, … ms.
var writerPolicy = digicert.WithRetry(digicert.RetryPolicy{MinDelay: time.Millisecond, MaxAttempts: 8, MaxDelay: 4 * time.Millisecond, AttemptTimeout: time.Minute})

// One intent has one effect, whatever is lost, and whenever the process ends: the caller calls again until it succeeds, with what
// it stored before its first call. After an unclear outcome no call sends anything again. Every effect is known to its caller.
func TestOneIntentOneEffect(t *testing.T) {
	t.Parallel()
	runWriteSchedules(t, writeSchedules)
}

func runWriteSchedules(t *testing.T, n int) {
	seed := randomSeed(t)
	var csrs []string
	for range 30 {
		_, csr := newKey(t)
		csrs = append(csrs, csr)
	}
	const together = 48
	work := make(chan int)
	var wg sync.WaitGroup
	var mu sync.Mutex
	sum := make(map[string]int)
	for range together {
		wg.Go(func() {
			for i := range work {
				w := &writeSchedule{rng: rand.New(rand.NewPCG(seed, uint64(i))), csrs: csrs}
				err := w.run(t.Context())
				mu.Lock()
				sum["calls"] += w.calls
				sum["ended processes"] += w.ended
				sum["writes sent"] += w.sent
				mu.Unlock()
				if err != nil {
					t.Errorf("schedule %d, %s, faults %s: %v", i, w.kind, w.faults, err)
				}
			}
		})
	}
	for i := range n {
		work <- i
	}
	close(work)
	wg.Wait()
	t.Logf("%d schedules: %v", n, sum)
	require.Greater(t, sum["ended processes"], n/10)
	require.Greater(t, sum["calls"], n*11/10)
}

// writeSchedule is one service that misbehaves, and one caller with one intent.
type writeSchedule struct {
	rng    *rand.Rand
	csrs   []string
	kind   string
	faults string
	late   bool // whether the service shows changes late
	calls  int
	ended  int
	sent   int

	server *digicerttest.Server
	csr    string
	log    bytes.Buffer
	logMu  sync.Mutex
}

// goal is what the caller wants: how to ask for it, and what must hold in the end. restarted is whether a process
// ended since the first call.
type goal struct {
	call   func(ctx context.Context, c *digicert.Client, restarted bool) (id int64, err error)
	effect func(id int64, restarted bool) error
}

func (w *writeSchedule) run(ctx context.Context) error {
	w.kind = pickOne(w.rng, "place", "reissue", "duplicate", "reissue in one process", "revoke an order", "revoke a certificate", "revoke with approval", "cancel", "approve", "reject", "set the method")
	opts := []digicerttest.Option{digicerttest.WithoutSamples()}
	switch w.kind {
	case "cancel", "approve", "reject":
		opts = append(opts, digicerttest.WithApproval())
	case "set the method":
		opts = append(opts, digicerttest.WithDCV(-1))
	}
	var err error
	if w.server, err = digicerttest.Start(opts...); err != nil {
		return err
	}
	defer w.server.Close()
	w.csr = pickOne(w.rng, w.csrs...)
	g, err := w.goal(ctx)
	if err != nil {
		return fmt.Errorf("set-up: %w", err)
	}
	if err := w.inject(); err != nil {
		return err
	}
	id, err := w.reach(ctx, g)
	if err != nil {
		return err
	}
	w.server.ClearFaults()
	w.server.Settle()
	if err := g.effect(id, w.ended > 0); err != nil {
		return err
	}
	return w.shows("the log", w.log.String())
}

// pickOne returns one of some values.
func pickOne[T any](rng *rand.Rand, values ...T) T { return values[rng.IntN(len(values))] }

// inject makes the service misbehave at a rate of 10 % to 95 %.
func (w *writeSchedule) inject() error {
	writes := []digicerttest.Fault{
		digicerttest.LoseRequest(), digicerttest.LoseAnswer(), digicerttest.CutWhileActing(), digicerttest.OtherForm(), digicerttest.HTMLPage(502).AfterEffect().OnWrites(),
		digicerttest.APIError(500, "internal", "x").AfterEffect().OnWrites(), digicerttest.Truncate().OnWrites(), digicerttest.TruncateSilently().OnWrites(),
		digicerttest.Redirect("/services/v2/user/me").AfterEffect().OnWrites(), digicerttest.HTMLPage(503).OnWrites(), digicerttest.RateLimited(0).OnWrites(),
	}
	both := []digicerttest.Fault{
		digicerttest.HTMLPage(502), digicerttest.HTMLPage(503), digicerttest.APIError(500, "internal", "x"), digicerttest.RateLimited(0), digicerttest.Reset(), digicerttest.Truncate(), digicerttest.ResetInBody(),
	}
	rate := 0.1 + 0.85*w.rng.Float64()
	kinds := 1 + w.rng.IntN(3)
	share := 1 - math.Pow(1-rate, 1/float64(kinds))
	for range kinds {
		f := pickOne(w.rng, append(writes, both...)...).Share(share, w.rng.Uint64())
		w.faults += fmt.Sprintf("%s; ", f)
		if err := w.server.Inject(f); err != nil {
			return err
		}
	}
	if w.rng.IntN(3) == 0 {
		f := digicerttest.CommitLateBy(time.Duration(w.rng.Int64N(int64(lateBy))))
		w.faults += fmt.Sprintf("%s; ", f)
		w.late = true
		return w.server.Inject(f)
	}
	return nil
}

// reach calls until it succeeds. Each turn of the outer loop is a process. A service that fails nineteen of twenty requests recovers
// in the end: else some schedules would take minutes.
func (w *writeSchedule) reach(ctx context.Context, g goal) (int64, error) {
	const recovery, patience = 60, 80 // calls
	for {
		process := &mortal{to: new(http.Transport), life: -1}
		if w.ended < 5 && w.kind != "reissue in one process" && w.rng.IntN(2) == 0 {
			process.life = w.rng.IntN(8)
			process.afterSending = w.rng.IntN(2) == 0
		}
		pctx, kill := context.WithCancel(ctx)
		process.kill = kill
		c, err := digicert.NewClient(w.server.Key(), digicert.WithBaseURL(w.server.URL()), digicert.WithHTTPClient(&http.Client{Transport: process}), writerPolicy,
			digicert.WithLimiter(digicert.Unlimited()), digicert.WithLogger(slog.New(slog.NewTextHandler(lockedWriter{&w.logMu, &w.log}, &slog.HandlerOptions{Level: slog.LevelDebug}))))
		if err != nil {
			kill()
			return 0, err
		}
		restarted := w.calls > 0
		for pctx.Err() == nil {
			if w.calls++; w.calls > patience {
				kill()
				return 0, errors.New("the caller's patience is over")
			}
			if w.calls == recovery {
				w.server.ClearFaults()
			}
			process.begin()
			id, err := g.call(pctx, c, restarted)
			w.sent += process.writes
			if violation := cmpOr(process.violation, w.acceptable(pctx, err)); violation != nil {
				kill()
				return 0, violation
			}
			if err == nil && pctx.Err() == nil { // else the process ended before it could use the result
				kill()
				process.to.CloseIdleConnections()
				return id, nil
			}
		}
		kill()
		process.to.CloseIdleConnections()
		w.ended++
	}
}

func cmpOr(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// acceptable returns an error for a failure that must not be: one that shows a secret, or that is not because of the faults.
func (w *writeSchedule) acceptable(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	for _, format := range []string{"%v", "%+v", "%#v"} {
		if shown := w.shows("an error", fmt.Sprintf(format, err)); shown != nil {
			return shown
		}
	}
	var unknown *digicert.OutcomeUnknownError
	if errors.As(err, &unknown) {
		_, single := unknown.Err.(*digicert.Error)
		if both, ok := unknown.Err.(interface{ Unwrap() []error }); ok && !single { // a failure and that of the lookup after it
			err = both.Unwrap()[1]
		}
	}
	var answer *digicert.Error
	var several *digicert.AmbiguousError
	var refused *digicert.ParamError
	switch {
	case ctx.Err() != nil:
		return nil
	case errors.As(err, &several), errors.As(err, &refused):
		return fmt.Errorf("not because of a fault: %w", err)
	case errors.As(err, &answer) && answer.StatusCode >= 400 && answer.StatusCode < 500 && answer.StatusCode != http.StatusTooManyRequests:
		return fmt.Errorf("not because of a fault: %w", err)
	}
	return nil
}

// shows returns an error if a text has the key or a line of the CSR in it.
func (w *writeSchedule) shows(what, text string) error {
	for _, line := range strings.Split(w.csr, "\n") {
		if len(line) > 20 && !strings.HasPrefix(line, "-----") && strings.Contains(text, line) {
			return fmt.Errorf("%s shows the CSR: %s", what, text)
		}
	}
	if strings.Contains(text, w.server.Key()) {
		return fmt.Errorf("%s shows the key: %s", what, text)
	}
	return nil
}

type lockedWriter struct {
	mu *sync.Mutex
	to io.Writer
}

func (w lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}

// mortal is the transport of a process that ends with one of its requests: before that is sent, or when the service has answered and
// nobody is left to see it. It also checks that no call sends a write after one whose outcome is unclear.
type mortal struct {
	to           *http.Transport
	life         int // requests until the end; negative: without one
	afterSending bool
	kill         context.CancelFunc

	mu        sync.Mutex
	unclear   bool // whether this call has sent a write whose outcome is unclear
	writes    int  // sent by this call
	violation error
}

func (m *mortal) begin() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.unclear, m.writes = false, 0
}

func (m *mortal) RoundTrip(r *http.Request) (*http.Response, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	last := m.life == 0
	m.life--
	if r.Context().Err() != nil || last && !m.afterSending {
		m.kill()
		return nil, context.Canceled
	}
	isWrite := r.Method != http.MethodGet && !strings.HasSuffix(r.URL.Path, "/dcv-random-value")
	if isWrite {
		if m.unclear {
			m.violation = fmt.Errorf("%s %s was sent after a write whose outcome is unclear", r.Method, r.URL.Path)
		}
		m.writes++
	}
	response, err := m.to.RoundTrip(r)
	if isWrite && (err != nil || response.StatusCode < 400 || response.StatusCode >= 500) {
		m.unclear = true
	}
	if last && err == nil {
		_ = response.Body.Close()
	}
	if last {
		m.kill()
		return nil, context.Canceled
	}
	return response, err
}

// goal returns the intent of the schedule. What it needs is there by then.
func (w *writeSchedule) goal(ctx context.Context) (goal, error) {
	clean := w.server.Client(quick)
	if w.kind == "place" {
		return w.placing(ctx, clean), nil
	}
	p := placing(w.csrs[0], "base")
	placed, err := clean.Orders.Place(ctx, "ssl_plus", p)
	if err != nil {
		return goal{}, err
	}
	order, err := clean.Orders.Get(ctx, placed.ID)
	if err != nil {
		return goal{}, err
	}
	get := func() (*digicert.Order, error) { return clean.Orders.Get(ctx, placed.ID) }
	// A new process that is not shown what another has done does it again: that changes nothing.
	once := func(endpoint digicerttest.Endpoint, holds func(*digicert.Order) bool) func(int64, bool) error {
		return func(_ int64, restarted bool) error {
			order, err := get()
			if err != nil {
				return err
			}
			if n := w.server.Count(endpoint).Acted; n != 1 && !(restarted && w.late) || !holds(order) {
				return fmt.Errorf("the service acted %d times, and the order is %s", n, order.Status)
			}
			return nil
		}
	}
	revoked := func(o *digicert.Order) bool {
		return o.Status == digicert.OrderStatusRevoked || o.Certificate.Status == "revoked"
	}
	switch w.kind {
	case "reissue", "duplicate", "reissue in one process":
		return w.issuing(placed.ID), nil
	case "revoke an order":
		return goal{func(ctx context.Context, c *digicert.Client, _ bool) (int64, error) {
			_, err := c.Orders.Revoke(ctx, placed.ID, &digicert.RevokeParams{SkipApproval: true})
			return 0, err
		}, once(digicerttest.RevokeOrder, revoked)}, nil
	case "revoke a certificate":
		return goal{func(ctx context.Context, c *digicert.Client, _ bool) (int64, error) {
			_, err := c.Certificates.Revoke(ctx, order.Certificate.ID, &digicert.RevokeParams{SkipApproval: true})
			return 0, err
		}, once(digicerttest.RevokeCertificate, revoked)}, nil
	case "revoke with approval":
		return goal{func(ctx context.Context, c *digicert.Client, _ bool) (int64, error) {
			r, err := c.Orders.Revoke(ctx, placed.ID, &digicert.RevokeParams{Comments: "gone"})
			if err != nil {
				return 0, err
			}
			if r.Request == nil {
				return 0, nil
			}
			return int64(r.Request.ID), nil
		}, func(id int64, restarted bool) error {
			order, err := get()
			if err != nil {
				return err
			}
			var ids []int64
			for _, r := range order.Requests {
				if r.Type == "revoke" {
					ids = append(ids, int64(r.ID))
				}
			}
			if !slices.Contains(ids, id) || len(ids) > 1 && !restarted { // a new process cannot tell whose request it was
				return fmt.Errorf("the requests are %v, and the caller knows %d", ids, id)
			}
			return nil
		}}, nil
	case "cancel":
		return goal{func(ctx context.Context, c *digicert.Client, _ bool) (int64, error) {
			return 0, c.Orders.Cancel(ctx, placed.ID, "a mistake")
		}, once(digicerttest.UpdateOrderStatus, func(o *digicert.Order) bool { return o.Status == digicert.OrderStatusCanceled })}, nil
	case "approve":
		return goal{func(ctx context.Context, c *digicert.Client, _ bool) (int64, error) {
			return 0, c.Requests.Approve(ctx, order.Requests[0].ID, "fine")
		}, once(digicerttest.UpdateRequest, func(o *digicert.Order) bool { return o.Status == digicert.OrderStatusIssued })}, nil
	case "reject":
		return goal{func(ctx context.Context, c *digicert.Client, _ bool) (int64, error) {
			return 0, c.Requests.Reject(ctx, order.Requests[0].ID, "no")
		}, once(digicerttest.UpdateRequest, func(o *digicert.Order) bool { return o.Status == digicert.OrderStatusRejected })}, nil
	}
	return goal{func(ctx context.Context, c *digicert.Client, _ bool) (int64, error) {
		token, err := c.Orders.SetDCVMethod(ctx, placed.ID, digicert.DCVDNSTXT)
		if err == nil && token.Value == "" {
			err = errors.New("no token")
		}
		return 0, err
	}, func(int64, bool) error {
		v, err := clean.Orders.Validation(ctx, placed.ID)
		if err == nil && v.OrderDCVMethod != digicert.DCVDNSTXT {
			err = fmt.Errorf("the method is %s", v.OrderDCVMethod)
		}
		return err
	}}, nil
}

// placing is the intent to place an order. Its id is stored before the first call.
func (w *writeSchedule) placing(ctx context.Context, clean *digicert.Client) goal {
	p := *placing(w.csr, "intent")
	return goal{func(ctx context.Context, c *digicert.Client, restarted bool) (int64, error) {
		p := p
		p.SentBefore = restarted
		placed, err := c.Orders.Place(ctx, "ssl_plus", &p)
		if err != nil {
			return 0, err
		}
		return int64(placed.ID), nil
	}, func(id int64, _ bool) error {
		rows, err := clean.Orders.ByAlternativeID(ctx, "intent")
		if err != nil {
			return err
		}
		if n := w.server.Orders(); n != 1 || len(rows) != 1 || int64(rows[0].OrderID) != id {
			return fmt.Errorf("there are %d orders, %v have the id, and the caller knows %d", n, rows, id)
		}
		return nil
	}}
}

// issuing is the intent to reissue or duplicate. Its moment is stored before the first call, unless one client makes all calls: it
// remembers what there was.
func (w *writeSchedule) issuing(order digicert.OrderID) goal {
	f := furthers[0]
	if w.kind == "duplicate" {
		f = furthers[1]
	}
	since := time.Now()
	if w.kind == "reissue in one process" {
		since = time.Time{}
	}
	return goal{func(ctx context.Context, c *digicert.Client, restarted bool) (int64, error) {
		issuance, err := f.do(ctx, c, order, &digicert.CreateReissueParams{
			Certificate: digicert.CertificateRequest{CommonName: "a.example", CSR: w.csr}, Since: since, SentBefore: restarted,
		})
		if err != nil {
			return 0, err
		}
		return int64(issuance.CertificateID), nil
	}, func(id int64, _ bool) error {
		ids := f.ids(w.server, order)
		if len(ids) != 1 || id != 0 && int64(ids[0]) != id { // 0: the list could not be asked when the answer had come
			return fmt.Errorf("there are %v, and the caller knows %d", ids, id)
		}
		return nil
	}}
}
