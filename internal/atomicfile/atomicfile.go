// Package atomicfile replaces files such that whoever reads them, after a crash too, sees the old one or the new one. It
// also locks a file that is replaced again and again, against a second process that would do the same.
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

// Replace makes what write writes the content of the file at path, of mode perm, and returns once it has reached the
// disk. Where anything fails, write included, the file is what it was.
func Replace(path string, perm fs.FileMode, write func(io.Writer) error) error {
	return replace(path, exactly(perm), write, func(string) error { return nil }, os.Rename)
}

// attributes are what a new file has besides its content.
type attributes struct {
	create fs.FileMode // the mode with which it is created, less what the umask takes away
	finish func(*os.File) error
}

// exactly returns the attributes of a file of mode perm, which nobody else can read before it is complete.
func exactly(perm fs.FileMode) attributes {
	return attributes{0o600, func(f *os.File) error { return f.Chmod(perm) }}
}

// ofNew returns the attributes of a file that any program would create.
func ofNew() attributes {
	return attributes{0o666, func(*os.File) error { return nil }}
}

// like returns the attributes of an old file: its mode and, where that is allowed, its owner and group.
func like(old fs.FileInfo) attributes {
	return attributes{0o600, func(f *os.File) error {
		keepOwner(f, old)
		return f.Chmod(old.Mode().Perm())
	}}
}

// replace is Replace with a function that is called with the name of the new file before it takes the place of the old
// one, and one that renames it.
func replace(
	path string, attr attributes, write func(io.Writer) error, claim func(name string) error, publish func(name, path string) error,
) error {
	folder := filepath.Dir(path)
	temp, err := createTemp(path, attr.create)
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // fails once it is renamed
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
		if errors.As(err, &inPath) { // the name of the new file means nothing to anybody
			err = &fs.PathError{Op: "create", Path: path, Err: inPath.Err}
		}
		return f, err
	}
}

// Write makes content that of the file at path, as Replace does. A symbolic link stays, and its target is replaced. A
// file that cannot be replaced, because it is a mount point or its folder cannot be written, is written in place: a crash
// can leave a mixture of the old and the new content then, which the content has to reveal.
func Write(path string, perm fs.FileMode, content []byte) error {
	return write(path, exactly(perm), content, func(string) error { return nil }, os.Rename)
}

// Save is Write for a file that the user names: the new file has the mode of the old one, and its owner and group where that is
// allowed. Without an old one, the umask decides.
func Save(path string, content []byte) error {
	old, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return write(path, ofNew(), content, func(string) error { return nil }, os.Rename)
	case err != nil:
		return err
	}
	followed, err := target(path)
	if err != nil {
		return err
	}
	if named, err := os.Stat(followed); err != nil || !os.SameFile(old, named) { // an open file below /proc that has no name any more
		if _, err := regular(path); err != nil {
			return err
		}
		return overwrite(path, content)
	}
	return write(followed, like(old), content, func(string) error { return nil }, os.Rename)
}

// OpenSpecial opens for writing what is written into and cannot be replaced: a character device or a named pipe. It returns nil if there is
// a regular file at path, or nothing, and an error if there is anything else, such as a directory or a disk. Until somebody
// reads a named pipe, OpenSpecial does not return.
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
	path, err := target(path)
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

// irreplaceable reports whether a file could not be replaced for a reason that allows to write it in place.
func irreplaceable(err error) bool {
	return errors.Is(err, syscall.EBUSY) || errors.Is(err, errReadOnly) || errors.Is(err, fs.ErrPermission)
}

// overwrite writes a file that exists in place. It never makes the file empty: a crash leaves content that is not whole, and
// not the look of a file to which nothing was written yet.
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

// ErrTooLarge is a file that is larger than its reader takes.
var ErrTooLarge = errors.New("the file is too large")

// Read returns the content of a regular file of at most limit bytes. It does not open any other: to open a named pipe can
// take for ever.
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

// regular returns what is known of the file at path, which must be a regular one.
func regular(path string) (fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	return info, err
}

// target follows symbolic links to a file, which need not exist.
func target(path string) (string, error) {
	const most = 40 // as Linux
	for range most {
		link, err := os.Readlink(path)
		if err != nil {
			return path, nil // no link; what else is wrong shows when the file is opened
		}
		if !filepath.IsAbs(link) {
			link = filepath.Join(filepath.Dir(path), link)
		}
		path = link
	}
	return "", &fs.PathError{Op: "readlink", Path: path, Err: errors.New("too many symbolic links")}
}

// syncFolder makes a rename reach the disk, where the system lets folders be synced: Windows does not.
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
