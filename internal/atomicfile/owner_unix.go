// Owners of files.

//go:build unix

package atomicfile

import (
	"io/fs"
	"os"
	"syscall"
)

// keepOwner gives a new file the owner and group of an old one, or only its group, as far as that is allowed.
func keepOwner(f *os.File, old fs.FileInfo) {
	of, ok := old.Sys().(*syscall.Stat_t)
	if !ok {
		return
	}
	if err := f.Chown(int(of.Uid), int(of.Gid)); err != nil {
		_ = f.Chown(-1, int(of.Gid))
	}
}
