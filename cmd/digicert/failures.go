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
)

// failedChange is a line of the file.
type failedChange struct {
	Change digicert.StatusChange `json:"change"`
	Error  string                `json:"error"`
	Time   time.Time             `json:"time"` // of the failure
}

// appendFailure appends a change to the file, and returns once that is on the disk.
func appendFailure(path string, change digicert.StatusChange, failure error, now time.Time) error {
	var line bytes.Buffer
	if err := marshal(&line, failedChange{change, failure.Error(), now.UTC().Truncate(time.Second)}); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("--failures: %w", err)
	}
	text := line.Bytes()
	if info, err := f.Stat(); err == nil && info.Size() > 0 { // a crash may have cut the last line off
		last := make([]byte, 1)
		if _, err := f.ReadAt(last, info.Size()-1); err == nil && last[0] != '\n' {
			text = append([]byte{'\n'}, text...)
		}
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("--failures: %w", err)
	}
	return nil
}

// replaying is the name of a file of failures while it is replayed: while that is done, a watch may append to a new one.
func replaying(path string) string { return path + ".replaying" }

// replay runs the command for the changes of a file. Those for which it fails again are appended to the file. A replay that was killed
// is finished by the next one.
func (a *app) replay(ctx context.Context, path string, w watchAction) error {
	taken := replaying(path)
	if _, err := os.Lstat(taken); errors.Is(err, fs.ErrNotExist) {
		if err := os.Rename(path, taken); err != nil {
			return usageErrorf("--replay: %w", err)
		}
	}
	content, err := os.ReadFile(taken)
	if err != nil {
		return fmt.Errorf("--replay: %w", err)
	}
	failed := 0
	for line := range bytes.Lines(content) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var f failedChange
		if err := json.Unmarshal(line, &f); err != nil || f.Change.OrderID == 0 {
			fmt.Fprintf(&a.log, "digicert: --replay: a line that is not of a watch was left out: %s\n", printable(string(bytes.TrimSpace(line))))
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
	if failed > 0 && ctx.Err() == nil {
		return fmt.Errorf("%d changes have failed again, and are in %s", failed, path)
	}
	return ctx.Err()
}
