//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package atomicfile

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReleaseWhileAProcessStarts checks that a lock ends although there is a copy of its file, as a process has that is being started.
func TestReleaseWhileAProcessStarts(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, nil, 0o600))
	first, err := Acquire(path)
	require.NoError(t, err)
	inherited, err := syscall.Dup(int(first.held.file.Fd()))
	require.NoError(t, err)
	require.NoError(t, first.Release())
	second, err := Acquire(path)
	require.NoError(t, err)
	require.NoError(t, second.Release())
	require.NoError(t, syscall.Close(inherited))
}
