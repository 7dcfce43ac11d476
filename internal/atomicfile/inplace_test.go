package atomicfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestWriteInPlace is a file that cannot be renamed over, as one that is mounted alone.
func TestWriteInPlace(t *testing.T) {
	t.Parallel()
	busy := func(string, string) error { return &os.LinkError{Op: "rename", Err: syscall.EBUSY} }
	claim := func(string) error { return nil }
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	require.ErrorIs(t, write(path, exactly(0o600), []byte("new"), claim, busy), syscall.EBUSY, "there is no file to write")

	require.NoError(t, os.WriteFile(path, nil, 0o600))
	before, err := os.Stat(path)
	require.NoError(t, err)
	for _, content := range []string{"long content", "short", "", "longer than ever before"} {
		require.NoError(t, write(path, exactly(0o600), []byte(content), claim, busy))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, content, string(got))
	}
	after, err := os.Stat(path)
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after))
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 1)

	other := func(string, string) error { return fs.ErrInvalid }
	require.ErrorIs(t, write(path, exactly(0o600), []byte("new"), claim, other), fs.ErrInvalid, "another reason is an error")
}
