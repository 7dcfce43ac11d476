// Plans: how the values of each Go type are decoded.

package digicert

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/shopspring/decimal"
)

// plan decodes the values of a type.
type plan struct {
	decode func(d *decoder, v reflect.Value) error
	// lists are the lists in a struct of this package, and in the structs that it holds: they are empty where they are
	// missing, and never nil.
	lists []listField
	// errors is whether values of a struct, or of a type with a method of its own, have a place for a member "errors".
	errors bool
}

type listField struct {
	index []int
	empty reflect.Value
}

var (
	plans    sync.Map // from reflect.Type to *plan
	planning sync.Mutex
)

// planOf returns the plan of a type, which is made once.
func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	planning.Lock()
	defer planning.Unlock()
	made := planner{}
	p := made.plan(t)
	for t, p := range made {
		plans.Store(t, p)
	}
	return p
}

// planner makes plans. It knows those that it is making, so that a type may hold itself.
type planner map[reflect.Type]*plan

// scalars are the types whose values have forms of their own.
var scalars = map[reflect.Type]func(*decoder, reflect.Value) error{
	reflect.TypeFor[time.Time]():       decodeTime,
	reflect.TypeFor[Date]():            decodeDate,
	reflect.TypeFor[decimal.Decimal](): decodeDecimal,
	reflect.TypeFor[Amount]():          func(d *decoder, v reflect.Value) error { return decodeDecimal(d, v.Field(0)) },
	reflect.TypeFor[json.Number]():     decodeNumber,
	reflect.TypeFor[json.RawMessage](): decodeRaw,
	reflect.TypeFor[jsontext.Value]():  decodeRaw,
}

// Types with a method of their own are decoded by it.
var (
	ownJSONv2 = reflect.TypeFor[jsonv2.UnmarshalerFrom]()
	ownJSON   = reflect.TypeFor[json.Unmarshaler]()
	ownText   = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func (m planner) plan(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		return p.(*plan)
	}
	if p, ok := m[t]; ok {
		return p
	}
	p := &plan{errors: true}
	m[t] = p
	pointer := reflect.PointerTo(t)
	switch scalar, ok := scalars[t]; {
	case ok:
		p.decode = scalar
	case t.Kind() == reflect.Pointer:
		p.decode = decodePointer(m.plan(t.Elem()), t.Elem())
	case pointer.Implements(ownJSONv2):
		p.decode = decodeOther
	case pointer.Implements(ownJSON):
		p.decode = decodeOwnJSON
	case pointer.Implements(ownText):
		p.decode = decodeOwnText
	default:
		m.planKind(p, t)
	}
	return p
}

// planKind makes the plan of a type by its kind.
func (m planner) planKind(p *plan, t reflect.Type) {
	switch t.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		p.decode = decodeInt
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		p.decode = decodeUint
	case reflect.Float32, reflect.Float64:
		p.decode = decodeFloat
	case reflect.Bool:
		p.decode = decodeBool
	case reflect.String:
		p.decode = decodeString
	case reflect.Struct:
		m.planStruct(p, t)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 { // base64
			p.decode = decodeOther
			return
		}
		p.decode = decodeList(m.plan(t.Elem()), t)
	case reflect.Array:
		p.decode = decodeArray(m.plan(t.Elem()), t)
	case reflect.Map:
		p.decode = decodeMap(m.plan(t.Key()), m.plan(t.Elem()), t)
	case reflect.Interface:
		p.decode = decodeOther
		if t.NumMethod() == 0 {
			p.decode = decodeAny
		}
	default:
		p.decode = decodeOther // which knows the error
	}
}

// field is a field of a struct.
type field struct {
	index   []int // as reflect's FieldByIndex has it
	plan    *plan
	aliased bool // whether it has several names
	alias   bool // whether this is a further one
}

// planStruct makes the plan of a struct. Its fields have the names of their json tags, and further ones in the tag "also", for
// members that the service spells in several ways. Fields of embedded structs count as its own, unless one
// that is less deep has their name.
func (m planner) planStruct(p *plan, t reflect.Type) {
	fields := make(map[string]*field)
	depth := make(map[string]int)
	ambiguous := make(map[string]bool)
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if strings.Contains(options, "inline") || strings.Contains(options, "unknown") || strings.Contains(options, "format:") {
			p.decode = decodeOther // what json/v2 alone knows
			return
		}
		if name == "-" && options == "" || f.Anonymous && name == "" && indirect(f.Type).Kind() == reflect.Struct || !f.IsExported() || skipped(t, f.Index) {
			continue
		}
		if name == "" {
			name = f.Name
		}
		also := f.Tag.Get("also")
		typePlan := m.plan(f.Type)
		for i, name := range append([]string{name}, strings.FieldsFunc(also, func(r rune) bool { return r == ',' })...) {
			switch known, ok := depth[name]; {
			case ok && known < len(f.Index):
				continue
			case ok && known == len(f.Index):
				ambiguous[name] = true
			default:
				delete(ambiguous, name)
			}
			fields[name], depth[name] = &field{f.Index, typePlan, also != "", i > 0}, len(f.Index)
		}
	}
	for name := range ambiguous { // as encoding/json has it: neither is meant
		delete(fields, name)
	}
	p.lists = listsOf(t)
	_, p.errors = fields["errors"]
	p.decode = decodeStruct(p, fields)
}

func indirect(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return t
}

// skipped reports whether a field belongs to an embedded struct that has a name of its own, or is left out.
func skipped(t reflect.Type, index []int) bool {
	for i := range len(index) - 1 {
		f := t.FieldByIndex(index[:i+1])
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" || f.Type.Kind() == reflect.Pointer && !f.IsExported() {
			return true
		}
	}
	return false
}

// listsOf returns the lists in the structs of this package that t is or holds.
func listsOf(t reflect.Type) []listField {
	var lists []listField
	own := t.PkgPath() == reflect.TypeFor[Order]().PkgPath()
	for i := range t.NumField() {
		switch f := t.Field(i); {
		case own && f.IsExported() && f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() != reflect.Uint8:
			lists = append(lists, listField{[]int{i}, reflect.MakeSlice(f.Type, 0, 0)})
		case f.Type.Kind() == reflect.Struct && f.IsExported():
			for _, list := range listsOf(f.Type) {
				lists = append(lists, listField{slices.Concat([]int{i}, list.index), list.empty})
			}
		}
	}
	return lists
}
