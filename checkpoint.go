// Checkpoints: where a watch stores how far it has got.

package digicert

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"

	"github.com/go-digicert/digicert/internal/atomicfile"
)

// Checkpoint stores how far a watch has got, as bytes that mean nothing to anybody else. Save replaces what was saved
// before, as a whole. A watch never calls both at the same time.
type Checkpoint interface {
	Load(ctx context.Context) ([]byte, error) // empty: nothing saved yet
	Save(ctx context.Context, state []byte) error
}

// maxState is the largest state that is kept, in bytes: about 300,000 orders in one answer.
const maxState = 16 << 20

// FileCheckpoint stores a checkpoint in a file, of mode 0600. The file is replaced as a whole and reaches the disk before
// Save returns, so that a crash leaves the old state or the new one. A file that cannot be replaced, such as a single file
// that is mounted into a container, is written in place; what a crash leaves of it half written is an error of the next
// watch. An empty file is one to which nothing was saved yet. A symbolic link stays, and its target is replaced.
//
// A watch locks the file until it ends, and one that finds it locked ends at once. The lock is advisory, and ends with the
// process. On Windows it is a file beside it, with ".lock" behind its name.
//
// What is not a regular file, and what is larger than 16 MiB, is an error.
func FileCheckpoint(path string) Checkpoint { return &fileCheckpoint{path: path} }

type fileCheckpoint struct {
	path string

	mu   sync.Mutex
	held *atomicfile.Lock // by the watch that uses it; nil without one
}

// String is how errors name the checkpoint.
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
		return fmt.Errorf("%s: a state of %d bytes is larger than %d", f.path, len(state), maxState)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.held != nil {
		return f.held.Write(0o600, state)
	}
	return atomicfile.Write(f.path, 0o600, state)
}

// locker is a Checkpoint that one watch at a time can use.
type locker interface {
	lock() (unlock func(), err error)
}

// lock keeps other watches away, those of other processes included.
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
		_ = held.Release() // it is closed in any case
	}, nil
}
