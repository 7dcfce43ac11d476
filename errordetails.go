// The errors that a body carries.

package digicert

import (
	"bytes"
	"maps"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// maxDetails is how many errors of a body are kept.
const maxDetails = 100

// errorDetails reads the errors of a body: an array of {code, message}, a single such object
// (seen in an old fixture), an object of them, or texts. It keeps the first 100 that can be read.
func errorDetails(body []byte) []ErrorDetail {
	d, errs := errorsMember(body)
	if d == nil {
		return nil
	}
	defer d.free()
	if errs == nil {
		return nil
	}
	var details []ErrorDetail
	detail := new(ErrorDetail) // one for all entries
	add := func() bool {
		ok := d.errorDetail(detail)
		if ok && len(details) < maxDetails {
			details = append(details, *detail)
		}
		return ok
	}
	d.body, d.at = errs, 0
	switch d.peek() {
	case '[':
		_ = d.elements(func(int) error { add(); return nil })
	case '{':
		if add() {
			return details
		}
		d.at = 0
		entries := make(map[string][]byte)
		_ = d.members(func(name []byte) error {
			if entry := d.value(); len(entries) < maxDetails {
				entries[unquote(name)] = entry
			}
			return nil
		})
		for _, name := range slices.Sorted(maps.Keys(entries)) {
			d.body, d.at = entries[name], 0
			add()
		}
	default:
		add()
	}
	return details
}

// errorsMember returns the value of the member "errors" of a body, nil if it has none, and a decoder for it. It returns
// neither if the body is not an object.
func errorsMember(body []byte) (d *decoder, errs []byte) {
	body = bytes.TrimPrefix(body, []byte("\ufeff"))
	if !jsontext.Value(body).IsValid(syntaxOptions...) {
		return nil, nil
	}
	d = newDecoder(body)
	if d.space(); d.peek() != '{' {
		d.free()
		return nil, nil
	}
	_ = d.members(func(name []byte) error {
		if value := d.value(); string(name) == `"errors"` || unquote(name) == "errors" {
			errs = value
		}
		return nil
	})
	return d, errs
}

// errorDetail consumes one entry, an object with a code or a message, or a text, and reports whether it is one.
func (d *decoder) errorDetail(detail *ErrorDetail) (ok bool) {
	end, depth := valueEnd(d.body, d.at), len(d.path)
	*detail = ErrorDetail{}
	switch d.peek() {
	case '{':
		if planOf(reflect.TypeFor[ErrorDetail]()).decode(d, reflect.ValueOf(detail).Elem()) != nil {
			*detail = ErrorDetail{}
		}
	case '"':
		detail.Message = d.str()
	}
	d.at, d.path = end, d.path[:depth]
	return *detail != ErrorDetail{}
}

// carriesErrors reports whether a success carries errors of the service. If result has a place for a member "errors", it may be
// something else: then only entries with a code count.
func carriesErrors(body []byte, result any) bool {
	// Looking for the name is much cheaper than parsing every body twice.
	if !bytes.Contains(body, []byte(`"errors"`)) {
		return false
	}
	details := errorDetails(body)
	for _, detail := range details {
		if detail.Code != "" {
			return true
		}
	}
	if holdsErrors(result) {
		return false
	}
	return len(details) > 0 || hasErrors(body)
}

// hasErrors reports whether a body has errors that may not be legible.
func hasErrors(body []byte) bool {
	d, errs := errorsMember(body)
	if d == nil {
		return false
	}
	defer d.free()
	if errs == nil {
		return false
	}
	switch errs[0] {
	case 'n', 'f', '"':
		return false
	case '[', '{':
		return len(bytes.TrimSpace(errs[1:len(errs)-1])) > 0
	}
	return true
}

// holdsErrors reports whether what result points to has a place for a member "errors".
func holdsErrors(result any) bool {
	if result == nil {
		return false
	}
	t := reflect.TypeOf(result).Elem()
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return planOf(t).errors
}
