package main

import (
	"fmt"
	"syscall"
)

// lock makes sure that one run at a time uses the folder. It ends with the process.
func lock(path string) (unlock func(), err error) {
	name, err := syscall.UTF16PtrFromString(path)
	if err != nil {
		return nil, err
	}
	const shared = 0 // with nobody
	h, err := syscall.CreateFile(name, syscall.GENERIC_WRITE, shared, nil, syscall.OPEN_ALWAYS, syscall.FILE_ATTRIBUTE_NORMAL, 0)
	if err != nil {
		return nil, fmt.Errorf("another run uses the folder: %s: %w", path, err)
	}
	return func() { _ = syscall.CloseHandle(h) }, nil
}

// syncFolder does nothing: Windows has no such call.
func syncFolder(string) error { return nil }
