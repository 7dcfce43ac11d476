// Decoding: the one place where the lenient reading of JSON is defined.

package digicert

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/shopspring/decimal"
)

// The lenient decoder. What the service sends departs from its documentation in known ways,
// and one odd value must not cost a page of orders, so every deviation is accepted here,
// once, for all types: those of this package and, by the types of their fields, those of
// the callers of Client.Get.

// decodeOptions are the rules by which every answer is decoded. Bad UTF-8 becomes U+FFFD; of duplicate
// names the last wins. Every function consumes exactly one value and never asks to
// be skipped: the convention for that is not the same in all versions of the decoder.
var decodeOptions = json.JoinOptions(
	jsontext.AllowInvalidUTF8(true),
	jsontext.AllowDuplicateNames(true),
	json.WithUnmarshalers(json.JoinUnmarshalers(
		json.UnmarshalFromFunc(decodeInt[OrderID]),
		json.UnmarshalFromFunc(decodeInt[CertificateID]),
		json.UnmarshalFromFunc(decodeInt[AccountID]),
		json.UnmarshalFromFunc(decodeInt[UserID]),
		json.UnmarshalFromFunc(decodeInt[OrganizationID]),
		json.UnmarshalFromFunc(decodeInt[ContainerID]),
		json.UnmarshalFromFunc(decodeInt[int]),
		json.UnmarshalFromFunc(decodeInt[int64]),
		json.UnmarshalFromFunc(decodeBool),
		json.UnmarshalFromFunc(decodeString[string]),
		json.UnmarshalFromFunc(decodeString[ErrorCode]),
		json.UnmarshalFromFunc(decodeString[DCVMethod]),
		ownUnmarshalers,
	)),
)

// regularOptions are decodeOptions without what only odd scalars need. A body without them, which is
// nearly every one, decodes to the same values in two thirds of the time.
var regularOptions = json.JoinOptions(
	jsontext.AllowInvalidUTF8(true),
	jsontext.AllowDuplicateNames(true),
	json.WithUnmarshalers(ownUnmarshalers),
)

// ownUnmarshalers decode what has its own shape in the service's JSON.
var ownUnmarshalers = json.JoinUnmarshalers(
	decodeList[string](),
	decodeList[Reissue](),
	decodeList[SubaccountOrder](),
	decodeList[StatusChange](),
	decodeList[Order](),
	decodeList[OrderRequest](),
	decodeList[Duplicate](),
	decodeList[CustomField](),
	decodeList[OrderNote](),
	decodeList[SubaccountInfo](),
	decodeList[ChainCertificate](),
	json.UnmarshalFromFunc(decodeTime),
	json.UnmarshalFromFunc(decodeDate),
	json.UnmarshalFromFunc(decodeDatePointer),
	json.UnmarshalFromFunc(decodeDecimal),
	json.UnmarshalFromFunc(func(dec *jsontext.Decoder, v *Amount) error { return decodeDecimal(dec, &v.Decimal) }),
	decodeObject(func(v *Reissue) any {
		type Plain Reissue
		v.DNSNames = []string{}
		return &struct {
			*Plain
			First *string `json:"first_name"`
			Last  *string `json:"last_name"`
		}{(*Plain)(v), &v.FirstName, &v.LastName}
	}),
	decodeObject(func(v *SubaccountOrder) any {
		type plain SubaccountOrder
		v.Certificate.DNSNames, v.Certificate.OrganizationUnits = []string{}, []string{}
		return (*plain)(v)
	}),
	decodeObject(func(v *OrderCertificate) any {
		type plain OrderCertificate
		v.DNSNames, v.OrganizationUnits = []string{}, []string{}
		return (*plain)(v)
	}),
	json.UnmarshalFromFunc(decodePointer[OrderCertificate]),
	decodeObject(func(v *Subaccount) any { type plain Subaccount; return (*plain)(v) }),
	decodeObject(func(v *Product) any { type plain Product; return (*plain)(v) }),
	decodeObject(func(v *Price) any { type plain Price; return (*plain)(v) }),
	decodeObject(func(v *StatusChange) any { type plain StatusChange; return (*plain)(v) }),
	decodeObject(func(v *Order) any {
		type plain Order
		v.Certificate, v.Requests = emptyCertificate(), []OrderRequest{}
		v.AdditionalEmails, v.CustomFields, v.Notes = []string{}, []CustomField{}, []OrderNote{}
		return (*plain)(v)
	}),
	decodeObject(func(v *Certificate) any { type plain Certificate; *v = emptyCertificate(); return (*plain)(v) }),
	decodeObject(func(v *Organization) any { type plain Organization; return (*plain)(v) }),
	json.UnmarshalFromFunc(decodePointer[Organization]),
	decodeObject(func(v *ServerPlatform) any { type plain ServerPlatform; return (*plain)(v) }),
	decodeObject(func(v *CACert) any { type plain CACert; return (*plain)(v) }),
	json.UnmarshalFromFunc(decodePointer[CACert]),
	decodeObject(func(v *OrderValidity) any { type plain OrderValidity; return (*plain)(v) }),
	decodeObject(func(v *Container) any { type plain Container; return (*plain)(v) }),
	decodeObject(func(v *OrderProduct) any { type plain OrderProduct; return (*plain)(v) }),
	decodeObject(func(v *User) any {
		type Plain User
		return &struct {
			*Plain
			First *string `json:"first_name"`
			Last  *string `json:"last_name"`
		}{(*Plain)(v), &v.FirstName, &v.LastName}
	}),
	decodeObject(func(v *Contact) any {
		type Plain Contact
		return &struct {
			*Plain
			First *string `json:"firstname"`
			Last  *string `json:"lastname"`
		}{(*Plain)(v), &v.FirstName, &v.LastName}
	}),
	decodeObject(func(v *CustomField) any { type plain CustomField; return (*plain)(v) }),
	decodeObject(func(v *OrderNote) any { type plain OrderNote; return (*plain)(v) }),
	decodeObject(func(v *OrderRequest) any { type plain OrderRequest; return (*plain)(v) }),
	decodeObject(func(v *Duplicate) any {
		type Plain Duplicate
		v.DNSNames = []string{}
		return &struct {
			*Plain
			First *string `json:"first_name"`
			Last  *string `json:"last_name"`
		}{(*Plain)(v), &v.FirstName, &v.LastName}
	}),
	decodeObject(func(v *SubaccountInfo) any { type plain SubaccountInfo; return (*plain)(v) }),
	decodeObject(func(v *ChainCertificate) any { type plain ChainCertificate; return (*plain)(v) }),
	decodeObject(func(v *PageInfo) any { type plain PageInfo; return (*plain)(v) }),
)

// emptyCertificate is a certificate of which nothing was sent.
func emptyCertificate() Certificate {
	return Certificate{DNSNames: []string{}, Emails: []string{}, OrganizationUnits: []string{}}
}

// decode reads body into result, a non-nil pointer. The value pointed to is assigned only on
// success, so that what a failed attempt left behind never mixes with the next one's.
func decode(path string, body []byte, result any) *DecodeError {
	target := reflect.ValueOf(result).Elem()
	if isEmptyArray(body) && target.Kind() == reflect.Struct {
		body = []byte("{}") // the service's other spelling of an empty object
	}
	fresh := reflect.New(target.Type())
	err := json.Unmarshal(body, fresh.Interface(), regularOptions)
	if odd := new(json.SemanticError); errors.As(err, &odd) {
		fresh = reflect.New(target.Type())
		err = json.Unmarshal(body, fresh.Interface(), decodeOptions)
	}
	if err != nil {
		return newDecodeError(path, body, err)
	}
	target.Set(fresh.Elem())
	return nil
}

func isEmptyArray(body []byte) bool {
	rest, ok := bytes.CutPrefix(bytes.TrimSpace(body), []byte("["))
	return ok && string(bytes.TrimSpace(rest)) == "]"
}

// newDecodeError keeps of a decoder's error what is ours to show: where, and why. Its text
// can hold values of the body.
func newDecodeError(path string, body []byte, err error) *DecodeError {
	e := &DecodeError{Path: path, Err: err}
	var syntactic *jsontext.SyntacticError
	var semantic *json.SemanticError
	switch {
	case len(bytes.TrimSpace(body)) == 0:
		e.Err = errors.New("the body is empty")
	case errors.As(err, &syntactic):
		e.Pointer = string(syntactic.JSONPointer)
		e.Err = syntactic.Err
		if errors.Is(err, io.ErrUnexpectedEOF) {
			e.Err = fmt.Errorf("the body ends too early: %w", io.ErrUnexpectedEOF)
		} else if bytes.TrimSpace(body)[0] == '<' {
			e.Err = errors.New("the body is HTML or XML, not JSON")
		}
	case errors.As(err, &semantic):
		e.Pointer = string(semantic.JSONPointer)
		e.Err = semantic.Err
		if e.Err == nil {
			e.Err = fmt.Errorf("JSON %s does not fit here", kindName(semantic.JSONKind))
		}
	}
	return e
}

func kindName(k jsontext.Kind) string {
	switch k {
	case 'n':
		return "null"
	case 't', 'f':
		return "boolean"
	case '"':
		return "string"
	case '0':
		return "number"
	case '{', '}':
		return "object"
	case '[', ']':
		return "array"
	}
	return "value"
}

// decodeScalar reads the next value, which must be null or of one of the kinds: it returns the
// text of a string or number, "true" or "false", and ok false for null.
func decodeScalar(dec *jsontext.Decoder, want, kinds string) (text string, ok bool, err error) {
	if k := dec.PeekKind(); k == '{' || k == '[' {
		// Consumed, so that the error points at this value and not at the one before.
		if err := dec.SkipValue(); err != nil {
			return "", false, err
		}
		return "", false, fmt.Errorf("JSON %s is no %s", kindName(k), want)
	}
	tok, err := dec.ReadToken()
	if err != nil {
		return "", false, err
	}
	if k := tok.Kind(); k == 'n' {
		return "", false, nil
	} else if !strings.ContainsRune(kinds, rune(k)) {
		return "", false, fmt.Errorf("JSON %s is no %s", kindName(k), want)
	}
	return tok.String(), true, nil
}

// decodeInt accepts a whole number, also as a string.
func decodeInt[T ~int | ~int64](dec *jsontext.Decoder, v *T) error {
	s, ok, err := decodeScalar(dec, "whole number", `0"`)
	if err != nil || !ok {
		*v = 0
		return err
	}
	n, err := strconv.ParseInt(s, 10, reflect.TypeFor[T]().Bits())
	if err != nil {
		return fmt.Errorf("%q is no whole number of %d bits", oneLine(s, 40), reflect.TypeFor[T]().Bits())
	}
	*v = T(n)
	return nil
}

// decodeBool accepts true and false, 1 and 0, also as strings.
func decodeBool(dec *jsontext.Decoder, v *bool) error {
	s, ok, err := decodeScalar(dec, "boolean", `tf0"`)
	if err != nil || !ok {
		*v = false
		return err
	}
	switch s {
	case "true", "1":
		*v = true
	case "false", "0":
		*v = false
	default:
		return fmt.Errorf("%q is no boolean", oneLine(s, 40))
	}
	return nil
}

// decodeString accepts a number too: ids that are texts here, such as receipt_id, have been both.
func decodeString[T ~string](dec *jsontext.Decoder, v *T) error {
	s, _, err := decodeScalar(dec, "text", `"0`)
	*v = T(s)
	return err
}

func decodeTime(dec *jsontext.Decoder, v *time.Time) error {
	s, ok, err := decodeScalar(dec, "date", `"`)
	if err != nil || !ok || s == "" {
		*v = time.Time{}
		return err
	}
	*v, err = parseTime(s)
	return err
}

func decodeDate(dec *jsontext.Decoder, v *Date) error {
	s, ok, err := decodeScalar(dec, "date", `"`)
	if err != nil || !ok || s == "" {
		*v = Date{}
		return err
	}
	t, err := parseTime(s)
	*v = DateOf(t)
	return err
}

// decodeDatePointer makes of a day that is not there nil.
func decodeDatePointer(dec *jsontext.Decoder, v **Date) error {
	var d Date
	err := decodeDate(dec, &d)
	if *v = nil; !d.IsZero() {
		*v = &d
	}
	return err
}

// decodeList makes of null what it makes of an empty list. The rows are gathered in a buffer that is used
// again: a list that grows as it is read allocates twice what it holds in the end.
func decodeList[T any]() *json.Unmarshalers {
	buffers := sync.Pool{New: func() any { return new([]T) }}
	return json.UnmarshalFromFunc(func(dec *jsontext.Decoder, v *[]T) error {
		*v = []T{}
		switch k := dec.PeekKind(); k {
		case 'n':
			return dec.SkipValue()
		case '[':
		default:
			if err := dec.SkipValue(); err != nil {
				return err
			}
			return fmt.Errorf("JSON %s is no list", kindName(k))
		}
		if _, err := dec.ReadToken(); err != nil {
			return err
		}
		buffer := buffers.Get().(*[]T)
		rows := *buffer
		defer func() {
			clear(rows)
			*buffer = rows[:0]
			buffers.Put(buffer)
		}()
		for dec.PeekKind() != ']' {
			rows = append(rows, *new(T))
			if err := json.UnmarshalDecode(dec, &rows[len(rows)-1]); err != nil {
				return err
			}
		}
		if len(rows) > 0 {
			*v = append(make([]T, 0, len(rows)), rows...)
		}
		_, err := dec.ReadToken()
		return err
	})
}

// decodeDecimal accepts a number, also as a string, and keeps every digit of it.
func decodeDecimal(dec *jsontext.Decoder, v *decimal.Decimal) error {
	s, ok, err := decodeScalar(dec, "amount", `0"`)
	if err != nil || !ok {
		*v = decimal.Decimal{}
		return err
	}
	d, ok := parseDecimal(s)
	if !ok {
		return fmt.Errorf("%q is no amount", oneLine(s, 40))
	}
	*v = d
	return nil
}

// decodeObject makes a struct accept null and [] where the service has nothing to tell. plain
// returns the same value under a type that the decoder has no function for, its lists
// empty and not nil.
func decodeObject[T any](plain func(*T) any) *json.Unmarshalers {
	return json.UnmarshalFromFunc(func(dec *jsontext.Decoder, v *T) error {
		*v = *new(T)
		p := plain(v)
		if absent, err := decodeAbsent(dec); absent {
			return err
		}
		return json.UnmarshalDecode(dec, p)
	})
}

// decodePointer makes of an absent object nil.
func decodePointer[T any](dec *jsontext.Decoder, v **T) error {
	*v = nil
	if absent, err := decodeAbsent(dec); absent {
		return err
	}
	*v = new(T)
	return json.UnmarshalDecode(dec, *v)
}

// decodeAbsent consumes the next value where it stands for an object that is not there.
func decodeAbsent(dec *jsontext.Decoder) (absent bool, err error) {
	switch dec.PeekKind() {
	case 'n':
		return true, dec.SkipValue()
	case '[':
		value, err := dec.ReadValue()
		if err == nil && !isEmptyArray(value) {
			err = errors.New("JSON array is no object")
		}
		return true, err
	}
	return false, nil
}

// nonNil gives a list that was missing or null its other form, which callers can range over,
// count and marshal alike: empty and not nil.
func nonNil[T any](rows []T) []T {
	if rows == nil {
		return []T{}
	}
	return rows
}
