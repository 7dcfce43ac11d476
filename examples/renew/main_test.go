package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
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

// process is the program as it runs.
type process struct {
	cmd   *exec.Cmd
	out   bytes.Buffer
	ended chan struct{} // closed when it has ended
}

func (a *account) start(t *testing.T, program string) *process {
	t.Helper()
	p := &process{cmd: exec.CommandContext(t.Context(), program, "-base-url", a.URL(), "-dir", a.dir, "-min-delay", "1ms", "-poll", "2ms", "-wait", "20s"), ended: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "DIGICERT_API_KEY="+a.Key())
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.out
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait()
	}()
	return p
}

// kill ends the process where it stands, unless it has ended already.
func (p *process) kill() (killed bool) {
	_ = p.cmd.Process.Kill()
	<-p.ended
	return !p.cmd.ProcessState.Exited()
}

const (
	kills   = 100
	atMost  = 300 // starts, of which some end by themselves
	lateBy  = 2 * time.Millisecond
	perKill = 2 // certificates at the most
)

// TestKilled kills the program a hundred times at random moments, while the service loses requests and answers, shows changes late
// and sends wrong certificates. Orders that expire are added as it gets on. All the time, every file is whole; in the end each order was
// reissued or renewed once.
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
		digicerttest.HTMLPage(503), digicerttest.Reset(), digicerttest.CommitLateBy(lateBy), digicerttest.WrongCertificate().On(digicerttest.Chain),
	} {
		require.NoError(t, a.Inject(f.Share(0.08, rng.Uint64())))
	}
	next := digicert.OrderID(5000) // downwards: the service takes the ids above for new orders
	add := func() {
		a.add(t, next, 1+rng.IntN(2))
		if rng.IntN(2) == 0 {
			a.deploy(t, next, a.path(next))
		}
		next--
	}
	stop := a.watchFiles(t)
	defer stop()
	killed, starts := 0, 0
	for killed < kills && starts < atMost {
		for range rng.IntN(perKill + 1) {
			add()
		}
		p := a.start(t, program)
		starts++
		if rng.IntN(4) == 0 {
			p.after(time.Duration(rng.IntN(60)) * time.Millisecond)
		} else {
			p.afterRequests(a, 1+rng.IntN(40))
		}
		if p.kill() {
			killed++
		}
		a.whole(t)
	}
	require.Equal(t, kills, killed, "of %d starts", starts)
	a.ClearFaults()
	done := a.whole(t)
	for tries := 1; ; tries++ {
		p := a.start(t, program)
		<-p.ended
		if p.cmd.ProcessState.Success() {
			break
		}
		require.Less(t, tries, 5, p.out.String())
	}
	stop()
	t.Logf("%d kills, %d starts, %d certificates, %d of them before the last run", killed, starts, len(a.renewed)+len(a.reissue), done)
	require.Positive(t, done, "the program gets on although it is killed")
	a.once(t)
}

// after waits for some time, or until the process has ended.
func (p *process) after(d time.Duration) {
	select {
	case <-p.ended:
	case <-time.After(d):
	}
}

// afterRequests waits until the service has got some more requests, or the process has ended.
func (p *process) afterRequests(a *account, n int) {
	for most := a.Stats().Requests + n; a.Stats().Requests < most; {
		select {
		case <-p.ended:
			return
		case <-time.After(200 * time.Microsecond):
		}
	}
}

// watchFiles reads the files all the time, as a server would, until stop is called. Each must be whole.
func (a *account) watchFiles(t *testing.T) (stop func()) {
	r, _ := a.renewal()
	var wg sync.WaitGroup
	end, reads, done := make(chan struct{}), 0, make(map[string]bool)
	wg.Go(func() {
		for {
			files, err := r.files(pemSuffix)
			for _, path := range files {
				ok, fileErr := isWhole(path)
				if err = errors.Join(err, fileErr); done[path] && !ok {
					err = errors.Join(err, fmt.Errorf("%s was done, and is no more", path))
				}
				done[path] = ok
				reads++
			}
			if err != nil {
				t.Error(err)
				return
			}
			select {
			case <-end:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	return sync.OnceFunc(func() {
		close(end)
		wg.Wait()
		t.Logf("%d reads", reads)
	})
}

// The program without a key renews the three certificates of the in-memory service.
func TestDemo(t *testing.T) {
	t.Setenv("DIGICERT_API_KEY", "")
	r := renewal{dir: filepath.Join(t.TempDir(), "new"), days: 30, patience: time.Minute, out: io.Discard}
	done, err := connect(&r, 0)
	require.NoError(t, err)
	defer done()
	require.NoError(t, r.run(t.Context()))
	for _, name := range []string{"www.example.com", "mail.example.com", "_.example.org"} {
		certificate, err := readCertificate(r.path(name))
		require.NoError(t, err)
		require.NotNil(t, certificate)
	}
	// A key that is missing must not put invented certificates into a folder of real ones.
	_, err = connect(&renewal{dir: r.dir}, 0)
	require.ErrorContains(t, err, "is not empty")
	t.Setenv("DIGICERT_API_KEY", "x")
	_, err = connect(&renewal{service: digicert.BaseURLUS}, 0)
	require.ErrorContains(t, err, "-dir is missing")
}
