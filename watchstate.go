// The state of a watch, which a checkpoint stores.

package digicert

import (
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
)

// A state is one line: two words, its version, a checksum, and JSON. The checksum and the newline detect partial writes.
const (
	stateWords   = "digicert watch"
	stateVersion = "1"
)

// watchState is the progress of a watch. Times are in milliseconds since 1970.
type watchState struct {
	Local   int64      `json:"local"`            // when the last finished poll began, by the local clock
	Service int64      `json:"service,omitzero"` // the same by the service's clock; 0 if unknown
	Begun   bool       `json:"begun,omitzero"`   // whether there was a poll
	Window  int64      `json:"window,omitzero"`  // the window of its last response, in seconds
	Rows    []savedRow `json:"rows,omitempty"`
}

// savedRow is a knownRow.
type savedRow struct {
	Order       int64  `json:"o"`
	Certificate int64  `json:"c,omitzero"`
	Status      string `json:"s,omitzero"`
	Since       int64  `json:"a,omitzero"` // by the local clock
	Until       int64  `json:"u,omitzero"`
	Seen        int64  `json:"l,omitzero"`
}

// errNoState is the error for content that is not a saved state.
var errNoState = errors.New("not a checkpoint of a watch, or a damaged one; remove it to start over")

func encodeState(state *watchState) ([]byte, error) {
	doc, err := json.Marshal(state, json.Deterministic(true))
	if err != nil {
		return nil, err
	}
	return fmt.Appendf(nil, "%s %s %08x %s\n", stateWords, stateVersion, crc32.ChecksumIEEE(doc), doc), nil
}

// decodeState decodes the output of encodeState, and the single time that earlier versions stored.
func decodeState(content []byte) (*watchState, error) {
	line, whole := strings.CutSuffix(string(content), "\n")
	if at, err := time.Parse(time.RFC3339Nano, line); err == nil && whole && !at.IsZero() {
		return stateAt(at), nil
	}
	rest, ours := strings.CutPrefix(line, stateWords+" ")
	version, rest, _ := strings.Cut(rest, " ")
	sum, doc, _ := strings.Cut(rest, " ")
	switch {
	case ours && whole && version != stateVersion && version != "":
		return nil, fmt.Errorf("version %q is not supported; this program supports version %s", oneLine(version, 20), stateVersion)
	case !ours || !whole || sum != fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(doc))):
		return nil, errNoState
	}
	state := new(watchState)
	if err := json.Unmarshal([]byte(doc), state); err != nil {
		return nil, errNoState
	}
	return state, nil
}

// stateAt returns the state of a watch that begins at t.
func stateAt(t time.Time) *watchState {
	return &watchState{Local: t.UnixMilli(), Service: t.UnixMilli()}
}

// state returns the state to save.
func (w *watch) state() *watchState {
	local := func(t time.Time) int64 {
		if t.IsZero() {
			return 0
		}
		return t.UnixMilli()
	}
	state := &watchState{
		Local:  local(w.base),
		Begun:  w.begun,
		Window: int64(w.window / time.Second),
	}
	if !w.date.IsZero() {
		state.Service = w.date.UnixMilli()
	}
	for _, id := range slices.Sorted(maps.Keys(w.known)) {
		for _, k := range w.known[id] {
			state.Rows = append(state.Rows, savedRow{int64(id), int64(k.CertificateID), string(k.Status), local(k.since), local(k.until), local(k.seen)})
		}
	}
	return state
}

// restore restores a saved state. away is its age by the local clock.
func (w *watch) restore(state *watchState, away time.Duration) {
	w.base = time.Now().Add(-away)
	// Times are relative to base: if the clock was set since, all of them shift.
	moment := func(ms int64) time.Time {
		if ms == 0 {
			return time.Time{}
		}
		return w.base.Add(time.Duration(ms-state.Local) * time.Millisecond)
	}
	if state.Service != 0 {
		w.date = time.UnixMilli(state.Service)
	}
	w.begun, w.window = state.Begun, time.Duration(state.Window)*time.Second
	for _, row := range state.Rows {
		change := StatusChange{OrderID(row.Order), CertificateID(row.Certificate), OrderStatus(row.Status)}
		w.known[change.OrderID] = append(w.known[change.OrderID], &knownRow{change, moment(row.Since), moment(row.Until), moment(row.Seen)})
	}
}
