//go:build unix

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
)

const (
	kills      = 50
	orders     = 40
	maxChanges = 20_000
	interval   = "30ms"
	tooLong    = 4 * time.Minute // only against hanging for ever
)

// world is the service and what happened in it.
type world struct {
	server *digicerttest.Server

	mu      sync.Mutex
	rand    *rand.Rand
	ahead   time.Duration // of the service's clock over the machine's
	changes int
	log     map[digicert.OrderID][]event
}

// event is a status that an order took, at a moment shortly before or at at.
type event struct {
	status digicert.OrderStatus
	at     time.Time
}

func newWorld(t *testing.T, seed uint64) *world {
	w := &world{rand: rand.New(rand.NewPCG(seed, 0)), log: make(map[digicert.OrderID][]event)}
	w.server = digicerttest.NewServer(t, digicerttest.WithoutSamples())
	w.server.SetClock(w.now)
	for id := digicert.OrderID(1); id <= orders; id++ {
		require.NoError(t, w.server.AddOrder(digicert.SubaccountOrder{ID: id}))
	}
	return w
}

func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

// jump moves the service's clock on: the outage of a program that is not running.
func (w *world) jump(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += d
}

func (w *world) intN(n int) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.rand.IntN(n)
}

// change gives an order another status.
func (w *world) change(t *testing.T) {
	statuses := []digicert.OrderStatus{
		digicert.OrderStatusIssued, digicert.OrderStatusIssued, digicert.OrderStatusRevoked, digicert.OrderStatusRevoked,
		digicert.OrderStatusPending, digicert.OrderStatusReissuePending,
	}
	id := digicert.OrderID(1 + w.intN(orders))
	status := statuses[w.intN(len(statuses))]
	if err := w.server.SetStatus(id, status); err != nil {
		t.Error(err)
	}
	at := w.now() // not before the moment that the server noted
	w.mu.Lock()
	defer w.mu.Unlock()
	w.changes++
	w.log[id] = append(w.log[id], event{status, at})
}

// keepChanging changes orders until stop is closed.
func (w *world) keepChanging(t *testing.T, stop <-chan struct{}) {
	for w.changes < maxChanges { // only this goroutine writes it
		w.change(t)
		select {
		case <-stop:
			return
		case <-time.After(time.Duration(w.intN(4000)) * time.Microsecond):
		}
	}
}

// events returns a copy of what happened.
func (w *world) events() map[digicert.OrderID][]event {
	w.mu.Lock()
	defer w.mu.Unlock()
	events := make(map[digicert.OrderID][]event)
	for id, list := range w.log {
		events[id] = slices.Clone(list)
	}
	return events
}

func build(t *testing.T) string {
	program := filepath.Join(t.TempDir(), "watch")
	output, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, ".").CombinedOutput()
	require.NoError(t, err, "%s", output)
	return program
}

// process is a run of the program.
type process struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
	begins int       // where its lines begin in the output
	since  time.Time // by the service's clock
}

type files struct{ out, checkpoint string }

func (f files) lines(t *testing.T) []string {
	content, err := os.ReadFile(f.out)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	whole := content[:bytes.LastIndexByte(content, '\n')+1]
	return slices.Collect(strings.Lines(string(whole)))
}

func (f files) saved(t *testing.T) string {
	state, err := digicert.FileCheckpoint(f.checkpoint).Load(t.Context())
	require.NoError(t, err)
	return string(state)
}

func (w *world) start(t *testing.T, program string, f files) *process {
	p := &process{begins: len(f.lines(t)), since: w.now()}
	p.cmd = exec.CommandContext(t.Context(), program, "-out", f.out, "-checkpoint", f.checkpoint,
		"-interval", interval, "-overlap", "1s", "-base-url", w.server.URL())
	p.cmd.Env = append(os.Environ(), "DIGICERT_API_KEY="+w.server.Key())
	p.cmd.Stderr = &p.stderr
	require.NoError(t, p.cmd.Start())
	return p
}

// kill ends the process where it stands, and waits until it is gone.
func (p *process) kill(t *testing.T) {
	require.NoError(t, p.cmd.Process.Kill())
	err := p.cmd.Wait()
	status, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	require.True(t, ok && status.Signaled() && status.Signal() == syscall.SIGKILL, "it ended by itself: %v\n%s", err, p.stderr.String())
}

// until waits for a condition.
func until(t *testing.T, p *process, what string, condition func() bool) {
	for begin := time.Now(); !condition(); time.Sleep(time.Millisecond) {
		if time.Since(begin) > tooLong {
			_ = p.cmd.Process.Kill()
			_ = p.cmd.Wait()
			t.Fatalf("%s: not within %s\n%s", what, tooLong, p.stderr.String())
		}
	}
}

// act is a line of the output.
type act struct {
	id     digicert.OrderID
	status digicert.OrderStatus
}

func (w *world) acts(t *testing.T, lines []string) []act {
	var list []act
	for _, line := range lines {
		var a act
		var certificate digicert.CertificateID
		n, err := fmt.Sscanf(line, "%d %d %s\n", &a.id, &certificate, &a.status)
		require.Equal(t, 3, n, "%q: %v", line, err)
		order, ok := w.server.Order(a.id)
		require.True(t, ok)
		require.Equal(t, order.Certificate.ID, certificate)
		list = append(list, a)
	}
	return list
}

// check compares the lines of a process with what happened, after it is gone: it acted on nothing more often than that happened.
func (w *world) check(t *testing.T, p *process, f files) {
	events := w.events()
	acted := make(map[act]int)
	for _, a := range w.acts(t, f.lines(t)[p.begins:]) {
		acted[a]++
	}
	for a, n := range acted {
		most := 1 // what it was when the process began
		for _, e := range events[a.id] {
			if e.status == a.status && e.at.After(p.since) {
				most++
			}
		}
		require.LessOrEqual(t, n, most, "order %d: repeated as %s within one run", a.id, a.status)
	}
}

// missing are the orders that are issued or revoked, and on which that was not acted last.
func (w *world) missing(t *testing.T, f files) []digicert.OrderID {
	last := make(map[digicert.OrderID]digicert.OrderStatus)
	for _, a := range w.acts(t, f.lines(t)) {
		last[a.id] = a.status
	}
	var list []digicert.OrderID
	events := w.events()
	for _, id := range slices.Sorted(maps.Keys(events)) {
		status := events[id][len(events[id])-1].status
		if (status == "issued" || status == "revoked") && last[id] != status {
			list = append(list, id)
		}
	}
	return list
}

// TestKilled kills the program fifty times while orders change, at moments that are chosen at random: after some lines, after some polls or after some
// time. Between a kill and the next start the service's clock moves on, by up to eight days, so that a
// change that the checkpoint left behind could not come again by the mere reach of a poll.
func TestKilled(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	if given, err := strconv.ParseUint(os.Getenv("DIGICERT_TEST_SEED"), 10, 64); err == nil {
		seed = given
	}
	t.Logf("DIGICERT_TEST_SEED=%d", seed)
	w, program := newWorld(t, seed), build(t)
	f := files{filepath.Join(t.TempDir(), "out"), filepath.Join(t.TempDir(), "checkpoint")}

	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		w.keepChanging(t, stop)
	}()
	var once sync.Once
	end := func() { once.Do(func() { close(stop); <-stopped }) }
	defer end()

	for n := range kills {
		p := w.start(t, program, f)
		acted := func() int { return len(f.lines(t)) - p.begins }
		switch mode := w.intN(10); {
		case n == 0:
			// The first one begins now; there is a promise once its beginning is saved.
			until(t, p, "the first checkpoint", func() bool { return f.saved(t) != "" })
		case mode < 6:
			some := 1 + w.intN(20)
			until(t, p, "lines", func() bool { return acted() >= some })
		case mode < 8:
			some := w.server.Stats().Requests + 1 + w.intN(5)
			until(t, p, "polls", func() bool { return w.server.Stats().Requests >= some })
		default:
			time.Sleep(time.Duration(w.intN(100)) * time.Millisecond)
		}
		p.kill(t)
		w.check(t, p, f)
		w.jump([]time.Duration{0, 3 * time.Minute, 2 * time.Hour, 8 * 24 * time.Hour}[w.intN(4)])
	}
	end()
	w.jump(8 * 24 * time.Hour)
	polls := w.server.Stats().Requests
	p := w.start(t, program, f)
	// After some polls it has repeated what the last kill kept it from saving, and is ready for a signal.
	until(t, p, "the last changes", func() bool { return w.server.Stats().Requests >= polls+20 && len(w.missing(t, f)) == 0 })
	w.stop(t, p, f)
	lines := f.lines(t)
	t.Logf("%d changes, %d lines, %d kills", w.changes, len(lines), kills)

	for range 3 {
		polls = w.server.Stats().Requests
		p := w.start(t, program, f)
		until(t, p, "polls", func() bool { return w.server.Stats().Requests >= polls+3 })
		w.stop(t, p, f)
		require.Equal(t, lines, f.lines(t), "a clean end repeats nothing")
	}
}

// stop ends the process as somebody would who can wait.
func (w *world) stop(t *testing.T, p *process, f files) {
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, p.cmd.Wait(), "%s", p.stderr.String())
	require.Empty(t, p.stderr.String())
	w.check(t, p, f)
}

// TestSimulation is the program without a key, until it is told to end.
func TestSimulation(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			f := files{out: filepath.Join(t.TempDir(), "out")}
			p := &process{cmd: exec.CommandContext(t.Context(), build(t), "-out", f.out, "-interval", "20ms")}
			p.cmd.Env = append(os.Environ(), "DIGICERT_API_KEY=")
			p.cmd.Stderr = &p.stderr
			require.NoError(t, p.cmd.Start())
			until(t, p, "lines", func() bool { return len(f.lines(t)) >= 5 })
			require.NoError(t, p.cmd.Process.Signal(signal))
			require.NoError(t, p.cmd.Wait(), "%s", p.stderr.String())
			require.Equal(t, 1, strings.Count(p.stderr.String(), "\n"), p.stderr.String())
		})
	}
}

// TestFailures checks what ends the program other than a signal.
func TestFailures(t *testing.T) {
	s := digicerttest.NewServer(t)
	t.Setenv("DIGICERT_API_KEY", "wrong")
	folder := t.TempDir()
	err := run(t.Context(), s.URL(), filepath.Join(folder, "out"), digicert.WatchParams{})
	require.ErrorIs(t, err, digicert.ErrAccessDenied)

	t.Setenv("DIGICERT_API_KEY", s.Key())
	err = run(t.Context(), s.URL(), folder, digicert.WatchParams{})
	require.ErrorContains(t, err, folder)

	corrupt := filepath.Join(folder, "checkpoint")
	require.NoError(t, os.WriteFile(corrupt, []byte("yesterday"), 0o600))
	err = run(t.Context(), s.URL(), filepath.Join(folder, "out"), digicert.WatchParams{Checkpoint: digicert.FileCheckpoint(corrupt)})
	require.ErrorContains(t, err, "not a checkpoint")

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.NoError(t, run(ctx, s.URL(), filepath.Join(folder, "out"), digicert.WatchParams{}))
}

// TestCutLine checks that a line which a crash cut off does not spoil the next.
func TestCutLine(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "out")
	require.NoError(t, os.WriteFile(path, []byte("1 2 issued\n3 4 iss"), 0o600))
	for range 2 {
		act, done, err := open(path)
		require.NoError(t, err)
		require.NoError(t, act(digicert.StatusChange{OrderID: 3, CertificateID: 4, Status: "issued"}))
		require.NoError(t, done())
	}
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "1 2 issued\n3 4 iss\n3 4 issued\n3 4 issued\n", string(content))
}
