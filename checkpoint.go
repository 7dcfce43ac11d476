// Checkpoints: where a watch stores its state.

package digicert

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/go-digicert/digicert/internal/atomicfile"
)

// Checkpoint stores the state of a watch, so that the next watch continues where the last one ended. The state is opaque. Save
// replaces the stored state atomically. A watch never calls the methods concurrently.
type Checkpoint interface {
	Load(ctx context.Context) ([]byte, error) // empty if nothing was saved yet
	Save(ctx context.Context, state []byte) error
}

// maxState is the maximum size of a state, in bytes: enough for about 300,000 orders in one response.
const maxState = 16 << 20

// FileCheckpoint returns a Checkpoint that stores the state in the file at path, with mode 0600. Save replaces the file and syncs it
// to disk before it returns, so that a crash leaves either the old state or the new one. A file that cannot be replaced, such as a
// single file that is mounted into a container, is written in place; if a crash leaves it incomplete, the next watch fails.
// An empty file is valid: nothing was saved yet. If path is a symbolic link, its target is replaced.
//
// A watch locks the file while it runs. A watch that finds the file locked returns an error at once. The lock is advisory, and is
// released when the process exits. On Windows the lock is a file of the same name with ".lock" appended.
//
// It is an error if path is not a regular file or the state is larger than 16 MiB.
func FileCheckpoint(path string) Checkpoint { return &fileCheckpoint{path: path} }

type fileCheckpoint struct {
	path string

	mu   sync.Mutex
	held *atomicfile.Lock // while a watch uses the file; else nil
}

// String returns the path, as errors show it.
func (f *fileCheckpoint) String() string { return f.path }

func (f *fileCheckpoint) Load(context.Context) ([]byte, error) {
	state, err := atomicfile.Read(f.path, maxState)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return state, err
}

func (f *fileCheckpoint) Save(_ context.Context, state []byte) error {
	if len(state) > maxState {
		return fmt.Errorf("%s: a state of %d bytes exceeds the maximum of %d", f.path, len(state), maxState)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.held != nil {
		return f.held.Write(0o600, state)
	}
	return atomicfile.Write(f.path, 0o600, state)
}

// locker is a Checkpoint that only one watch at a time can use.
type locker interface {
	lock() (unlock func(), err error)
}

// lock locks the file against other watches, in this process and others.
func (f *fileCheckpoint) lock() (unlock func(), err error) {
	held, err := atomicfile.Acquire(f.path)
	if err != nil {
		return nil, err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.held = held
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.held = nil
		_ = held.Release() // the file is closed even if that fails
	}, nil
}
