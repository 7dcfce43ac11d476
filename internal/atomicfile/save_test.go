package atomicfile_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/internal/atomicfile"
)

func TestSave(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	created, err := os.Create(filepath.Join(folder, "by another program"))
	require.NoError(t, err)
	defer created.Close()
	like, err := created.Stat()
	require.NoError(t, err)

	require.NoError(t, atomicfile.Save(path, []byte("new")))
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, like.Mode(), info.Mode(), "as the umask says")

	link := filepath.Join(folder, "link")
	require.NoError(t, os.Symlink("file", link))
	for _, mode := range []fs.FileMode{0o600, 0o640, 0o444, 0o777} {
		require.NoError(t, os.Chmod(path, mode))
		before, err := os.Stat(path)
		require.NoError(t, err)
		require.NoError(t, atomicfile.Save(link, []byte("of mode "+mode.String())))
		after, err := os.Stat(path)
		require.NoError(t, err)
		require.Equal(t, before.Mode(), after.Mode(), "as before")
		require.False(t, os.SameFile(before, after), "another file has its name")
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, "of mode "+mode.String(), string(got))
		require.NoError(t, os.Chmod(path, 0o600)) // or Windows would not replace it
	}
	require.Equal(t, []string{"by another program", "file", "link"}, names(t, folder))

	require.ErrorIs(t, atomicfile.Save(filepath.Join(folder, "none", "file"), nil), fs.ErrNotExist)
	require.ErrorContains(t, atomicfile.Save(filepath.Join(folder, "none", "file"), nil), filepath.Join("none", "file")+":")
	require.Error(t, atomicfile.Save(folder, nil))
	require.Equal(t, []string{"by another program", "file", "link"}, names(t, folder))
}

func TestSaveThroughDanglingLink(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	link := filepath.Join(folder, "link")
	require.NoError(t, os.Symlink("file", link))
	require.NoError(t, atomicfile.Save(link, []byte("new")))
	got, err := os.ReadFile(filepath.Join(folder, "file"))
	require.NoError(t, err)
	require.Equal(t, "new", string(got))
	require.Equal(t, []string{"file", "link"}, names(t, folder))
}

func TestOpenSpecial(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	f, err := atomicfile.OpenSpecial(path)
	require.NoError(t, err)
	require.Nil(t, f, "there is nothing")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	f, err = atomicfile.OpenSpecial(path)
	require.NoError(t, err)
	require.Nil(t, f, "a regular file")
	_, err = atomicfile.OpenSpecial(folder)
	require.ErrorContains(t, err, "is a directory")
	f, err = atomicfile.OpenSpecial(os.DevNull)
	require.NoError(t, err)
	_, err = f.Write([]byte("x"))
	require.NoError(t, err)
	require.NoError(t, f.Close())
}
