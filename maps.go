// Decoding of maps, and what they allocate.

package digicert

import "reflect"

// mapCost bounds what a map allocates, in bytes: head for the map itself, group for the first eight slots, slot for each further
// slot, and beside for the keys and values that are stored outside the slots.
type mapCost struct{ head, group, slot, beside int }

// A key or value larger than maxInSlot bytes is stored behind a pointer. The tables of a growing map allocate up to maxGrowth
// slots per entry in all, because they double in size and are then half empty.
const (
	groupSlots = 8
	maxInSlot  = 128
	maxGrowth  = 5
)

func newMapCost(t reflect.Type) mapCost {
	c := mapCost{head: 64, slot: 1}
	for _, size := range []int{int(t.Key().Size()), int(t.Elem().Size())} {
		c.head += size // the variable that entries are decoded into
		if size > maxInSlot {
			c.slot, c.beside = c.slot+8, c.beside+size
		} else {
			c.slot += size
		}
	}
	c.group = groupSlots*c.slot + 16
	return c
}

var anyMap = newMapCost(reflect.TypeFor[map[string]any]())

// entry returns the cost of adding an entry to a map with n entries.
func (c mapCost) entry(n int) int {
	switch {
	case n == 0:
		return c.group + c.beside
	case n < groupSlots:
		return c.beside
	}
	return maxGrowth*c.slot + c.beside
}

// decodeMap decodes an object. null and [] decode to a nil map.
func decodeMap(key, elem *plan, t reflect.Type) func(*decoder, reflect.Value) error {
	cost := newMapCost(t)
	return func(d *decoder, v reflect.Value) error {
		v.SetZero()
		if d.absent() {
			return nil
		}
		if d.peek() != '{' {
			return d.failShape("an object")
		}
		if err := d.charge(cost.head); err != nil {
			return err
		}
		m := reflect.MakeMap(t)
		k, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
		err := d.members(func(name []byte) error {
			if err := d.charge(cost.entry(m.Len()) + len(name)); err != nil {
				return err
			}
			k.SetZero()
			value.SetZero()
			if err := d.name(name, key, k); err != nil {
				return err
			}
			if err := elem.decode(d, value); err != nil {
				return err
			}
			m.SetMapIndex(k, value)
			return nil
		})
		if err != nil {
			return err
		}
		v.Set(m)
		return nil
	}
}

// name decodes the name of a member into k, a key of the map.
func (d *decoder) name(name []byte, key *plan, k reflect.Value) error {
	body, at := d.body, d.at
	d.body, d.at = name, 0
	err := key.decode(d, k)
	d.body, d.at = body, at
	return err
}
