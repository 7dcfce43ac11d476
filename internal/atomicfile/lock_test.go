package atomicfile_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/internal/atomicfile"
)

func TestLock(t *testing.T) {
	t.Parallel()
	for _, exists := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "file")
		if exists {
			require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
		}
		first, err := atomicfile.Acquire(path)
		require.NoError(t, err)
		second, secondErr := atomicfile.Acquire(path)
		for _, content := range []string{"one", "two", "three"} {
			require.NoError(t, first.Write(0o600, []byte(content)))
			got, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, content, string(got))
			_, err = atomicfile.Acquire(path)
			require.ErrorIs(t, err, atomicfile.ErrLocked, "the lock follows the file")
		}
		if exists || runtime.GOOS == "windows" {
			require.ErrorIs(t, secondErr, atomicfile.ErrLocked)
		} else { // there is no file to lock until one of them writes
			require.NoError(t, secondErr)
			require.ErrorIs(t, second.Write(0o600, []byte("another")), atomicfile.ErrLocked)
			require.NoError(t, second.Release())
		}
		require.NoError(t, first.Release())
		third, err := atomicfile.Acquire(path)
		require.NoError(t, err)
		require.NoError(t, third.Release())
	}
}

func TestWriteFollowsLinks(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	target := filepath.Join(folder, "target")
	link, chain := filepath.Join(folder, "link"), filepath.Join(folder, "chain")
	require.NoError(t, os.Symlink("target", link))
	require.NoError(t, os.Symlink(link, chain))
	for _, content := range []string{"created", "replaced"} {
		require.NoError(t, atomicfile.Write(chain, 0o600, []byte(content)))
		got, err := os.ReadFile(target)
		require.NoError(t, err)
		require.Equal(t, content, string(got))
		info, err := os.Lstat(link)
		require.NoError(t, err)
		require.NotZero(t, info.Mode()&os.ModeSymlink, "the link stays")
	}
	loop := filepath.Join(folder, "loop")
	require.NoError(t, os.Symlink("loop", loop))
	require.ErrorContains(t, atomicfile.Write(loop, 0o600, nil), "symbolic links")
}

func TestRead(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("12345"), 0o600))
	got, err := atomicfile.Read(path, 5)
	require.NoError(t, err)
	require.Equal(t, "12345", string(got))
	_, err = atomicfile.Read(path, 4)
	require.ErrorIs(t, err, atomicfile.ErrTooLarge)
	_, err = atomicfile.Read(t.TempDir(), 5)
	require.ErrorContains(t, err, "not a regular file")
}
