// Tests of the progress text.

package main

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestProgressText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		rows, from, total int
		elapsed           time.Duration
		want              string
	}{
		{0, 0, 0, time.Second, "0 rows"},
		{0, 0, 5000, time.Second, "0 of 5,000 rows"},
		{1000, 0, 5000, 2 * time.Second, "1,000 of 5,000 rows, 500/s, 8s left"},
		{5000, 0, 5000, 2 * time.Second, "5,000 of 5,000 rows, 2,500/s"},
		{6000, 0, 5000, 2 * time.Second, "6,000 rows, 3,000/s"},
		{1, 0, 1_234_567, time.Minute, "1 of 1,234,567 rows, 0/s, 20576h6m0s left"},
		{3000, 3000, 5000, time.Second, "3,000 of 5,000 rows"},
		{4000, 3000, 5000, 2 * time.Second, "4,000 of 5,000 rows, 500/s, 2s left"},
		{4000, 3000, 5000, 0, "4,000 of 5,000 rows"},
	} {
		require.Equal(t, test.want, progressText(test.rows, test.from, test.total, test.elapsed))
	}
}

// TestGrouped checks the commas between groups of digits.
func TestGrouped(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]string{0: "0", 7: "7", 999: "999", 1000: "1,000", 999_999: "999,999", 1_000_000: "1,000,000"} {
		require.Equal(t, want, grouped(n))
	}
}
