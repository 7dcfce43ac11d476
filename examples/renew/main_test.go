package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/tls"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

// build builds the program.
func build(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "renew")
	if runtime.GOOS == "windows" {
		path += ".exe"
	}
	out, err := exec.CommandContext(t.Context(), "go", "build", "-o", path, ".").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return path
}

// account is a service, a folder, and what should become of its orders.
type account struct {
	*digicerttest.Server
	dir     string
	renewed map[digicert.OrderID]string // by the order: its name, if it ends with its certificate
	reissue map[digicert.OrderID]string // by the order: its name, if it lasts longer
}

func newAccount(t *testing.T, opts ...digicerttest.Option) *account {
	t.Helper()
	return &account{
		digicerttest.NewServer(t, append([]digicerttest.Option{digicerttest.WithoutSamples()}, opts...)...), t.TempDir(),
		make(map[digicert.OrderID]string), make(map[digicert.OrderID]string),
	}
}

// add adds an order that expires in nine days, and the file that says that its name is this folder's.
func (a *account) add(t *testing.T, id digicert.OrderID, years int) {
	t.Helper()
	now := time.Now().UTC()
	name := fmt.Sprintf("host-%d.example.com", id)
	require.NoError(t, a.AddOrder(digicert.SubaccountOrder{
		ID: id, Status: digicert.OrderStatusIssued, DateIssued: now.AddDate(-1, 0, 9), ValidityYears: years,
		Certificate: digicert.OrderCertificate{CommonName: name, DNSNames: []string{name, "also-" + name}, ValidTill: digicert.DateOf(now).AddDays(9)},
	}))
	require.NoError(t, os.WriteFile(filepath.Join(a.dir, name+".pem"), nil, 0o600))
	if years == 1 {
		a.renewed[id] = name
	} else {
		a.reissue[id] = name
	}
}

// run runs the program's work in this process.
func (a *account) run(ctx context.Context, change func(*renewal)) (string, error) {
	var out bytes.Buffer
	r := renewal{
		client: a.Client(digicert.WithRetry(digicert.RetryPolicy{MinDelay: time.Millisecond})), dir: a.dir, within: 30 * 24 * time.Hour,
		patience: time.Minute, poll: time.Millisecond, out: &out,
	}
	if change != nil {
		change(&r)
	}
	err := r.run(ctx)
	return out.String(), err
}

// whole checks every file of the folder: each is empty still, or a chain with its key that is for its name.
func (a *account) whole(t *testing.T) (done int) {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(a.dir, "*.pem"))
	require.NoError(t, err)
	for _, path := range paths {
		content, err := os.ReadFile(path)
		require.NoError(t, err)
		if len(content) == 0 {
			continue
		}
		done++
		pair, err := tls.X509KeyPair(content, content)
		require.NoError(t, err, path)
		require.IsType(t, new(ecdsa.PrivateKey), pair.PrivateKey)
		name := strings.TrimSuffix(filepath.Base(path), ".pem")
		require.NoError(t, pair.Leaf.VerifyHostname(name))
		require.NoError(t, pair.Leaf.VerifyHostname("also-"+name))
		require.Greater(t, time.Until(pair.Leaf.NotAfter), 30*24*time.Hour)
		require.Len(t, pair.Certificate, 3)
	}
	_, err = intents(a.dir)
	require.NoError(t, err, "every intent is whole")
	return done
}

// once checks that each order was reissued or renewed once, and nothing else.
func (a *account) once(t *testing.T) {
	t.Helper()
	require.Equal(t, 2*len(a.renewed)+len(a.reissue), a.Orders())
	c := a.Client()
	for id := range a.reissue {
		require.Len(t, a.Reissues(id), 1)
	}
	for id := range a.renewed {
		require.Empty(t, a.Reissues(id))
		order, err := c.Orders.Get(t.Context(), id)
		require.NoError(t, err)
		renewal, err := c.Orders.Get(t.Context(), order.RenewedOrderID)
		require.NoError(t, err)
		require.Equal(t, id, renewal.RenewalOfOrderID)
	}
	require.Equal(t, len(a.renewed)+len(a.reissue), a.whole(t))
	left, err := filepath.Glob(filepath.Join(a.dir, "*.json"))
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestDecide(t *testing.T) {
	t.Parallel()
	day := func(n int) digicert.Date { return digicert.Date{Year: 2026, Month: 12, Day: 1}.AddDays(n) }
	for _, test := range []struct {
		certificate, order digicert.Date
		want               action
	}{
		{day(9), day(9), actionRenew},
		{day(9), day(5), actionRenew},
		{day(9), day(38), actionRenew},
		{day(9), day(39), actionReissue},
		{day(9), day(700), actionReissue},
		{day(9), digicert.Date{}, ""},
		{digicert.Date{}, day(9), ""},
	} {
		got, err := decide(&digicert.Order{ID: 1, OrderValidTill: test.order, Certificate: digicert.Certificate{ValidTill: test.certificate}})
		require.Equal(t, test.want, got)
		require.Equal(t, test.want == "", err != nil)
	}
}

func TestRun(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.add(t, 11, 1)
	a.add(t, 12, 2)
	foreign := newAccount(t)
	foreign.Server, foreign.renewed = a.Server, map[digicert.OrderID]string{}
	out, err := foreign.run(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, out, "the names are not of this folder")

	out, err = a.run(t.Context(), nil)
	require.NoError(t, err)
	require.Regexp(t, `^host-11.example.com: order \d+ renews it, valid till \S+\nhost-12.example.com: order 12 is reissued, valid till \S+\n$`, out)
	a.once(t)
	out, err = a.run(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, out)
	a.once(t)
}

// What needs an approval is left for the next run, and what is rejected is not ordered again.
func TestApproval(t *testing.T) {
	t.Parallel()
	a := newAccount(t, digicerttest.WithApproval())
	a.add(t, 11, 1)
	a.add(t, 12, 2)
	short := func(r *renewal) { r.patience = 20 * time.Millisecond }
	for range 3 {
		out, err := a.run(t.Context(), short)
		require.NoError(t, err)
		require.Equal(t, 2, strings.Count(out, "; the next run goes on\n"), out)
	}
	c := a.Client()
	var open []digicert.Request
	for request, err := range c.Requests.All(t.Context(), &digicert.ListRequestsParams{Filters: digicert.RequestFilters{Status: digicert.RequestPending}}) {
		require.NoError(t, err)
		open = append(open, request)
	}
	require.Len(t, open, 2)
	for _, request := range open {
		if request.Type == digicert.RequestReissue {
			require.NoError(t, c.Requests.Approve(t.Context(), request.ID, ""))
		} else {
			require.NoError(t, c.Requests.Reject(t.Context(), request.ID, "no budget"))
		}
	}
	out, err := a.run(t.Context(), nil)
	require.ErrorContains(t, err, "1 certificates could not be renewed")
	require.Contains(t, out, "host-12.example.com: order 12 is reissued")
	require.Contains(t, out, "host-11.example.com: digicert: order")
	require.Contains(t, out, "no budget")
	orders := a.Orders()
	for range 2 {
		out, err = a.run(t.Context(), nil)
		require.Error(t, err)
		require.Contains(t, out, "an earlier order was rejected")
	}
	require.Equal(t, orders, a.Orders())
}

// Two orders for one name, a pending reissue and a second run are refused with a line each, and nothing is ordered.
func TestRefused(t *testing.T) {
	t.Parallel()
	a := newAccount(t)
	a.add(t, 12, 2)
	require.NoError(t, a.SetStatus(12, digicert.OrderStatusReissuePending))
	out, err := a.run(t.Context(), nil)
	require.Error(t, err)
	require.Contains(t, out, "order 12 is reissue_pending: somebody else is at work")
	require.NoError(t, a.SetStatus(12, digicert.OrderStatusIssued))

	unlock, err := lock(filepath.Join(a.dir, ".lock"))
	require.NoError(t, err)
	_, err = a.run(t.Context(), nil)
	require.ErrorContains(t, err, "another run uses the folder")
	unlock()
	require.NoError(t, os.WriteFile(filepath.Join(a.dir, "x"+intentSuffix), []byte("{}"), 0o600))
	_, err = a.run(t.Context(), nil)
	require.ErrorContains(t, err, "is not what this program has written")
	require.Equal(t, 1, a.Orders())
	require.Empty(t, a.Reissues(12))
}

const kills = 100

// TestKilled kills the program a hundred times at random moments, while the service loses requests and answers. Orders that expire
// are added as it gets on. In the end each was reissued or renewed once, and every file is whole.
func TestKilled(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	if given, err := strconv.ParseUint(os.Getenv("DIGICERT_TEST_SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Logf("DIGICERT_TEST_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	a, program := newAccount(t, digicerttest.WithIssueAfterReads(2)), build(t)
	for _, f := range []digicerttest.Fault{
		digicerttest.LoseRequest(), digicerttest.LoseAnswer(), digicerttest.CutWhileActing(), digicerttest.HTMLPage(502).AfterEffect().OnWrites(), digicerttest.OtherForm(),
		digicerttest.HTMLPage(503), digicerttest.Reset(), digicerttest.CommitLateBy(2 * time.Millisecond),
	} {
		require.NoError(t, a.Inject(f.Share(0.08, rng.Uint64())))
	}
	next := digicert.OrderID(5000) // downwards: the service takes the ids above for new orders
	add := func() {
		a.add(t, next, 1+rng.IntN(2))
		next--
	}
	start := func(ctx context.Context) (*exec.Cmd, *bytes.Buffer) {
		c := exec.CommandContext(ctx, program, "-base-url", a.URL(), "-dir", a.dir, "-min-delay", "1ms", "-poll", "2ms", "-wait", "20s")
		c.Env = append(os.Environ(), "DIGICERT_API_KEY="+a.Key())
		out := new(bytes.Buffer)
		c.Stdout, c.Stderr = out, out
		require.NoError(t, c.Start())
		return c, out
	}
	for range kills {
		for range 1 + rng.IntN(2) {
			add()
		}
		c, _ := start(t.Context())
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			_ = c.Wait() // killed, most likely
		}()
		switch most := a.Stats().Requests + 1 + rng.IntN(40); rng.IntN(4) {
		case 0:
			select {
			case <-ended:
			case <-time.After(time.Duration(rng.IntN(60)) * time.Millisecond):
			}
		default:
			for waiting := true; waiting && a.Stats().Requests < most; {
				select {
				case <-ended:
					waiting = false
				case <-time.After(200 * time.Microsecond):
				}
			}
		}
		_ = c.Process.Kill() // it may have ended
		<-ended
		a.whole(t)
	}
	a.ClearFaults()
	done := a.whole(t)
	for tries := 0; ; tries++ {
		c, out := start(t.Context())
		if err := c.Wait(); err == nil {
			break
		}
		require.Less(t, tries, 5, out.String())
	}
	t.Logf("%d kills, %d certificates, %d of them before the last run", kills, len(a.renewed)+len(a.reissue), done)
	a.once(t)
}

// The program without a key renews the three certificates of the in-memory service.
func TestDemo(t *testing.T) {
	t.Setenv("DIGICERT_API_KEY", "")
	r := renewal{dir: filepath.Join(t.TempDir(), "new"), within: 30 * 24 * time.Hour, patience: time.Minute, out: io.Discard}
	client, done, err := connect(&r, digicert.BaseURLUS, 0)
	require.NoError(t, err)
	defer done()
	r.client = client
	require.NoError(t, r.run(t.Context()))
	for _, name := range []string{"www.example.com", "mail.example.com", "_.example.org"} {
		certificate, err := readCertificate(r.path(name))
		require.NoError(t, err)
		require.NotNil(t, certificate)
	}
}
