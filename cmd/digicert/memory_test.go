//go:build linux

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"strconv"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMemory checks that a listing of a million orders takes no more memory than one of ten thousand, but for the noise of
// a garbage collector. It is not parallel: the sandbox alone has half a gigabyte.
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

// peak lists the orders of a sandbox of their own and returns the peak resident set of the listing, in bytes.
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
	rows, last := 0, int64(0)
	for scanner.Scan() {
		var id int64
		if _, err := fmt.Sscanf(scanner.Text(), `{"id":%d`, &id); err != nil || id <= last || !bytes.HasSuffix(scanner.Bytes(), []byte("}")) {
			t.Fatalf("row %d after id %d: %v: %s", rows, last, err, scanner.Text())
		}
		rows, last = rows+1, id
	}
	require.NoError(t, scanner.Err())
	require.Zero(t, wait(t, c), stderr.String())
	require.Equal(t, orders, rows, "each order once, by ascending ids")
	usage, ok := c.ProcessState.SysUsage().(*syscall.Rusage)
	require.True(t, ok)
	return usage.Maxrss << 10 // Linux counts in KiB
}
