// Lines that are appended to a file.

package atomicfile

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// AppendLine appends a line to the regular file at path, and returns once it has reached the disk. A file that does not exist is created
// with mode perm. If the file does not end with a line end, because a crash cut it off, one is written first. If the file is
// renamed or removed during the call, the line is appended again, to the file that has the name then: it is never lost, but may be in both.
func AppendLine(path string, perm fs.FileMode, line []byte) error {
	path, err := Target(path)
	if err != nil {
		return err
	}
	const tries = 100
	for range tries {
		appended, err := appendLine(path, perm, line)
		if appended || err != nil {
			return err
		}
	}
	return &fs.PathError{Op: "append", Path: path, Err: errors.New("the file is renamed again and again")}
}

// appendLine reports whether the file to which it has appended still has its name.
func appendLine(path string, perm fs.FileMode, line []byte) (bool, error) {
	if _, err := regular(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, perm)
	if err != nil {
		return false, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	text := append(line[:len(line):len(line)], '\n')
	if size := info.Size(); size > 0 {
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, size-1); err == nil && last[0] != '\n' {
			text = append([]byte{'\n'}, text...)
		}
	}
	if _, err := f.Write(text); err != nil {
		return false, err
	}
	if err := errors.Join(f.Sync(), syncFolder(filepath.Dir(path))); err != nil {
		return false, err
	}
	return hasName(f, path), nil
}

// hasName reports whether the file at path is f.
func hasName(f *os.File, path string) bool {
	open, err := f.Stat()
	named, err2 := os.Stat(path)
	return err == nil && err2 == nil && os.SameFile(open, named)
}
