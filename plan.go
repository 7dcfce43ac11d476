// Plans of how values of each Go type are decoded.

package digicert

import (
	"encoding"
	"encoding/json"
	"reflect"
	"sync"
	"time"

	jsonv2 "github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/shopspring/decimal"
)

// plan decodes the values of a type.
type plan struct {
	decode func(d *decoder, v reflect.Value) error
	// zero is the value of an absent struct or array. The lists of this package's structs are empty in it, not nil.
	zero reflect.Value
	// object is whether the type is decoded from an object because of its kind, not by a method of its own.
	object bool
	// errors is whether the type can hold a member "errors".
	errors bool
}

var (
	plans    sync.Map // from reflect.Type to *plan
	planning sync.Mutex
)

// planOf returns the plan of a type. It is built once.
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

// planner builds plans. It holds the unfinished ones, so that types may be recursive.
type planner map[reflect.Type]*plan

// scalars are the types with their own decode functions.
var scalars = map[reflect.Type]func(*decoder, reflect.Value) error{
	reflect.TypeFor[time.Time]():       decodeTime,
	reflect.TypeFor[Date]():            decodeDate,
	reflect.TypeFor[decimal.Decimal](): decodeDecimal,
	reflect.TypeFor[Amount]():          func(d *decoder, v reflect.Value) error { return decodeDecimal(d, v.Field(0)) },
	reflect.TypeFor[json.Number]():     decodeNumber,
	reflect.TypeFor[json.RawMessage](): decodeRaw,
	reflect.TypeFor[jsontext.Value]():  decodeRaw,
}

// Types that implement one of these interfaces are decoded by their method.
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
	p := &plan{}
	m[t] = p
	pointer := reflect.PointerTo(t)
	switch scalar, ok := scalars[t]; {
	case ok:
		p.decode, p.errors = scalar, t.Kind() == reflect.Slice // raw JSON
	case t.Kind() == reflect.Pointer:
		p.decode = decodePointer(m.plan(t.Elem()), t.Elem())
	case pointer.Implements(ownJSONv2):
		p.decode, p.errors = decodeOther, true
	case pointer.Implements(ownJSON):
		p.decode, p.errors = decodeOwnJSON, true
	case pointer.Implements(ownText):
		p.decode = decodeOwnText
	default:
		m.planKind(p, t)
	}
	return p
}

// planKind builds the plan of a type from its kind.
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
		p.zero = zeroOf(t)
		p.decode = decodeArray(p, m.plan(t.Elem()), t)
	case reflect.Map:
		p.object, p.errors = true, true
		p.decode = decodeMap(m.plan(t.Key()), m.plan(t.Elem()), t)
	case reflect.Interface:
		p.decode, p.errors = decodeOther, true
		if t.NumMethod() == 0 {
			p.decode = decodeAny
		}
	default:
		p.decode = decodeOther // returns the error
	}
}

// planStruct builds the plan of a struct.
func (m planner) planStruct(p *plan, t reflect.Type) {
	p.zero = zeroOf(t)
	fields := make(map[string]*field)
	for name, candidates := range candidatesOf(t) {
		f := dominant(candidates)
		if f == nil {
			continue
		}
		if f.special {
			p.decode, p.errors = decodeOther, true // needs json/v2
			return
		}
		fields[name] = &field{index: f.index, plan: m.plan(f.typ), aliased: f.aliased, alias: f.alias}
	}
	p.object = true
	_, p.errors = fields["errors"]
	p.decode = decodeStruct(p, fields)
}

// zeroOf returns the zero value of t, but with empty instead of nil lists in this package's structs.
func zeroOf(t reflect.Type) reflect.Value {
	v := reflect.New(t).Elem()
	fillLists(v)
	return v
}

func fillLists(v reflect.Value) {
	if v.Kind() == reflect.Array {
		for i := 0; i < v.Len() && holdsStruct(v.Type()); i++ {
			fillLists(v.Index(i))
		}
	}
	if v.Kind() != reflect.Struct {
		return
	}
	own := v.Type().PkgPath() == reflect.TypeFor[Order]().PkgPath()
	for i := range v.NumField() {
		f := v.Type().Field(i)
		switch {
		case !f.IsExported() && !f.Anonymous:
		case own && f.IsExported() && f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() != reflect.Uint8:
			v.Field(i).Set(reflect.MakeSlice(f.Type, 0, 0))
		default:
			fillLists(v.Field(i))
		}
	}
}

// holdsStruct reports whether the innermost elements of an array are structs.
func holdsStruct(t reflect.Type) bool {
	for t.Kind() == reflect.Array {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct
}
