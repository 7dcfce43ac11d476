// Locks: one process at a time writes a file.

package atomicfile

import (
	"errors"
	"io/fs"
)

// ErrLocked is the error for a file that is locked already.
var ErrLocked = errors.New("it is in use by another process, or twice by this one")

// Lock is an advisory lock on a file. It is released at the latest when the process ends.
type Lock struct {
	path string // without symbolic links
	held holder
}

// Acquire locks the file at path. It does not wait: if the file is locked, it returns ErrLocked. If the file does not exist,
// the first Write locks it. On a file system without locks, Acquire has no effect.
func Acquire(path string) (*Lock, error) {
	path, err := Target(path)
	if err != nil {
		return nil, err
	}
	if _, err := regular(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	held, err := hold(path)
	if err != nil {
		return nil, err
	}
	return &Lock{path, held}, nil
}

// Write is the function Write for the locked file. The new file is locked before it replaces the old one.
func (l *Lock) Write(perm fs.FileMode, content []byte) error {
	var next holder
	err := write(l.path, exactly(perm), content, func(name string) (err error) {
		next, err = l.held.successor(name)
		return err
	}, l.held.publish)
	return l.held.follow(next, l.path, err)
}

// Release releases the lock.
func (l *Lock) Release() error { return l.held.release() }
