// Checkpoints: where a watch stores how far it has got.

package digicert

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/go-digicert/digicert/internal/atomicfile"
)

// Checkpoint keeps the moment up to which all changes were handed over.
type Checkpoint interface {
	Load(ctx context.Context) (time.Time, error) // zero: nothing saved yet
	Save(ctx context.Context, t time.Time) error
}

// FileCheckpoint keeps a checkpoint in a file, of mode 0600. It is replaced as a whole and reaches the disk before Save
// returns, so that a crash leaves the old moment or the new one. A file that holds anything but one whole checkpoint
// is an error of Load: to start over, remove it.
func FileCheckpoint(path string) Checkpoint { return fileCheckpoint(path) }

type fileCheckpoint string

func (f fileCheckpoint) Load(context.Context) (time.Time, error) {
	content, err := os.ReadFile(string(f))
	if errors.Is(err, fs.ErrNotExist) {
		return time.Time{}, nil
	}
	if err != nil {
		return time.Time{}, err
	}
	// The newline at the end shows that nothing was cut off.
	line, whole := strings.CutSuffix(string(content), "\n")
	t, err := time.Parse(time.RFC3339Nano, line)
	if err != nil || !whole || t.IsZero() {
		return time.Time{}, fmt.Errorf("%s is no checkpoint: it holds %q, not a time and a newline; remove it to start over",
			string(f), oneLine(string(content), 40))
	}
	return t, nil
}

func (f fileCheckpoint) Save(_ context.Context, t time.Time) error {
	return atomicfile.Replace(string(f), 0o600, func(w io.Writer) error {
		_, err := io.WriteString(w, t.UTC().Format(time.RFC3339Nano)+"\n")
		return err
	})
}
