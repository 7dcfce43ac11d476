// Tests of the manual page.

package main

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestMan(t *testing.T) {
	t.Parallel()
	r := execute(t, cleanEnv(), "man")
	require.Zero(t, r.code, r.stderr)
	require.Contains(t, r.stdout, ".TH digicert 1")
	for _, want := range []string{"orders", "place", "--alternative-id", ".SH status-changes", "Exit codes", "--api-key-file"} {
		require.Contains(t, r.stdout, want)
	}
	require.Equal(t, exitUsage, execute(t, cleanEnv(), "man", "orders").code)
}
