package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// A file is replaced by another one, and never written in place.
func TestWriteWhole(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "a.pem")
	require.NoError(t, writeWhole(path, []byte("old")))
	before, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, writeWhole(path, []byte("new")))
	after, err := os.Stat(path)
	require.NoError(t, err)
	require.False(t, os.SameFile(before, after))
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, "new", string(content))

	require.NoError(t, os.Mkdir(filepath.Join(dir, "folder.pem"), 0o700))
	require.Error(t, writeWhole(filepath.Join(dir, "folder.pem"), []byte("new")))
	require.Error(t, writeWhole(filepath.Join(dir, "missing", "a.pem"), []byte("new")))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2, "no temporary file is left")
}

func TestFileName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"www.example.com": "www.example.com", "*.example.com": "_.example.com", "../a\\b:c\n": ".._a_b_c_"} {
		require.Equal(t, want, fileName(name))
	}
}
