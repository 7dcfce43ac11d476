// Files that the user names: what --out writes, and what nothing can interrupt.

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/go-digicert/digicert/internal/atomicfile"
)

// save makes content that of the file at path, which is replaced as a whole. What is not a regular file is written into:
// standard output and error by any of their names, of which "-" is one, character devices and named pipes.
func (a *app) save(ctx context.Context, path string, content []byte) error {
	if path == "-" {
		_, err := a.out.Write(content)
		return err
	}
	for _, std := range []*output{a.out, {file: a.err}} {
		if isSame(path, std.file) {
			_, err := std.Write(content)
			return err
		}
	}
	special, err := waitFor(ctx, func() (*os.File, error) { return atomicfile.OpenSpecial(path) })
	if err != nil {
		return fmt.Errorf("--out: %w", err)
	}
	if special == nil {
		if err := atomicfile.Save(path, content); err != nil {
			return fmt.Errorf("--out: %w", err)
		}
		return nil
	}
	_, err = waitFor(ctx, func() (int, error) { return (&output{file: special}).Write(content) })
	return errors.Join(err, special.Close())
}

// isSame reports whether path is a name of an open file.
func isSame(path string, f *os.File) bool {
	named, err := os.Stat(path)
	open, err2 := f.Stat()
	return err == nil && err2 == nil && os.SameFile(named, open)
}

// readLimited reads the file at path, which must not be larger than limit. It may be a device that has no end.
func readLimited(path string, limit int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return atMostBytes(f, limit)
}

func atMostBytes(f *os.File, limit int64) ([]byte, error) {
	content, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%q is larger than %d bytes", f.Name(), limit)
	}
	return content, err
}

// waitFor returns what f returns, which nothing can interrupt, such as the opening of a named pipe. If ctx ends first, it
// returns the reason of that, and f goes on alone.
func waitFor[T any](ctx context.Context, f func() (T, error)) (T, error) {
	type result struct {
		value T
		err   error
	}
	done := make(chan result, 1)
	go func() {
		value, err := f()
		done <- result{value, err}
	}()
	select {
	case r := <-done:
		return r.value, r.err
	case <-ctx.Done():
		var none T
		return none, context.Cause(ctx)
	}
}
