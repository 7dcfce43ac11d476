//go:build unix

package digicertredis_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicertredis"
)

// workerVariable holds the job of a process that a test starts: this test binary once more, as another machine.
const workerVariable = "DIGICERT_TEST_WORKER"

func TestMain(m *testing.M) {
	redis.SetLogger(silent{}) // it would tell of every wire that a test cuts
	if text := os.Getenv(workerVariable); text != "" {
		var j job
		if err := json.Unmarshal([]byte(text), &j); err != nil {
			panic(err)
		}
		j.run()
		return
	}
	os.Exit(m.Run())
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

// job is what a worker does.
type job struct {
	Addrs   []string
	Cluster bool
	Name    string // of limiter and leases
	Windows []digicert.Window
	Attempt time.Duration
	TTL     time.Duration
	URL     string
	Key     string

	Requests int  // how many to send, then end
	Together int  // how many at a time
	Local    bool // by a limiter of its own, for comparison
	Watch    bool // watch and count under leases until it is told to end
}

// worker is a process of a test.
type worker struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	lines chan string // of its output; closed at the end
}

func (j job) start(t *testing.T) *worker {
	t.Helper()
	text, err := json.Marshal(j)
	require.NoError(t, err)
	w := &worker{cmd: exec.Command(os.Args[0]), lines: make(chan string, 10_000)}
	w.cmd.Env = append(os.Environ(), workerVariable+"="+string(text))
	w.cmd.Stderr = os.Stderr
	w.stdin, err = w.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := w.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, w.cmd.Start())
	go func() {
		defer close(w.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			w.lines <- s.Text()
		}
	}()
	t.Cleanup(w.kill)
	return w
}

// kill ends the process as a crash does.
func (w *worker) kill() {
	_ = w.cmd.Process.Kill()
	_ = w.cmd.Wait()
}

func (w *worker) signal(s os.Signal) { _ = w.cmd.Process.Signal(s) }

// tell sends a command: "cut", "mend" or "end".
func (w *worker) tell(command string) { fmt.Fprintln(w.stdin, command) }

// run does the job. It ends with the process that started it.
func (j job) run() {
	ctx, cancel := context.WithCancel(context.Background())
	wire := new(wire)
	go func() {
		defer cancel()
		for s := bufio.NewScanner(os.Stdin); s.Scan(); {
			switch s.Text() {
			case "cut":
				wire.set(true)
			case "mend":
				wire.set(false)
			case "end":
				return
			}
		}
	}()
	rdb := redis.NewUniversalClient(&redis.UniversalOptions{
		Addrs: j.Addrs, IsClusterMode: j.Cluster, Dialer: wire.dial, MaxRetries: 1, DialerRetries: 1,
		DialTimeout: time.Second, ReadTimeout: time.Second, WriteTimeout: time.Second,
	})
	var limiter digicert.Limiter = digicertredis.NewLimiter(rdb, j.Name, j.Windows...)
	if j.Local {
		limiter = digicert.NewRollingLimiter(j.Windows...)
	}
	c, err := digicert.NewClient(j.Key, digicert.WithBaseURL(j.URL), digicert.WithLimiter(limiter),
		digicert.WithRetry(digicert.RetryPolicy{AttemptTimeout: j.Attempt, MaxAttempts: 1}))
	if err != nil {
		panic(err)
	}
	var wg sync.WaitGroup
	if j.Watch {
		wg.Go(func() { j.watch(ctx, rdb, c) })
		wg.Go(func() { j.count(ctx, rdb) })
	}
	var sent atomic.Int64
	for range j.Together {
		wg.Go(func() {
			for ctx.Err() == nil && (j.Requests == 0 || sent.Add(1) <= int64(j.Requests)) {
				if err := c.Get(ctx, "/user/me", nil, nil); err != nil {
					say("failed %s", err)
					time.Sleep(5 * time.Millisecond)
				}
			}
		})
	}
	wg.Wait()
}

// say prints a line as a whole.
func say(format string, args ...any) {
	_, _ = os.Stdout.WriteString(fmt.Sprintf(format, args...) + "\n")
}

// watch handles changes while it holds the lease.
func (j job) watch(ctx context.Context, rdb redis.UniversalClient, c *digicert.Client) {
	lease := digicertredis.NewLease(rdb, j.Name+"-watch", j.TTL)
	for ctx.Err() == nil {
		err := lease.Hold(ctx, func(ctx context.Context) error {
			for change, err := range c.StatusChanges.Watch(ctx, &digicert.WatchParams{
				Interval: 30 * time.Millisecond, Overlap: time.Minute, Checkpoint: lease.Checkpoint("place"),
			}) {
				if err != nil {
					return err
				}
				say("handled %d %s", change.OrderID, change.Status)
			}
			return nil
		})
		if err != nil && ctx.Err() == nil {
			time.Sleep(10 * time.Millisecond)
		}
	}
}

// count counts while it holds the lease. No two processes reach the same number.
func (j job) count(ctx context.Context, rdb redis.UniversalClient) {
	lease := digicertredis.NewLease(rdb, j.Name+"-count", j.TTL)
	for ctx.Err() == nil {
		_ = lease.Hold(ctx, func(ctx context.Context) error {
			checkpoint := lease.Checkpoint("number")
			state, err := checkpoint.Load(ctx)
			if err != nil {
				return err
			}
			var n int
			_, _ = fmt.Sscan(string(state), &n)
			for ctx.Err() == nil {
				n++
				// Deliberately not ended by ctx: a process that does not know that it has lost the lease.
				if err := checkpoint.Save(context.WithoutCancel(ctx), fmt.Append(nil, n)); err != nil {
					return err
				}
				say("counted %d", n)
				time.Sleep(3 * time.Millisecond)
			}
			return nil
		})
		time.Sleep(5 * time.Millisecond)
	}
}

var stop, cont = syscall.SIGSTOP, syscall.SIGCONT
