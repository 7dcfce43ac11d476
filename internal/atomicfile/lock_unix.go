// Locks by flock, on the file itself.

//go:build darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// errReadOnly is the error of a read-only file system.
const errReadOnly = syscall.EROFS

// holder holds the lock of one file. The lock is on the file itself: if only the file is mounted into containers, each
// container would have its own separate lock file. Because a lock stays with the old file when a file is replaced, the new
// file is locked before the rename, and after locking a file, hold checks that it still has its name.
type holder struct{ file *os.File }

func hold(path string) (holder, error) {
	const tries = 100 // a try fails if the file is replaced at the same moment
	for range tries {
		f, err := open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return holder{}, nil
		}
		if err != nil {
			return holder{}, err
		}
		if err := flock(f); err != nil {
			return holder{}, errors.Join(err, f.Close())
		}
		if hasName(f, path) {
			return holder{f}, nil
		}
		_ = f.Close()
	}
	return holder{}, &fs.PathError{Op: "lock", Path: path, Err: ErrLocked}
}

func open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, errReadOnly) {
		return os.Open(path) // sufficient except on some network file systems
	}
	return f, err
}

func flock(f *os.File) error {
	var err error
	for {
		if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	switch {
	case errors.Is(err, syscall.EWOULDBLOCK):
		return &fs.PathError{Op: "lock", Path: f.Name(), Err: ErrLocked}
	case errors.Is(err, syscall.ENOTSUP), errors.Is(err, syscall.EOPNOTSUPP), errors.Is(err, syscall.ENOSYS), errors.Is(err, syscall.ENOLCK):
		return nil // the file system does not support locks
	case err != nil:
		return &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
	}
	return nil
}

// publish renames the new file to path. If path did not exist, it fails if another process has created it since.
func (h *holder) publish(name, path string) error {
	if h.file == nil {
		err := os.Link(name, path)
		if errors.Is(err, fs.ErrExist) {
			return &fs.PathError{Op: "lock", Path: path, Err: ErrLocked}
		}
		if err == nil {
			return nil
		}
		// The file system does not support links.
	}
	return os.Rename(name, path)
}

// successor locks the file that is about to replace the locked one.
func (h *holder) successor(name string) (holder, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	if err != nil {
		return holder{}, err
	}
	if err := flock(f); err != nil {
		return holder{}, errors.Join(err, f.Close())
	}
	return holder{f}, nil
}

// follow continues with the successor if it has the name now, even after an error. It returns err.
func (h *holder) follow(next holder, path string, err error) error {
	if next.file == nil {
		return err
	}
	if !hasName(next.file, path) {
		_ = next.file.Close()
		return err
	}
	_ = h.release()
	*h = next
	return err
}

func (h *holder) release() error {
	if h.file == nil {
		return nil
	}
	// Closing the file is not enough while a process that is being started has a copy of it, which it closes a moment later.
	_ = syscall.Flock(int(h.file.Fd()), syscall.LOCK_UN)
	return h.file.Close()
}
