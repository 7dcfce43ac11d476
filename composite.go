// Decoding of composite values: objects, arrays, pointers, and values of any kind.

package digicert

import (
	"reflect"
	"strconv"
)

// absent consumes the next value if it stands for an absent object: null, [] or a blank string.
func (d *decoder) absent() bool {
	switch {
	case d.peek() == 'n' || d.isEmptyArray():
		d.value()
		return true
	case d.peek() == '"' && blank(d.body[d.at:valueEnd(d.body, d.at)]):
		d.value()
		d.noteDrop()
		return true
	}
	return false
}

// blank reports whether a JSON string is empty or has only spaces.
func blank(raw []byte) bool {
	for _, c := range raw[1 : len(raw)-1] {
		if c != ' ' {
			return false
		}
	}
	return true
}

// members consumes the next value, an object. It calls f with the quoted name of each member; f consumes the value.
func (d *decoder) members(f func(name []byte) error) error {
	d.at++ // {
	d.path = append(d.path, pathElement{})
	for d.space(); d.peek() != '}'; d.space() {
		if d.peek() == ',' {
			d.at++
			continue
		}
		name := d.value()
		d.space()
		d.at++ // :
		d.space()
		d.path[len(d.path)-1].name = name
		if err := f(name); err != nil {
			return err
		}
	}
	d.at++
	d.path = d.path[:len(d.path)-1]
	return nil
}

// elements consumes the next value, an array. It calls f for each element; f consumes the element.
func (d *decoder) elements(f func(i int) error) error {
	d.at++ // [
	d.path = append(d.path, pathElement{})
	i := 0
	for d.space(); d.peek() != ']'; d.space() {
		if d.peek() == ',' {
			d.at++
			continue
		}
		d.path[len(d.path)-1].index = i
		if err := f(i); err != nil {
			return err
		}
		i++
	}
	d.at++
	d.path = d.path[:len(d.path)-1]
	return nil
}

// count returns the number of elements of the next value, an array.
func (d *decoder) count() int {
	n := 0
	at := d.at + 1
	for {
		for d.body[at] <= ' ' || d.body[at] == ',' {
			at++
		}
		if d.body[at] == ']' {
			return n
		}
		at = valueEnd(d.body, at)
		n++
	}
}

// maxCounted is the depth up to which the elements of an array are counted before they are decoded. Counting at every depth
// would read nested arrays once for each level.
const maxCounted = 16

// expected returns the number of elements of the next value, an array, or 0 if it is too deep to be counted.
func (d *decoder) expected() int {
	if len(d.path) >= maxCounted {
		return 0
	}
	return d.count()
}

// decodeStruct decodes an object. null, [] and a blank string stand for an absent object. Unknown members are skipped.
func decodeStruct(p *plan, fields map[string]*field) func(*decoder, reflect.Value) error {
	return func(d *decoder, v reflect.Value) error {
		v.Set(p.zero)
		if d.absent() {
			return nil
		}
		if d.peek() != '{' {
			return d.failShape("an object")
		}
		return d.members(func(name []byte) error {
			f := fields[string(name[1:len(name)-1])]
			if f == nil {
				if f = fields[unquote(name)]; f == nil {
					d.value()
					return nil
				}
			}
			return f.decode(d, v)
		})
	}
}

// decode decodes a member of v. If the field has several names, an alias sets it only while it is empty, and an empty value of
// the first name does not clear it.
func (f *field) decode(d *decoder, v reflect.Value) error {
	target := v
	for i, at := range f.index {
		if i > 0 && target.Kind() == reflect.Pointer { // an embedded pointer
			if target.IsNil() {
				if !target.CanSet() {
					return d.fail("", "the embedded pointer "+target.Type().String()+" is not exported and cannot be set")
				}
				if err := d.charge(int(target.Type().Elem().Size())); err != nil {
					return err
				}
				target.Set(reflect.New(target.Type().Elem()))
				fillLists(target.Elem())
			}
			target = target.Elem()
		}
		target = target.Field(at)
	}
	if target.CanSet() && (!f.aliased || isEmpty(target)) {
		return f.plan.decode(d, target)
	}
	other := reflect.New(target.Type()).Elem()
	if err := f.plan.decode(d, other); err != nil {
		return err
	}
	switch {
	case !target.CanSet():
		setFields(target, other)
	case !f.alias && !isEmpty(other):
		target.Set(other)
	}
	return nil
}

// setFields sets the exported fields of an embedded struct whose type is not exported.
func setFields(target, other reflect.Value) {
	for i := range target.NumField() {
		switch f := target.Field(i); {
		case f.CanSet():
			f.Set(other.Field(i))
		case target.Type().Field(i).Anonymous && f.Kind() == reflect.Struct:
			setFields(f, other.Field(i))
		}
	}
}

func isEmpty(v reflect.Value) bool {
	return v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0
}

// rowLimit returns the maximum number of elements of a list of t.
func rowLimit(t reflect.Type) (limit int, bounded bool) {
	_, isScalar := scalars[t]
	switch {
	case isScalar:
		return 0, false
	case t == reflect.TypeFor[StatusChange]():
		return maxChanges, true
	case t.Kind() == reflect.Struct && t.PkgPath() == reflect.TypeFor[Order]().PkgPath():
		return maxRows, true
	}
	return 0, false
}

// decodeList decodes an array into a slice. null and a blank string stand for an empty array.
func decodeList(elem *plan, t reflect.Type) func(*decoder, reflect.Value) error {
	empty := reflect.MakeSlice(t, 0, 0)
	limit, bounded := rowLimit(t.Elem())
	size := int(t.Elem().Size())
	return func(d *decoder, v reflect.Value) error {
		v.Set(empty)
		if d.peek() != '[' {
			if d.absent() {
				return nil
			}
			return d.failShape("a list")
		}
		n := d.expected()
		if bounded && n > limit {
			return d.failBound(strconv.Itoa(n) + " rows, maximum " + strconv.Itoa(limit))
		}
		if err := d.charge(n * size); err != nil {
			return err
		}
		if !bounded || !takeRows(v, n) { // only slices of rows are pooled
			v.Grow(n)
		}
		v.SetLen(n)
		n = 0
		err := d.elements(func(i int) error {
			if i == v.Len() {
				if bounded && i >= limit {
					return d.failBound("more than " + strconv.Itoa(limit) + " rows")
				}
				more := max(1, i)
				if err := d.charge((i + more) * size); err != nil {
					return err
				}
				v.Grow(more)
				v.SetLen(i + more)
			}
			n++
			return elem.decode(d, v.Index(i))
		})
		if err != nil {
			return err
		}
		v.SetLen(n)
		return nil
	}
}

// decodeArray decodes an array into a Go array. Elements beyond its length are skipped.
func decodeArray(p, elem *plan, t reflect.Type) func(*decoder, reflect.Value) error {
	return func(d *decoder, v reflect.Value) error {
		v.Set(p.zero)
		if d.peek() != '[' {
			if d.absent() {
				return nil
			}
			return d.failShape("a list")
		}
		return d.elements(func(i int) error {
			if i >= t.Len() {
				d.value()
				return nil
			}
			return elem.decode(d, v.Index(i))
		})
	}
}

// decodePointer decodes the value that is pointed to. The pointer is nil for null, for an absent object and for a dropped scalar.
func decodePointer(elem *plan, t reflect.Type) func(*decoder, reflect.Value) error {
	return func(d *decoder, v reflect.Value) error {
		v.SetZero()
		if d.peek() == 'n' {
			d.value()
			return nil
		}
		if elem.object && d.absent() {
			return nil
		}
		if err := d.charge(int(t.Size())); err != nil {
			return err
		}
		target := reflect.New(t)
		drop := d.drop
		if err := elem.decode(d, target.Elem()); err != nil {
			return err
		}
		if elem.object || d.drop == drop || !target.Elem().IsZero() {
			v.Set(target)
		}
		return nil
	}
}

// decodeAny decodes a value of any kind, as encoding/json does.
func decodeAny(d *decoder, v reflect.Value) error {
	value, err := d.any()
	if err != nil {
		return err
	}
	v.SetZero()
	if value != nil {
		v.Set(reflect.ValueOf(value))
	}
	return nil
}

func (d *decoder) any() (any, error) {
	switch d.peek() {
	case 'n':
		d.value()
		return nil, nil
	case 't', 'f':
		return d.value()[0] == 't', nil
	case '"':
		return d.str(), d.charge(16)
	case '[':
		return d.anyList()
	case '{':
		if err := d.charge(anyMap.head); err != nil {
			return nil, err
		}
		m := make(map[string]any)
		err := d.members(func(name []byte) error {
			if err := d.charge(anyMap.entry(len(m)) + len(name)); err != nil {
				return err
			}
			value, err := d.any()
			m[d.text(name)] = value
			return err
		})
		return m, err
	}
	text := string(d.value())
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, d.fail(text, "is out of the range of 64 bits")
	}
	return f, d.charge(8)
}

// anyList decodes an array as encoding/json does.
func (d *decoder) anyList() (any, error) {
	n := d.expected()
	if err := d.charge(24 + 16*n); err != nil {
		return nil, err
	}
	list := make([]any, 0, n)
	err := d.elements(func(int) error {
		if len(list) == cap(list) {
			if err := d.charge(16 * max(1, 2*cap(list))); err != nil {
				return err
			}
			list = append(make([]any, 0, max(1, 2*cap(list))), list...)
		}
		value, err := d.any()
		list = append(list, value)
		return err
	})
	return list, err
}

// nonNil returns rows, or an empty slice if rows is nil, which would be marshaled as null.
func nonNil[T any](rows []T) []T {
	if rows == nil {
		return []T{}
	}
	return rows
}
