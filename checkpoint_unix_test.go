//go:build unix

package digicert_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// TestCheckpointIsNoPipe checks that a named pipe, which nobody may ever write to, is refused and not waited for.
func TestCheckpointIsNoPipe(t *testing.T) {
	t.Parallel()
	a, c := still(t, 0, 1)
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	link := filepath.Join(t.TempDir(), "link")
	require.NoError(t, os.Symlink(pipe, link))
	for _, path := range []string{pipe, link, os.DevNull, t.TempDir()} {
		checkpoint := digicert.FileCheckpoint(path)
		_, err := checkpoint.Load(t.Context())
		require.ErrorContains(t, err, "not a regular file")
		require.ErrorContains(t, checkpoint.Save(t.Context(), []byte("state")), "not a regular file")
		refuses(t, a, c, checkpoint, "not a regular file")
	}
}
