// Package atomicfile replaces files such that whoever reads them, after a crash too, sees the old one or the new one.
package atomicfile

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
)

// Replace makes what write writes the content of the file at path, of mode perm, and returns once it has reached the
// disk. Where anything fails, write included, the file is what it was.
func Replace(path string, perm fs.FileMode, write func(io.Writer) error) error {
	folder := filepath.Dir(path)
	temp, err := os.CreateTemp(folder, filepath.Base(path)+".*.tmp") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(temp.Name()) // fails once it is renamed
	err = write(temp)
	if err == nil {
		err = errors.Join(temp.Chmod(perm), temp.Sync())
	}
	if err := errors.Join(err, temp.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp.Name(), path); err != nil {
		return err
	}
	return syncFolder(folder)
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
