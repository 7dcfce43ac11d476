//go:build unix

package atomicfile_test

import (
	"net"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/internal/atomicfile"
)

// TestSaveKeepsOwner checks that the owner and group of a file stay, where somebody may set them.
func TestSaveKeepsOwner(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o640))
	uid, gid := os.Getuid(), os.Getgid()
	if uid == 0 {
		uid, gid = 12345, 54321
		require.NoError(t, os.Chown(path, uid, gid))
	} else if groups, err := os.Getgroups(); err == nil && len(groups) > 0 {
		gid = groups[len(groups)-1]
		require.NoError(t, os.Chown(path, -1, gid))
	}
	require.NoError(t, atomicfile.Save(path, []byte("new")))
	info, err := os.Stat(path)
	require.NoError(t, err)
	of := info.Sys().(*syscall.Stat_t)
	require.Equal(t, []int{uid, gid, 0o640}, []int{int(of.Uid), int(of.Gid), int(info.Mode().Perm())})
}

func TestOpenSpecialPipe(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	pipe := filepath.Join(folder, "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	read := make(chan string)
	go func() {
		b, err := os.ReadFile(pipe)
		if err != nil {
			b = []byte(err.Error())
		}
		read <- string(b)
	}()
	f, err := atomicfile.OpenSpecial(pipe)
	require.NoError(t, err)
	_, err = f.Write([]byte("x"))
	require.NoError(t, err)
	require.NoError(t, f.Close())
	require.Equal(t, "x", <-read)

	require.ErrorContains(t, atomicfile.Save(pipe, nil), "not a regular file")

	dir, err := os.MkdirTemp("", "s") // the name of a socket must be short
	require.NoError(t, err)
	defer os.RemoveAll(dir)
	socket, err := net.Listen("unix", filepath.Join(dir, "s"))
	require.NoError(t, err)
	defer socket.Close()
	_, err = atomicfile.OpenSpecial(filepath.Join(dir, "s"))
	require.ErrorContains(t, err, "is not a file, a character device or a named pipe")
}
