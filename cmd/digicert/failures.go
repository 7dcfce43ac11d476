// The file of failures: the changes for which the command of --exec has failed, and that a watch has skipped.

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/go-digicert/digicert/internal/atomicfile"
)

// failedChange is a line of the file.
type failedChange struct {
	Change digicert.StatusChange `json:"change"`
	Error  string                `json:"error"`
	Time   time.Time             `json:"time"` // of the failure
}

// appendFailure appends a change to the file, and returns once it is on the disk.
func appendFailure(path string, change digicert.StatusChange, failure error, now time.Time) error {
	var line bytes.Buffer
	if err := marshal(&line, failedChange{change, failure.Error(), now.UTC().Truncate(time.Second)}); err != nil {
		return err
	}
	if err := atomicfile.AppendLine(path, 0o600, bytes.TrimSpace(line.Bytes())); err != nil {
		return fmt.Errorf("--failures: %w", err)
	}
	return nil
}

// replaying is the name of a file of failures while it is replayed. A watch may append to a new one at that time.
func replaying(path string) string { return path + ".replaying" }

// takeFailures renames a file of failures for its replay, and locks it. If an earlier replay was killed, its file is taken first.
func takeFailures(path string) (*atomicfile.Lock, error) {
	taken := replaying(path)
	if _, err := os.Lstat(taken); errors.Is(err, fs.ErrNotExist) {
		if err := checkFailures(path); err != nil {
			return nil, err
		}
		lock, err := atomicfile.Acquire(path)
		if err != nil {
			return nil, err
		}
		if _, err = os.Lstat(taken); errors.Is(err, fs.ErrNotExist) { // still, now that no other replay can rename it
			err = os.Rename(path, taken)
		}
		if err := errors.Join(err, lock.Release()); err != nil {
			return nil, err
		}
	}
	return atomicfile.Acquire(taken)
}

// maxFailures is the largest size of a file of failures, in bytes.
const maxFailures = 1 << 30

// checkFailures returns an error unless the file at path is one of failures: it is about to be removed.
func checkFailures(path string) error {
	content, err := atomicfile.Read(path, maxFailures)
	if err != nil {
		return err
	}
	for line := range bytes.Lines(content) {
		if _, ok := parseFailure(line); ok {
			return nil
		}
	}
	if len(bytes.TrimSpace(content)) > 0 {
		return fmt.Errorf("%q has no line that a watch has written", path)
	}
	return nil
}

func parseFailure(line []byte) (f failedChange, ok bool) {
	err := json.Unmarshal(line, &f)
	return f, err == nil && f.Change.OrderID != 0
}

// replay runs the command for the changes of a file. Those for which it fails again are appended to the file. A replay that was killed
// is finished by the next one.
func (a *app) replay(ctx context.Context, path string, w watchAction) error {
	path, err := atomicfile.Target(path)
	if err != nil {
		return usageErrorf("--replay: %w", err)
	}
	lock, err := takeFailures(path)
	if err != nil {
		return usageErrorf("--replay: %w", err)
	}
	defer lock.Release()
	taken := replaying(path)
	content, err := atomicfile.Read(taken, maxFailures)
	if err != nil {
		return fmt.Errorf("--replay: %w", err)
	}
	failed := 0
	for line := range bytes.Lines(content) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		f, ok := parseFailure(line)
		if !ok {
			fmt.Fprintf(&a.log, "digicert: --replay: a line that no watch has written was left out: %s\n", printable(string(bytes.TrimSpace(line))))
			continue
		}
		err := error(nil)
		if ctx.Err() == nil && w.matters(f.Change) {
			err = w.hook.run(ctx, f.Change)
		}
		switch {
		case err != nil:
			failed++
			fmt.Fprintf(&a.log, "digicert: %v\n", err)
			if err := appendFailure(path, f.Change, err, time.Now()); err != nil {
				return err
			}
		case ctx.Err() != nil || !w.matters(f.Change): // not done
			if err := appendFailure(path, f.Change, errors.New(f.Error), f.Time); err != nil {
				return err
			}
		}
	}
	if err := os.Remove(taken); err != nil {
		return fmt.Errorf("--replay: %w", err)
	}
	switch {
	case ctx.Err() != nil || failed == 0:
		return ctx.Err()
	case failed == 1:
		return fmt.Errorf("1 change has failed again, and is in %s", path)
	}
	return fmt.Errorf("%d changes have failed again, and are in %s", failed, path)
}
