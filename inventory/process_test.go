package inventory_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/digicerttest"
	"github.com/go-digicert/digicert/inventory"
)

// childJob is what a process of this test binary is to do instead of tests.
type childJob struct {
	DSN, URL, Key string
	Rows          int // see SetBatches; 0: as it is
	Full          bool
}

const childEnv = "INVENTORY_TEST_CHILD"

func TestMain(m *testing.M) {
	text, ok := os.LookupEnv(childEnv)
	if !ok {
		os.Exit(m.Run())
	}
	var job childJob
	err := json.Unmarshal([]byte(text), &job)
	if err == nil {
		err = job.run()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run syncs, and prints a line after each transaction.
func (j *childJob) run() error {
	ctx := context.Background()
	c, err := digicert.NewClient(j.Key, digicert.WithBaseURL(j.URL), digicert.WithLimiter(digicert.Unlimited()))
	if err != nil {
		return err
	}
	inv, err := inventory.Open(ctx, j.DSN)
	if err != nil {
		return err
	}
	defer inv.Close()
	if j.Rows > 0 {
		inv.SetBatches(j.Rows, j.Rows, j.Rows)
	}
	_, err = inv.Sync(ctx, c, &inventory.SyncParams{Full: j.Full, Progress: func(p inventory.Progress) { fmt.Println(p.Stage, p.Done) }})
	return err
}

// child is a process that syncs.
type child struct {
	*exec.Cmd
	out    *bufio.Scanner
	stderr *strings.Builder
}

func startChild(t testing.TB, job childJob) *child {
	t.Helper()
	text, err := json.Marshal(job)
	require.NoError(t, err)
	c := &child{Cmd: exec.Command(os.Args[0]), stderr: new(strings.Builder)}
	c.Env = append(os.Environ(), childEnv+"="+string(text))
	c.Stderr = c.stderr
	out, err := c.StdoutPipe()
	require.NoError(t, err)
	c.out = bufio.NewScanner(out)
	require.NoError(t, c.Start())
	t.Cleanup(func() { _ = c.Process.Kill() })
	return c
}

// step waits for the next transaction. It is empty where there is none.
func (c *child) step() string {
	if !c.out.Scan() {
		return ""
	}
	return c.out.Text()
}

// finish waits until the process has ended by itself.
func (c *child) finish(t testing.TB) {
	t.Helper()
	for c.step() != "" {
		continue
	}
	require.NoError(t, c.Wait(), c.stderr.String())
}

// TestSyncKilled kills programs that sync, anywhere, while orders change, and lets the next one go on.
func TestSyncKilled(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, newDSN func(testing.TB) string) {
		seed := randomSeed(t)
		rng := rand.New(rand.NewPCG(seed, 0))
		server := digicerttest.NewServer(t, digicerttest.WithOrders(seed, 300))
		dsn := newDSN(t)
		inv := open(t, dsn) // it also reads while others write
		job := childJob{DSN: dsn, URL: server.URL(), Key: server.Key(), Rows: 7}
		orders := slices.Sorted(maps.Keys(listed(t, server)))
		kills := 0
		for n := range 30 {
			job.Full = rng.IntN(4) > 0
			c := startChild(t, job)
			// After some transaction, and a moment later: while it asks, within the next one, or while it commits.
			ended := false
			for range rng.IntN(45) {
				ended = ended || c.step() == ""
			}
			for began, moment := time.Now(), time.Duration(rng.Int64N(int64(2*time.Millisecond))); time.Since(began) < moment; {
				continue
			}
			_ = c.Process.Kill()
			if c.Wait() != nil {
				kills++
			}
			if part := query[string](t, inv, "SELECT list_part FROM sync_state")[0]; part != "" && n == 0 {
				require.Nil(t, query[*string](t, inv, "SELECT listed_at FROM sync_state")[0], "the first listing is not complete")
			}
			require.NoError(t, server.SetStatus(orders[rng.IntN(len(orders))], digicert.OrderStatus(fmt.Sprint("status-", n))))
		}
		require.Greater(t, kills, 5)
		startChild(t, job).finish(t)
		job.Full = true
		startChild(t, job).finish(t)
		requireEqual(t, server, inv)
		times := make(map[digicert.OrderStatus]int)
		for _, c := range collect(t, inv.Changes(t.Context(), time.Time{})) {
			times[c.To]++
		}
		require.Equal(t, 1, times["status-29"])
		for status, n := range times {
			if strings.HasPrefix(string(status), "status-") {
				require.Equal(t, 1, n, status)
			}
		}
	})
}
