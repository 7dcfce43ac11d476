// Tests of --out with what Unix has besides regular files.

//go:build unix

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// shell runs a line of shell in a folder. In it, "$@" is the program with what it needs to reach the service.
func shell(t *testing.T, s service, folder, line string) result {
	t.Helper()
	c := exec.Command("sh", "-c", line, "sh", binary, "--base-url", s.url, "--pace", "off")
	c.Env = cleanEnv(keyVariable + "=" + key)
	c.Dir = folder
	return finish(t, c)
}

// TestOutUmask checks that a new file has the mode that any program would give it.
func TestOutUmask(t *testing.T) {
	t.Parallel()
	_, s := sampleServer(t)
	folder := t.TempDir()
	for umask, want := range map[string]string{"022": "-rw-r--r--", "077": "-rw-------", "002": "-rw-rw-r--"} {
		r := shell(t, s, folder, "umask "+umask+` && "$@" certificates download 11 --out `+umask)
		require.Equal(t, result{}, r)
		info, err := os.Stat(filepath.Join(folder, umask))
		require.NoError(t, err)
		require.Equal(t, want, info.Mode().String())
	}
}

// TestOutSpecial checks that devices and pipes are written into, by any name, and stay what they are.
func TestOutSpecial(t *testing.T) {
	t.Parallel()
	_, s := sampleServer(t)
	want := s.ok(t, "certificates", "download", "11")
	for name, test := range map[string]struct{ line, stdout, stderr, file string }{
		"null device":        {`"$@" certificates download 11 --out /dev/null`, "", "", ""},
		"link to it":         {`ln -s /dev/null link && "$@" certificates download 11 --out link && rm link`, "", "", ""},
		"standard output":    {`"$@" certificates download 11 --out /dev/stdout`, want, "", ""},
		"through a pipe":     {`"$@" certificates download 11 --out /dev/stdout | cat`, want, "", ""},
		"standard error":     {`"$@" certificates download 11 --out /dev/stderr`, "", want, ""},
		"descriptor":         {`"$@" certificates download 11 --out /dev/fd/3 3>&1 | cat`, want, "", ""},
		"redirected":         {`"$@" certificates download 11 --out /dev/stdout >file`, "", "", want},
		"appended":           {`echo first >file && "$@" certificates download 11 --out /dev/stdout >>file`, "", "", "first\n" + want},
		"errors appended":    {`echo first >file && "$@" certificates download 11 --out /dev/stderr 2>>file`, "", "", "first\n" + want},
		"the same file":      {`"$@" certificates download 11 --out file >>file`, "", "", want},
		"named pipe":         {`mkfifo pipe && { "$@" certificates download 11 --out pipe & cat pipe; wait; } && test -p pipe && rm pipe`, want, "", ""},
		"a link to the pipe": {`mkfifo pipe && ln -s pipe link && { "$@" certificates download 11 --out link & cat pipe; wait; } && test -p pipe && rm pipe link`, want, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			require.Equal(t, result{stdout: test.stdout, stderr: test.stderr}, shell(t, s, folder, test.line))
			got, err := os.ReadFile(filepath.Join(folder, "file"))
			require.Equal(t, test.file == "", os.IsNotExist(err))
			require.Equal(t, test.file, string(got))
			entries, err := os.ReadDir(folder)
			require.NoError(t, err)
			require.LessOrEqual(t, len(entries), 1, "no other file is left")
			null, err := os.Lstat(os.DevNull)
			require.NoError(t, err)
			require.NotZero(t, null.Mode()&os.ModeCharDevice)
		})
	}
}

// TestOutReplaced checks that a reader of the file never sees a part of it: another file takes its place.
func TestOutReplaced(t *testing.T) {
	t.Parallel()
	_, s := sampleServer(t)
	want := s.ok(t, "certificates", "download", "11")
	path := filepath.Join(t.TempDir(), "certificate.pem")
	require.NoError(t, os.WriteFile(path, []byte("old"), 0o600))
	reader, err := os.Open(path)
	require.NoError(t, err)
	defer reader.Close()
	require.Empty(t, s.ok(t, "certificates", "download", "11", "--out", path))
	var before, after syscall.Stat_t
	require.NoError(t, syscall.Fstat(int(reader.Fd()), &before))
	require.NoError(t, syscall.Stat(path, &after))
	require.NotEqual(t, before.Ino, after.Ino)
	require.EqualValues(t, len("old"), before.Size)
	require.Equal(t, want, read(t, path))
	require.Equal(t, 3, strings.Count(want, "BEGIN"))
}
