// The set of rows that a listing has delivered.

package digicert

import "slices"

const (
	topIDs     = 512       // ids of delivered.top before it is merged into the runs
	runIDs     = 8192      // maximum ids of a run while ids ascend
	maxSorted  = 12 * 8192 // ids that are kept while the list is sorted
	listedMark = 1         // the lowest bit of an entry: the row was listed in the current pass
)

// delivered is the set of ids that were delivered, with 8 bytes per id. While the list is sorted the size of the set is limited: the
// lowest ids are forgotten, because no row below the last delivered one can be new.
//
// An entry is an id shifted left by one, plus listedMark.
type delivered struct {
	top  []uint64   // ascending, at most topIDs
	runs [][]uint64 // each ascending
	high int64      // the highest id

	keepAll bool // never forget ids
	// The forgotten ids: the highest one, and their digest.
	floor     int64
	forgotten digest
}

// digest identifies a set of ids, in any order, by their number and a checksum.
type digest struct {
	n   int
	sum uint64
}

func (d *digest) add(id int64) {
	// The finalizer of SplitMix64 spreads the ids, so that different sets hardly have the same sum.
	x := uint64(id) * 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	d.n++
	d.sum += x ^ x>>31
}

// find returns the entry of an id, or nil.
func (d *delivered) find(id int64) *uint64 {
	if id > d.high {
		return nil
	}
	if e := search(d.top, id); e != nil {
		return e
	}
	for _, run := range d.runs {
		if e := search(run, id); e != nil {
			return e
		}
	}
	return nil
}

func search(run []uint64, id int64) *uint64 {
	if len(run) == 0 || uint64(id) < run[0]>>1 || uint64(id) > run[len(run)-1]>>1 {
		return nil
	}
	i, ok := slices.BinarySearchFunc(run, uint64(id), compareID)
	if !ok {
		return nil
	}
	return &run[i]
}

func compareID(entry, id uint64) int {
	switch e := entry >> 1; {
	case e < id:
		return -1
	case e > id:
		return 1
	}
	return 0
}

// add adds an id that is not in the set, marked as listed.
func (d *delivered) add(id int64) {
	entry := uint64(id)<<1 | listedMark
	if id > d.high {
		d.high = id
		d.top = append(d.top, entry)
	} else {
		i, _ := slices.BinarySearchFunc(d.top, uint64(id), compareID)
		d.top = slices.Insert(d.top, i, entry)
	}
	if len(d.top) == topIDs {
		d.seal()
	}
}

// list adds an id or marks it as listed. It reports whether the id is new, and whether it was already listed.
func (d *delivered) list(id int64) (fresh, listed bool) {
	if entry := d.find(id); entry != nil {
		listed = *entry&listedMark != 0
		*entry |= listedMark
		return false, listed
	}
	d.add(id)
	return true, false
}

// seal moves top to the runs. If the ids ascend, as in a sorted list, they are appended to the last run. Otherwise they
// become a new run, which is merged with runs of at most twice its length.
func (d *delivered) seal() {
	n := len(d.runs)
	if n == 0 || ascends(d.runs[n-1], d.top) {
		if n == 0 || len(d.runs[n-1])+len(d.top) > runIDs {
			d.runs = append(d.runs, make([]uint64, 0, runIDs))
			n++
		}
		d.runs[n-1] = append(d.runs[n-1], d.top...)
		d.top = d.top[:0]
		d.forget()
		return
	}
	run := slices.Clone(d.top)
	for ; n > 0 && len(d.runs[n-1]) <= 2*len(run); n-- {
		run = merged(d.runs[n-1], run)
	}
	d.runs = append(d.runs[:n], run)
	d.top = d.top[:0]
}

func ascends(a, b []uint64) bool { return a[len(a)-1] < b[0] }

// merged merges two runs.
func merged(a, b []uint64) []uint64 {
	out := make([]uint64, 0, len(a)+len(b))
	for len(a) > 0 && len(b) > 0 {
		if a[0] < b[0] {
			out, a = append(out, a[0]), a[1:]
		} else {
			out, b = append(out, b[0]), b[1:]
		}
	}
	return append(append(out, a...), b...)
}

// forget removes the lowest run of a sorted list if there are more than maxSorted ids.
func (d *delivered) forget() {
	if d.keepAll || len(d.runs) <= maxSorted/runIDs {
		return
	}
	for i := 1; i < len(d.runs); i++ {
		if !ascends(d.runs[i-1], d.runs[i]) {
			return
		}
	}
	for _, entry := range d.runs[0] {
		d.forgotten.add(int64(entry >> 1))
	}
	d.floor = int64(d.runs[0][len(d.runs[0])-1] >> 1)
	d.runs = slices.Delete(d.runs, 0, 1)
}

// unmark clears all marks, at the start of a pass.
func (d *delivered) unmark() {
	for _, run := range append(slices.Clone(d.runs), d.top) {
		for i := range run {
			run[i] &^= listedMark
		}
	}
}
