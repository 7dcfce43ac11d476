// Locks by a separate file that no other process can open.

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
)

// errReadOnly is the error of a read-only file system.
const errReadOnly = syscall.EROFS

// holder holds the lock of one file: a file with the suffix ".lock", which is removed when it is closed or the process ends.
// The file itself cannot be kept open, because Windows does not replace open files.
type holder struct{ handle syscall.Handle }

const (
	fileFlagDeleteOnClose = 0x04000000
	errorSharingViolation = syscall.Errno(32)
)

func hold(path string) (holder, error) {
	path += ".lock"
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return holder{}, &fs.PathError{Op: "lock", Path: path, Err: err}
	}
	handle, err := syscall.CreateFile(name, syscall.GENERIC_READ|syscall.GENERIC_WRITE, 0, nil, syscall.OPEN_ALWAYS,
		syscall.FILE_ATTRIBUTE_NORMAL|fileFlagDeleteOnClose, 0)
	switch {
	case errors.Is(err, errorSharingViolation):
		return holder{}, &fs.PathError{Op: "lock", Path: path, Err: ErrLocked}
	case err != nil:
		return holder{}, &fs.PathError{Op: "lock", Path: path, Err: err}
	}
	return holder{handle}, nil
}

func (h *holder) publish(name, path string) error { return os.Rename(name, path) }

func (h *holder) successor(string) (holder, error) { return *h, nil }

func (h *holder) follow(_ holder, _ string, err error) error { return err }

func (h *holder) release() error { return syscall.CloseHandle(h.handle) }
