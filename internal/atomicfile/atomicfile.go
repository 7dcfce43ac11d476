// Package atomicfile replaces files atomically: a reader sees the old or the new content, even after a crash. It also locks
// a file that is replaced repeatedly, so that only one process writes it.
package atomicfile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
)

// Replace replaces the file at path by a file of mode perm with the output of write, and syncs it to disk. If anything before
// the final sync of the folder fails, including write, the file is unchanged.
func Replace(path string, perm fs.FileMode, write func(io.Writer) error) error {
	return replace(path, exactly(perm), write, func(string) error { return nil }, os.Rename)
}

// attributes are the attributes of a new file.
type attributes struct {
	create fs.FileMode // the mode with which it is created, before the umask
	finish func(*os.File) error
}

// exactly returns the attributes of a file of mode perm. Until it is complete, only its owner can read it.
func exactly(perm fs.FileMode) attributes {
	return attributes{0o600, func(f *os.File) error { return f.Chmod(perm) }}
}

// ofNew returns the default attributes of a new file.
func ofNew() attributes {
	return attributes{0o666, func(*os.File) error { return nil }}
}

// like returns the attributes of an old file: its mode and, if permitted, its owner and group.
func like(old fs.FileInfo) attributes {
	return attributes{0o600, func(f *os.File) error {
		keepOwner(f, old)
		return f.Chmod(old.Mode().Perm())
	}}
}

// replace is Replace with two functions: claim is called with the name of the complete new file, and then publish renames
// the file.
func replace(
	path string, attr attributes, write func(io.Writer) error, claim func(name string) error, publish func(name, path string) error,
) error {
	folder := filepath.Dir(path)
	temp, err := createTemp(path, attr.create)
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // fails after the rename
	err = write(temp)
	if err == nil {
		err = errors.Join(attr.finish(temp), temp.Sync())
	}
	if err := errors.Join(err, temp.Close()); err != nil {
		return err
	}
	if err := claim(temp.Name()); err != nil {
		return err
	}
	if err := publish(temp.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
}

// createTemp creates a file beside the one at path.
func createTemp(path string, mode fs.FileMode) (*os.File, error) {
	const tries = 1000
	for try := 1; ; try++ {
		name := fmt.Sprintf("%s.%d.tmp", path, rand.Uint32())
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
		if errors.Is(err, fs.ErrExist) && try < tries {
			continue
		}
		var inPath *fs.PathError
		if errors.As(err, &inPath) { // report path instead of the temporary name
			err = &fs.PathError{Op: "create", Path: path, Err: inPath.Err}
		}
		return f, err
	}
}

// Write replaces the file at path, like Replace. If path is a symbolic link, its target is replaced. A
// file that cannot be replaced, because it is a mount point or its folder is not writable, is written in place. A crash
// can then leave a mixture of the old and the new content, which the content must make detectable.
func Write(path string, perm fs.FileMode, content []byte) error {
	return write(path, exactly(perm), content, func(string) error { return nil }, os.Rename)
}

// Save is like Write, for a file that the user specifies: the new file has the mode of the old one and, if permitted, its owner
// and group. The mode of a file that did not exist depends on the umask.
func Save(path string, content []byte) error {
	old, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return write(path, ofNew(), content, func(string) error { return nil }, os.Rename)
	case err != nil:
		return err
	}
	followed, err := Target(path)
	if err != nil {
		return err
	}
	if named, err := os.Stat(followed); err != nil || !os.SameFile(old, named) { // an open file below /proc without a name
		if _, err := regular(path); err != nil {
			return err
		}
		return overwrite(path, content)
	}
	return write(followed, like(old), content, func(string) error { return nil }, os.Rename)
}

// OpenSpecial opens a character device or a named pipe for writing; these cannot be replaced. It returns nil if path is a
// regular file or does not exist, and an error if it is anything else, such as a directory or a disk. For a named pipe
// OpenSpecial blocks until a reader opens it.
func OpenSpecial(path string) (*os.File, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case info.Mode().IsRegular():
		return nil, nil
	case info.IsDir():
		return nil, &fs.PathError{Op: "write", Path: path, Err: errors.New("is a directory")}
	case info.Mode()&(fs.ModeCharDevice|fs.ModeNamedPipe) == 0:
		return nil, &fs.PathError{Op: "write", Path: path, Err: errors.New("is not a file, a character device or a named pipe")}
	}
	return os.OpenFile(path, os.O_WRONLY, 0)
}

func write(
	path string, attr attributes, content []byte, claim func(name string) error, publish func(name, path string) error,
) error {
	path, err := Target(path)
	if err != nil {
		return err
	}
	if _, err := regular(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err = replace(path, attr, func(w io.Writer) error { _, err := w.Write(content); return err }, claim, publish)
	if irreplaceable(err) {
		if inPlace := overwrite(path, content); !errors.Is(inPlace, fs.ErrNotExist) {
			return inPlace
		}
	}
	return err
}

// irreplaceable reports whether err means that a file cannot be replaced but may be written in place.
func irreplaceable(err error) bool {
	return errors.Is(err, syscall.EBUSY) || errors.Is(err, errReadOnly) || errors.Is(err, fs.ErrPermission)
}

// overwrite writes an existing file in place. It does not truncate the file first: after a crash the content is damaged
// rather than empty, as if nothing had ever been written.
func overwrite(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err == nil {
		err = errors.Join(f.Truncate(int64(len(content))), f.Sync())
	}
	return errors.Join(err, f.Close())
}

// ErrTooLarge is the error of Read for a file that is larger than the limit.
var ErrTooLarge = errors.New("the file is too large")

// Read returns the content of a regular file of at most limit bytes. It does not open other files: opening a named pipe can
// block forever.
func Read(path string, limit int64) ([]byte, error) {
	if _, err := regular(path); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = &fs.PathError{Op: "read", Path: path, Err: fmt.Errorf("%w: more than %d bytes", ErrTooLarge, limit)}
	}
	if err != nil {
		return nil, err
	}
	return content, nil
}

// regular is os.Stat for a file that must be regular.
func regular(path string) (fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	return info, err
}

// Target follows symbolic links to a file, which need not exist.
func Target(path string) (string, error) {
	const most = 40 // as Linux
	for range most {
		link, err := os.Readlink(path)
		if err != nil {
			return path, nil // not a link; other errors occur again when the file is opened
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		path = link
	}
	return "", &fs.PathError{Op: "readlink", Path: path, Err: errors.New("too many symbolic links")}
}

// syncFolder syncs a rename to disk, except on Windows, which cannot sync folders.
func syncFolder(path string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
