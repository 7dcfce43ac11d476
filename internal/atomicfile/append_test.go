package atomicfile_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert/internal/atomicfile"
)

// TestAppendLine checks what is appended to a file that is new, whole or cut off, and to one behind a link.
func TestAppendLine(t *testing.T) {
	t.Parallel()
	for old, want := range map[string]string{"": "new\n", "old\n": "old\nnew\n", "cut off": "cut off\nnew\n"} {
		path := filepath.Join(t.TempDir(), "file")
		if old != "" {
			require.NoError(t, os.WriteFile(path, []byte(old), 0o640))
		}
		require.NoError(t, atomicfile.AppendLine(path, 0o600, []byte("new")))
		got, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	folder := t.TempDir()
	link := filepath.Join(folder, "link")
	require.NoError(t, os.Symlink("file", link))
	require.NoError(t, atomicfile.AppendLine(link, 0o600, []byte("new")))
	require.FileExists(t, filepath.Join(folder, "file"), "the target of the link")
	require.ErrorContains(t, atomicfile.AppendLine(folder, 0o600, nil), "not a regular file")
	require.ErrorIs(t, atomicfile.AppendLine(filepath.Join(folder, "none", "file"), 0o600, nil), os.ErrNotExist)
}

// TestAppendLineWhileRenamed checks that no line is lost if the file is renamed and read while each is appended, as by a replay.
func TestAppendLineWhileRenamed(t *testing.T) {
	t.Parallel()
	const lines = 200
	path := filepath.Join(t.TempDir(), "file")
	seen := make(map[string]bool)
	take := func() {
		content, err := os.ReadFile(path + ".taken")
		require.NoError(t, err)
		for line := range strings.Lines(string(content)) {
			seen[line] = true
		}
	}
	begun := make(chan struct{})
	go func() {
		defer close(begun)
		for i := range lines {
			begun <- struct{}{}
			if err := atomicfile.AppendLine(path, 0o600, fmt.Append(nil, i)); err != nil {
				t.Errorf("line %d: %s", i, err)
			}
		}
	}()
	for range begun {
		for os.Rename(path, path+".taken") != nil { // until it is there
			runtime.Gosched()
		}
		take()
	}
	if os.Rename(path, path+".taken") == nil { // else the last one was taken above
		take()
	}
	require.Len(t, seen, lines)
}
