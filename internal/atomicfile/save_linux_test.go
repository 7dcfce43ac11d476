package atomicfile_test

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/internal/atomicfile"
)

// TestSaveDeleted checks that an open file without a name is written, and no file of its former name appears.
func TestSaveDeleted(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	f, err := os.Create(filepath.Join(folder, "file"))
	require.NoError(t, err)
	defer f.Close()
	require.NoError(t, os.Remove(f.Name()))
	require.NoError(t, atomicfile.Save("/proc/self/fd/"+strconv.Itoa(int(f.Fd())), []byte("new")))
	got, err := io.ReadAll(f)
	require.NoError(t, err)
	require.Equal(t, "new", string(got))
	require.Empty(t, names(t, folder))
}
