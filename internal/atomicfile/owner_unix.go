// Owners of files.

//go:build unix

package atomicfile

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner sets the owner and group of a new file to those of the old one, or only the group, as far as permitted.
func keepOwner(f *os.File, old fs.FileInfo) {
	of, ok := old.Sys().(*syscall.Stat_t)
	if !ok {
		return
	}
	if err := f.Chown(int(of.Uid), int(of.Gid)); err != nil {
		_ = f.Chown(-1, int(of.Gid))
	}
}
