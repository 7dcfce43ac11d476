package atomicfile_test

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/internal/atomicfile"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

// names returns what is in a folder: a replaced file leaves nothing else behind.
func names(t *testing.T, folder string) []string {
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	var list []string
	for _, e := range entries {
		list = append(list, e.Name())
	}
	return list
}

func TestReplace(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	for _, content := range []string{"old and long", "new"} {
		require.NoError(t, atomicfile.Replace(path, 0o640, text(content)))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, content, string(got))
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, fs.FileMode(0o640), info.Mode().Perm())
	}
	require.Equal(t, []string{"file"}, names(t, folder))
}

func TestReplaceFails(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	require.NoError(t, atomicfile.Replace(path, 0o600, text("old")))
	full := errors.New("the disk is full")
	err := atomicfile.Replace(path, 0o600, func(w io.Writer) error { return errors.Join(text("half")(w), full) })
	require.ErrorIs(t, err, full)
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "old", string(got))
	require.Equal(t, []string{"file"}, names(t, folder))

	require.ErrorIs(t, atomicfile.Replace(filepath.Join(folder, "missing", "file"), 0o600, text("")), fs.ErrNotExist)
	require.Error(t, atomicfile.Replace(folder, 0o600, text("")), "a folder is in its place")
}
