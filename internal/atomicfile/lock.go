// Locks: one process at a time writes a file.

package atomicfile

import (
	"errors"
	"io/fs"
)

// ErrLocked is a file that somebody else has locked.
var ErrLocked = errors.New("it is in use by another process, or twice by this one")

// Lock is the right to write a file. It is advisory: it keeps away those who lock the file too. It ends with the process
// that holds it.
type Lock struct {
	path string // without symbolic links
	held holder
}

// Acquire locks the file at path without waiting: one that is locked is ErrLocked. One that does not exist
// is locked by the first Write. On a file system that knows no locks, nobody is kept away.
func Acquire(path string) (*Lock, error) {
	path, err := target(path)
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

// Write is the function Write for the locked file. The new file is locked before it takes the place of the old one.
func (l *Lock) Write(perm fs.FileMode, content []byte) error {
	var next holder
	err := write(l.path, exactly(perm), content, func(name string) (err error) {
		next, err = l.held.successor(name)
		return err
	}, l.held.publish)
	return l.held.follow(next, l.path, err)
}

// Release gives the lock back.
func (l *Lock) Release() error { return l.held.release() }
