// Decoding of what holds other values: objects, lists, maps, and values of any kind.

package digicert

import (
	"encoding"
	"encoding/json"
	"errors"
	"reflect"
	"strconv"

	jsonv2 "github.com/go-json-experiment/json"
)

// absent consumes the next value if it stands for an object that is not there: null, [] or a blank string.
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

// blank reports whether a JSON string has nothing but spaces in it.
func blank(raw []byte) bool {
	for _, c := range raw[1 : len(raw)-1] {
		if c != ' ' {
			return false
		}
	}
	return true
}

// members calls f for each member of the object that comes next, with its name in quotes.
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

// elements calls f for each element of the array that comes next.
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

// count returns how many elements the array that comes next has.
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

// decodeStruct decodes an object. null, [] and a blank string stand for an object that is not there. Members that are
// not fields are skipped.
func decodeStruct(p *plan, fields map[string]*field) func(*decoder, reflect.Value) error {
	return func(d *decoder, v reflect.Value) error {
		v.SetZero()
		for _, list := range p.lists {
			v.FieldByIndex(list.index).Set(list.empty)
		}
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

// decode decodes a member of v. If a field has several names, a further one fills it only while it is empty, and the
// first does not empty it again.
func (f *field) decode(d *decoder, v reflect.Value) error {
	target := v
	for i, at := range f.index {
		if i > 0 && target.Kind() == reflect.Pointer { // an embedded one
			if target.IsNil() {
				if err := d.charge(int(target.Type().Elem().Size())); err != nil {
					return err
				}
				target.Set(reflect.New(target.Type().Elem()))
			}
			target = target.Elem()
		}
		target = target.Field(at)
	}
	if !f.aliased || isEmpty(target) {
		return f.plan.decode(d, target)
	}
	other := reflect.New(target.Type()).Elem()
	if err := f.plan.decode(d, other); err != nil {
		return err
	}
	if !f.alias && !isEmpty(other) {
		target.Set(other)
	}
	return nil
}

func isEmpty(v reflect.Value) bool {
	return v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0
}

// rowLimit returns how many elements a list of t may have.
func rowLimit(t reflect.Type) (limit int, bounded bool) {
	switch {
	case t == reflect.TypeFor[StatusChange]():
		return maxChanges, true
	case t.Kind() == reflect.Struct && t.PkgPath() == reflect.TypeFor[Order]().PkgPath():
		return maxRows, true
	}
	return 0, false
}

// decodeList decodes an array. null stands for an empty one, and so does a blank string.
func decodeList(elem *plan, t reflect.Type) func(*decoder, reflect.Value) error {
	empty := reflect.MakeSlice(t, 0, 0)
	limit, bounded := rowLimit(t.Elem())
	return func(d *decoder, v reflect.Value) error {
		v.Set(empty)
		if d.peek() != '[' {
			if d.absent() {
				return nil
			}
			return d.failShape("a list")
		}
		n := d.count()
		if bounded && n > limit {
			return d.failBound("it has " + strconv.Itoa(n) + " rows, the maximum is " + strconv.Itoa(limit))
		}
		if err := d.charge(n * int(t.Elem().Size())); err != nil {
			return err
		}
		list := empty
		if n > 0 {
			list = reflect.MakeSlice(t, n, n)
		}
		if err := d.elements(func(i int) error { return elem.decode(d, list.Index(i)) }); err != nil {
			return err
		}
		v.Set(list)
		return nil
	}
}

// decodeArray decodes an array of fixed length. Elements beyond it are skipped.
func decodeArray(elem *plan, t reflect.Type) func(*decoder, reflect.Value) error {
	return func(d *decoder, v reflect.Value) error {
		v.SetZero()
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

// decodePointer decodes what is pointed to. An object, a day or an amount that is not there is nil.
func decodePointer(elem *plan, t reflect.Type) func(*decoder, reflect.Value) error {
	object := t.Kind() == reflect.Struct || t.Kind() == reflect.Map
	return func(d *decoder, v reflect.Value) error {
		v.SetZero()
		if d.peek() == 'n' || object && d.absentObject(t) {
			d.value()
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
		if d.drop == drop || !target.Elem().IsZero() {
			v.Set(target)
		}
		return nil
	}
}

// absentObject reports whether the next value is [] for an object.
func (d *decoder) absentObject(t reflect.Type) bool {
	_, isScalar := scalars[t]
	return !isScalar && d.isEmptyArray()
}

// What a map takes: its head, and for each entry more than its key and value, as half of its slots may be empty.
const (
	mapCost   = 320
	entryCost = 16
)

// decodeMap decodes an object. null and [] stand for an empty one.
func decodeMap(key, elem *plan, t reflect.Type) func(*decoder, reflect.Value) error {
	return func(d *decoder, v reflect.Value) error {
		v.SetZero()
		if d.absent() {
			return nil
		}
		if d.peek() != '{' {
			return d.failShape("an object")
		}
		if err := d.charge(mapCost); err != nil {
			return err
		}
		m := reflect.MakeMap(t)
		cost := 2 * (int(t.Key().Size()) + int(t.Elem().Size()) + entryCost)
		err := d.members(func(name []byte) error {
			if err := d.charge(cost + len(name)); err != nil {
				return err
			}
			k, value := reflect.New(t.Key()).Elem(), reflect.New(t.Elem()).Elem()
			nameOnly := decoder{body: name, budget: d.budget, path: d.path}
			if err := key.decode(&nameOnly, k); err != nil {
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
		n := d.count()
		if err := d.charge(24 + 16*n); err != nil {
			return nil, err
		}
		list := make([]any, n)
		err := d.elements(func(i int) (err error) {
			list[i], err = d.any()
			return err
		})
		return list, err
	case '{':
		if err := d.charge(mapCost); err != nil {
			return nil, err
		}
		m := make(map[string]any)
		err := d.members(func(name []byte) error {
			if err := d.charge(2*(32+entryCost) + len(name)); err != nil {
				return err
			}
			value, err := d.any()
			m[unquote(name)] = value
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

// decodeRaw keeps a value as it is.
func decodeRaw(d *decoder, v reflect.Value) error {
	raw := d.value()
	if err := d.charge(len(raw)); err != nil {
		return err
	}
	v.SetBytes(append([]byte(nil), raw...))
	return nil
}

// decodeOwnJSON decodes a value by the method of its type.
func decodeOwnJSON(d *decoder, v reflect.Value) error {
	return d.own(v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(d.value()))
}

// decodeOwnText decodes a string by the method of its type.
func decodeOwnText(d *decoder, v reflect.Value) error {
	switch d.peek() {
	case 'n':
		d.value()
		v.SetZero()
		return nil
	case '"':
		return d.own(v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(d.str())))
	}
	return d.failShape("a text")
}

// decodeOther decodes a value by the rules of json/v2.
func decodeOther(d *decoder, v reflect.Value) error {
	raw := d.value()
	if err := d.charge(2 * len(raw)); err != nil {
		return err
	}
	err := jsonv2.Unmarshal(raw, v.Addr().Interface(), syntaxOptions...)
	var inner *jsonv2.SemanticError
	if errors.As(err, &inner) && inner.Err == nil {
		return d.fail("", "JSON "+kindName(raw[0])+" does not fit "+v.Type().String())
	} else if inner != nil {
		err = inner.Err
	}
	return d.own(err)
}

// own returns the failure of a type's own method.
func (d *decoder) own(err error) error {
	if err == nil {
		return nil
	}
	return &decodeFailure{pointer: d.pointer(), reason: err.Error(), err: err}
}

// nonNil returns rows, or an empty list if they are missing, so that callers can range over it, count and marshal it alike.
func nonNil[T any](rows []T) []T {
	if rows == nil {
		return []T{}
	}
	return rows
}
