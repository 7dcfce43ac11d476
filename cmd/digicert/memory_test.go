// The test that listings need constant memory.

//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMemory checks that a listing of a million orders needs no more memory than one of ten thousand, apart from the noise
// of the garbage collector. It is not parallel, because the sandbox alone needs half a gigabyte.
func TestMemory(t *testing.T) {
	const (
		few, many = 10_000, 1_000_000
		slack     = 64 << 20 // bytes
	)
	before := peak(t, few)
	after := peak(t, many)
	t.Logf("peak resident set: %d orders %.1f MiB, %d orders %.1f MiB", few, float64(before)/(1<<20), many, float64(after)/(1<<20))
	require.LessOrEqual(t, after, before+slack)
}

// peak lists the given number of orders of a new sandbox and returns the peak resident set of the listing, in bytes.
func peak(t *testing.T, orders int) int64 {
	s := sandbox(t, "--orders", strconv.Itoa(orders))
	c := command(s, "subaccounts", "orders", "-o", "jsonl")
	stdout, err := c.StdoutPipe()
	require.NoError(t, err)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	require.NoError(t, c.Start())
	scanner := bufio.NewScanner(stdout)
	scanner.Buffer(nil, 1<<20)
	rows, last, highest := 0, int64(0), int64(0)
	for scanner.Scan() {
		var id int64
		if _, err := fmt.Sscanf(scanner.Text(), `{"id":%d`, &id); err != nil || id <= last || !bytes.HasSuffix(scanner.Bytes(), []byte("}")) {
			t.Fatalf("row %d after id %d: %v: %s", rows, last, err, scanner.Text())
		}
		if rows, last = rows+1, id; rows%1000 == 0 {
			highest = max(highest, highWater(t, c.Process.Pid))
		}
	}
	require.NoError(t, scanner.Err())
	require.Zero(t, wait(t, c), stderr.String())
	require.Equal(t, orders, rows, "each order once, by ascending ids")
	require.Positive(t, highest)
	return highest
}

// highWater returns the peak resident set of a process so far, in bytes, or 0 if the process is exiting. It does not use
// ru_maxrss, which is at least the resident set of the parent at the time of the fork.
func highWater(t *testing.T, pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(t, err)
	_, rest, ok := strings.Cut(string(status), "\nVmHWM:")
	if !ok {
		return 0
	}
	var kib int64
	_, err = fmt.Sscanf(rest, "%d kB", &kib)
	require.NoError(t, err)
	return kib << 10
}
