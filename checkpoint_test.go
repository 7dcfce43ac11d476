package digicert_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

func TestFileCheckpoint(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "checkpoint")
	checkpoint := digicert.FileCheckpoint(path)
	saved, err := checkpoint.Load(t.Context())
	require.NoError(t, err)
	require.Empty(t, saved)
	for _, state := range []string{"one", strings.Repeat("long ", 10_000), "\x00\xff\n", "two"} {
		require.NoError(t, checkpoint.Save(t.Context(), []byte(state)))
		saved, err = digicert.FileCheckpoint(path).Load(t.Context())
		require.NoError(t, err)
		require.Equal(t, state, string(saved))
	}
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 1, "no temporary file is left")

	require.NoError(t, os.WriteFile(path, nil, 0o600))
	saved, err = checkpoint.Load(t.Context())
	require.NoError(t, err)
	require.Empty(t, saved)

	require.NoError(t, os.Truncate(path, 16<<20))
	_, err = checkpoint.Load(t.Context())
	require.NoError(t, err)
	require.NoError(t, os.Truncate(path, 16<<20+1))
	_, err = checkpoint.Load(t.Context())
	require.ErrorContains(t, err, "too large")
	require.Error(t, checkpoint.Save(t.Context(), make([]byte, 16<<20+1)))

	require.NoError(t, os.Remove(path))
	require.NoError(t, os.Mkdir(path, 0o700))
	_, err = checkpoint.Load(t.Context())
	require.ErrorContains(t, err, "not a regular file")
	require.Error(t, checkpoint.Save(t.Context(), []byte("state")))
	entries, err = os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 1)
}

// refuses runs a watch that must end at once, having sent nothing.
func refuses(t *testing.T, a *account, c *digicert.Client, checkpoint digicert.Checkpoint, want ...string) {
	t.Helper()
	a.ResetRequests()
	n := 0
	for change, err := range c.StatusChanges.Watch(t.Context(), &digicert.WatchParams{Checkpoint: checkpoint}) {
		n++
		require.Error(t, err)
		require.Zero(t, change)
		requireOneLine(t, err)
		for _, text := range want {
			require.Contains(t, err.Error(), text)
		}
	}
	require.Equal(t, 1, n)
	require.Empty(t, a.Requests())
}

// TestCheckpointContent checks that a watch believes a whole state only, and leaves any other as it is.
func TestCheckpointContent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, c := still(t, 0, 3)
		path := filepath.Join(t.TempDir(), "checkpoint")
		checkpoint := digicert.FileCheckpoint(path)
		time.AfterFunc(time.Minute, func() { _ = a.SetStatus(1, "issued") })
		require.Len(t, ids(t, c, &digicert.WatchParams{Checkpoint: checkpoint}, time.Hour), 1)
		whole, err := os.ReadFile(path)
		require.NoError(t, err)
		require.NotContains(t, string(whole[:len(whole)-1]), "\n", "a state is one line")

		broken := map[string]string{
			"not a time": "yesterday\n", "a time without its end": "2026-01-02T03:04:05Z", "JSON": "{}\n", "twice": string(whole) + string(whole),
			"old and new": string(whole) + "tail",
		}
		for n := 1; n < len(whole); n++ {
			broken["cut"+string(rune(n))] = string(whole[:n])
			changed := []byte(string(whole))
			changed[n-1] ^= 1
			broken["changed"+string(rune(n))] = string(changed)
		}
		for name, content := range broken {
			require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
			refuses(t, a, c, checkpoint, path)
			got, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, content, string(got), name)
		}
		later := strings.Replace(string(whole), " 1 ", " 7 ", 1)
		require.NoError(t, os.WriteFile(path, []byte(later), 0o600))
		refuses(t, a, c, checkpoint, path, `version "7"`)
	})
}

// TestCheckpointOfEarlierVersions checks that a bare moment is a position.
func TestCheckpointOfEarlierVersions(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, c := still(t, 0, 3)
		require.NoError(t, a.SetStatusAt(1, "issued", a.now().Add(-time.Hour)))
		require.NoError(t, a.SetStatusAt(2, "issued", a.now().Add(-3*time.Hour)))
		checkpoint := &stored{state: []byte(a.now().Add(-2*time.Hour).UTC().Format(time.RFC3339Nano) + "\n")}
		require.Equal(t, []digicert.OrderID{1}, ids(t, c, &digicert.WatchParams{Checkpoint: checkpoint}, time.Hour))
		require.Empty(t, ids(t, c, &digicert.WatchParams{Checkpoint: checkpoint}, time.Hour))
	})
}

// TestCheckpointInTheFuture checks that a checkpoint in the future does not stay there: it asks for as much as one request can.
func TestCheckpointInTheFuture(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a, c := still(t, 0, 3)
		require.NoError(t, a.SetStatusAt(1, "issued", a.now().Add(-6*24*time.Hour)))
		time.AfterFunc(90*time.Second, func() { _ = a.SetStatus(2, "issued") })
		checkpoint := &stored{state: []byte("2999-01-01T00:00:00Z\n")}
		require.Equal(t, []digicert.OrderID{1, 2}, ids(t, c, &digicert.WatchParams{Checkpoint: checkpoint}, time.Hour))
		require.Empty(t, ids(t, c, &digicert.WatchParams{Checkpoint: checkpoint}, time.Hour))
	})
}

// TestTwoWatchesOnOneFile checks that the second one ends, and leaves the first alone.
func TestTwoWatchesOnOneFile(t *testing.T) {
	t.Parallel()
	a, c := still(t, 0, 3)
	path := filepath.Join(t.TempDir(), "checkpoint")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	require.NoError(t, a.SetStatus(1, "issued"))
	n := 0
	for _, err := range c.StatusChanges.Watch(ctx, &digicert.WatchParams{Checkpoint: digicert.FileCheckpoint(path)}) {
		if n++; n == 1 {
			require.NoError(t, err)
			for range 2 {
				refuses(t, a, c, digicert.FileCheckpoint(path), path, "in use")
			}
			cancel()
			continue
		}
		require.ErrorIs(t, err, context.Canceled)
	}
	require.Equal(t, 2, n)
	ctx, cancel = context.WithCancel(t.Context())
	cancel()
	for _, err := range c.StatusChanges.Watch(ctx, &digicert.WatchParams{Checkpoint: digicert.FileCheckpoint(path)}) {
		require.ErrorIs(t, err, context.Canceled, "the lock is free again")
	}
}
