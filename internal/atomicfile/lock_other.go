// Locks within this process, on systems without locks that end with their process.

//go:build !(darwin || dragonfly || freebsd || illumos || linux || netbsd || openbsd || windows)

package atomicfile

import (
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// errReadOnly is the error of a read-only file system.
var errReadOnly = fs.ErrPermission

type holder struct{ path string }

var locked sync.Map

func hold(path string) (holder, error) {
	name := path
	if abs, err := filepath.Abs(path); err == nil {
		name = abs
	}
	if _, taken := locked.LoadOrStore(name, true); taken {
		return holder{}, &fs.PathError{Op: "lock", Path: path, Err: ErrLocked}
	}
	return holder{name}, nil
}

func (h *holder) publish(name, path string) error { return os.Rename(name, path) }

func (h *holder) successor(string) (holder, error) { return *h, nil }

func (h *holder) follow(_ holder, _ string, err error) error { return err }

func (h *holder) release() error { locked.Delete(h.path); return nil }
