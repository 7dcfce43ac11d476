// Tests of flags that are refused. TestUsage has most of them.

package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestEmptyRemarks checks that a remark may be empty, as --comment "$TEXT" is where TEXT is not set, and nothing else.
func TestEmptyRemarks(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]int{
		"requests approve 1 --dry-run --comment=": 0, "orders cancel 1 --dry-run --note=": exitUsage, "orders revoke 1 --dry-run --comments=": 0,
		"orders revoke 1 --dry-run --reason=": exitUsage, "orders cancel 1 --dry-run --region=": exitUsage,
	} {
		r := execute(t, cleanEnv(), strings.Fields(args)...)
		require.Equal(t, want, r.code, "%s: %s", args, r.stderr)
	}
}
