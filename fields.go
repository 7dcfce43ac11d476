// The fields of a struct by their JSON names.

package digicert

import (
	"reflect"
	"slices"
	"strings"
)

// field is a field of a struct or of an embedded struct.
type field struct {
	index   []int // for reflect's FieldByIndex
	plan    *plan
	aliased bool // whether it has several names
	alias   bool // whether this name is from the tag "also"
}

// candidate is a field that may have a certain name.
type candidate struct {
	field
	typ     reflect.Type
	tagged  bool // whether the name is from its json tag
	special bool // whether it has an option that only json/v2 supports
}

// candidatesOf returns the fields of t by their names, including fields of embedded structs. A field may have further names
// in the tag "also", for members that the service spells in several ways.
func candidatesOf(t reflect.Type) map[string][]candidate {
	all := make(map[string][]candidate)
	type embedded struct {
		typ   reflect.Type
		index []int
	}
	seen := make(map[reflect.Type]bool)
	for level := []embedded{{typ: t}}; len(level) > 0; {
		var next []embedded
		for _, e := range level {
			seen[e.typ] = true
		}
		for _, e := range level {
			for i := range e.typ.NumField() {
				f := e.typ.Field(i)
				index := append(slices.Clone(e.index), i)
				tag := f.Tag.Get("json")
				name, options, _ := strings.Cut(tag, ",")
				inner := indirect(f.Type)
				switch {
				case tag == "-", !f.IsExported() && !(f.Anonymous && inner.Kind() == reflect.Struct):
				case f.Anonymous && name == "" && inner.Kind() == reflect.Struct:
					if !seen[inner] {
						next = append(next, embedded{inner, index})
					}
				case f.IsExported() || f.Type.Kind() == reflect.Struct:
					addNames(all, f, name, options, index)
				}
			}
		}
		level = next
	}
	return all
}

// addNames adds a field under each of its names.
func addNames(all map[string][]candidate, f reflect.StructField, name, options string, index []int) {
	also := strings.FieldsFunc(f.Tag.Get("also"), func(r rune) bool { return r == ',' })
	c := candidate{field: field{index: index, aliased: len(also) > 0}, typ: f.Type, tagged: name != ""}
	for option := range strings.SplitSeq(options, ",") {
		c.special = c.special || option == "inline" || option == "unknown" || strings.HasPrefix(option, "format:")
	}
	if name == "" {
		name = f.Name
	}
	all[name] = append(all[name], c)
	c.alias, c.tagged = true, false // a field with this name in its json tag takes precedence
	for _, name := range also {
		all[name] = append(all[name], c)
	}
}

// dominant selects a field by the rules of encoding/json: the least nested one, then the one whose tag has the name. It
// returns nil if several fields remain.
func dominant(candidates []candidate) *candidate {
	rank := func(c candidate) int {
		if c.tagged {
			return 2 * len(c.index)
		}
		return 2*len(c.index) + 1
	}
	best, n := 0, 0
	for i, c := range candidates {
		switch {
		case n == 0 || rank(c) < rank(candidates[best]):
			best, n = i, 1
		case rank(c) == rank(candidates[best]):
			n++
		}
	}
	if n != 1 {
		return nil
	}
	return &candidates[best]
}

func indirect(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}
