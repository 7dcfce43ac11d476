// Decoding by a type's own method, or by json/v2.

package digicert

import (
	"encoding"
	"encoding/json"
	"errors"
	"reflect"

	jsonv2 "github.com/go-json-experiment/json"
)

// decodeRaw copies a value unchanged.
func decodeRaw(d *decoder, v reflect.Value) error {
	raw := d.value()
	if err := d.charge(len(raw)); err != nil {
		return err
	}
	v.SetBytes(append([]byte(nil), raw...))
	return nil
}

// decodeOwnJSON decodes a value by its type's UnmarshalJSON.
func decodeOwnJSON(d *decoder, v reflect.Value) error {
	return d.own(v.Addr().Interface().(json.Unmarshaler).UnmarshalJSON(d.value()))
}

// decodeOwnText decodes a string by its type's UnmarshalText.
func decodeOwnText(d *decoder, v reflect.Value) error {
	switch d.peek() {
	case 'n':
		d.value()
		v.SetZero()
		return nil
	case '"':
		return d.own(v.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(d.str())))
	}
	return d.failShape("a string")
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

// own returns the decode failure for an error of a type's own method, or nil.
func (d *decoder) own(err error) error {
	if err == nil {
		return nil
	}
	return &decodeFailure{pointer: d.pointer(), reason: err.Error(), err: err}
}
