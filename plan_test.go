package digicert_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"reflect"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

type (
	left struct {
		Both  string `json:"both"`
		Left  int    `json:"left"`
		Names string
		Same  string `json:"same_left"`
	}
	named struct {
		left `json:"inner"`
	}
	exportedNamed struct {
		Left `json:"inner"`
	}
	// Left is exported, as an embedded struct with a name must be.
	Left struct {
		Left int `json:"left"`
	}
	tagged struct {
		Other string `json:"Names"`
	}
	untagged struct{ Names string }
	ring     struct {
		*ring
		Value int `json:"value"`
	}
	Ring struct {
		*Ring
		Value int   `json:"value"`
		Next  *Ring `json:"next"`
	}
	Text string
	Once struct{ Left }
	Also struct{ Left }
	// Right says the same in part.
	Right struct {
		Left  int    `json:"left"`
		Right string `json:"both"`
		Names string
		Same  string `json:"same_right"`
	}
)

// A struct's fields have the names that encoding/json gives them.
func TestPlanFieldsAsEncodingJSON(t *testing.T) {
	t.Parallel()
	const body = `{"both": "b", "left": 1, "right": 2, "Names": "n", "same_left": "sl", "same_right": "sr", "inner": {"left": 3, "both": "ib"}, "value": 4, "next": {"value": 5},
		"-": "dash", "Dash": "no", "hidden": "h", "Text": "t", "list": [1, 2, 3], "pair": [[1, 2], [3, 4], [5, 6]], "any": {"a": [1, "x", null, true, {}]},
		"map": {"1": {"left": 7}, "-2": null}, "raw": {"a" : [1, 2]}, "number": 1.50, "bytes": "AQID", "addr": "192.0.2.1", "addrs": {"192.0.2.1": 1}, "i": null, "escaped": 8, "duration": 5}`
	for name, result := range map[string]any{
		"embedded":           new(struct{ left }),
		"embedded, exported": new(struct{ Left }),
		"embedded pointer":   new(struct{ *Left }),
		"tagged goes before": new(struct {
			tagged
			untagged
		}),
		"tagged twice": new(struct {
			tagged
			A string `json:"x"`
			untagged
			Other string `json:"Names"`
		}),
		"with a name":           new(named),
		"with a name, exported": new(exportedNamed),
		"holds itself":          new(Ring),
		"not a struct":          new(struct{ Text }),
		"not a struct, pointer": new(struct{ *Text }),
		"dash": new(struct {
			Dash  string `json:"-"`
			Named string `json:"-,"`
		}),
		"options": new(struct {
			A string `json:",omitempty"`
			B int    `json:"left,omitzero"`
			C string `json:"Names,omitempty"`
		}),
		"array": new(struct {
			List [2]int `json:"list"`
		}),
		"longer array": new(struct {
			List [5]int    `json:"list"`
			Pair [3][1]int `json:"pair"`
		}),
		"any":        new(any),
		"map of any": new(map[string]any),
		"any in a struct": new(struct {
			Any any `json:"any"`
		}),
		"map of numbers": new(struct {
			Map map[int]*Left `json:"map"`
		}),
		"raw": new(map[string]json.RawMessage),
		"raw in a struct": new(struct {
			Raw json.RawMessage `json:"raw"`
			I   json.RawMessage `json:"i"`
		}),
		"number": new(struct {
			Number json.Number `json:"number"`
		}),
		"bytes": new(struct {
			Bytes []byte `json:"bytes"`
		}),
		"text method": new(struct {
			Addr  netip.Addr         `json:"addr"`
			Addrs map[netip.Addr]int `json:"addrs"`
			I     netip.Addr         `json:"i"`
		}),
		"named types": new(struct {
			Names    namedString   `json:"Names"`
			Duration time.Duration `json:"duration"`
		}),
		"pointers": new(struct {
			Both  **string `json:"both"`
			I     *Left    `json:"i"`
			Inner **Left   `json:"inner"`
		}),
		"nothing": new(struct{}),
		// What go vet would not have in a source file.
		"twice in one struct":       structOf(stringField("A", `json:"both"`), stringField("B", `json:"both"`), stringField("Names", "")),
		"unexported":                structOf(reflect.StructField{Name: "both", PkgPath: "x", Type: reflect.TypeFor[string](), Tag: `json:"both"`}, stringField("Names", "")),
		"outer goes before":         structOf(embeddedField[Left](), embeddedField[Outer](), stringField("Mine", `json:"both"`)),
		"outer of the same Go name": structOf(embeddedField[Outer](), stringField("Same", `json:"both"`)),
		"embedded two":              structOf(embeddedField[Left](), embeddedField[Right]()),
		"embedded twice":            structOf(embeddedField[Once](), embeddedField[Also]()),
		"embedded deeper":           structOf(embeddedField[Once](), embeddedField[Right](), embeddedField[Outer]()),
		"three deep":                structOf(embeddedField[Outer](), embeddedField[Inner](), embeddedField[Left]()),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			want := reflect.New(reflect.TypeOf(result).Elem()).Interface()
			require.NoError(t, json.Unmarshal([]byte(body), want)) // which ignores the case
			c, _ := serve(t, http.StatusOK, body)
			require.NoError(t, c.Get(t.Context(), "/x", nil, result))
			require.Equal(t, want, result)
		})
	}
}

type (
	// Outer and Inner are embedded.
	Outer struct {
		Inner
		Both string `json:"both"`
		Same string `json:"same_left"`
	}
	Inner struct {
		Right string `json:"same_right"`
		Text  string
	}
)

// structOf returns a pointer to a struct with such fields.
func structOf(fields ...reflect.StructField) any {
	return reflect.New(reflect.StructOf(fields)).Interface()
}

func stringField(name string, tag reflect.StructTag) reflect.StructField {
	return reflect.StructField{Name: name, Type: reflect.TypeFor[string](), Tag: tag}
}

func embeddedField[T any]() reflect.StructField {
	return reflect.StructField{Name: reflect.TypeFor[T]().Name(), Type: reflect.TypeFor[T](), Anonymous: true}
}

// What encoding/json cannot set is refused, not lost.
func TestPlanUnexportedPointer(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, `{"left": 1}`)
	err := c.Get(t.Context(), "/x", nil, new(struct{ *left }))
	requireDecodeError(t, err, "/x", "/left")
	require.Error(t, json.Unmarshal([]byte(`{"left": 1}`), new(struct{ *left })))

	var got ring // its own name is less deep
	c, _ = serve(t, http.StatusOK, `{"value": 1}`)
	require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
	require.Equal(t, ring{Value: 1}, got)
}

// An embedded struct that Kubernetes would mark with ",inline" is as lenient as any other.
func TestPlanInline(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, `{"left": "5.0", "id": "7"}`)
	var got struct {
		Left `json:",inline"`
		ID   int `json:"id"`
	}
	require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
	require.Equal(t, 5, got.Left.Left)
	require.Equal(t, 7, got.ID)
}

// node holds itself in a list, a map and a pointer.
type node struct {
	ID    digicert.OrderID `json:"id"`
	Kids  []node           `json:"kids"`
	Named map[string]node  `json:"named"`
	Next  *node            `json:"next"`
}

func TestPlanRecursive(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, `{"id": "1", "kids": [{"id": 2.0, "kids": [{"id": ""}]}, []], "named": {"a": {"id": "3", "next": {"id": 4}}, "b": null}, "next": []}`)
	var got node
	require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
	require.Equal(t, node{
		ID:    1,
		Kids:  []node{{ID: 2, Kids: []node{{}}}, {}},
		Named: map[string]node{"a": {ID: 3, Next: &node{ID: 4}}, "b": {}},
	}, got)

	c, _ = serve(t, http.StatusOK, `{"kids": [{}, {"named": {"a/b": {"next": {"kids": [{"id": "x"}]}}}}]}`)
	requireDecodeError(t, c.Get(t.Context(), "/x", nil, &got), "/x", "/kids/1/named/a~1b/next/kids/0/id")
}

// The plans of types that hold each other are made once, by whoever comes first.
func TestPlanConcurrently(t *testing.T) {
	t.Parallel()
	type a struct {
		B []struct {
			A *node `json:"a"`
		} `json:"b"`
	}
	type b struct {
		A []a          `json:"a"`
		B map[string]a `json:"b"`
	}
	c, _ := serve(t, http.StatusOK, `{"a": [{"b": [{"a": {"id": "1"}}]}], "b": {"x": {"b": [{"a": {"id": "2"}}]}}}`)
	done := make(chan error)
	for range 16 {
		go func() {
			var got b
			err := c.Get(t.Context(), "/x", nil, &got)
			if err == nil && (got.A[0].B[0].A.ID != 1 || got.B["x"].B[0].A.ID != 2) {
				err = fmt.Errorf("%+v", got)
			}
			done <- err
		}()
	}
	for range 16 {
		require.NoError(t, <-done)
	}
}

// ownJSON keeps what its method was given.
type ownJSON struct{ Given string }

var errOwn = errors.New("it is refused")

func (o *ownJSON) UnmarshalJSON(data []byte) error {
	switch string(data) {
	case `"refuse"`:
		return errOwn
	case `"panic"`:
		panic("it panics")
	case `"append"`:
		_ = append(data, "XXXXXXXXXXXX"...) // whoever appends gets a copy
	}
	o.Given = string(data)
	return nil
}

type ownText struct{ given string }

func (o *ownText) UnmarshalText(text []byte) error {
	if string(text) == "refuse" {
		return errOwn
	}
	o.given = string(text)
	return nil
}

func TestPlanOwnMethods(t *testing.T) {
	t.Parallel()
	type row struct {
		JSON    ownJSON            `json:"json"`
		Pointer *ownJSON           `json:"pointer"`
		List    []ownJSON          `json:"list"`
		Map     map[string]ownJSON `json:"map"`
		Text    ownText            `json:"text"`
		Texts   []*ownText         `json:"texts"`
		ByText  map[ownText]int    `json:"by_text"`
		After   int                `json:"after"`
	}
	for body, want := range map[string]row{
		`{"json": {"a" : [1, "\u00e9"]}, "after": 1}`:   {JSON: ownJSON{`{"a" : [1, "\u00e9"]}`}, After: 1},
		`{"json": "", "after": 1}`:                      {JSON: ownJSON{`""`}, After: 1},
		`{"json": "append", "after": 1}`:                {JSON: ownJSON{`"append"`}, After: 1},
		`{"json": null, "after": 1}`:                    {JSON: ownJSON{`null`}, After: 1},
		`{"pointer": null, "after": 1}`:                 {After: 1},
		`{"pointer": [], "after": 1}`:                   {Pointer: &ownJSON{`[]`}, After: 1},
		`{"pointer": "", "after": 1}`:                   {Pointer: &ownJSON{`""`}, After: 1},
		`{"list": [1, [], "a"], "after": 1}`:            {List: []ownJSON{{`1`}, {`[]`}, {`"a"`}}, After: 1},
		`{"map": {"a": 1, "b": {}}, "after": 1}`:        {Map: map[string]ownJSON{"a": {`1`}, "b": {`{}`}}, After: 1},
		`{"text": "a\u00e9", "after": 1}`:               {Text: ownText{"aé"}, After: 1},
		`{"text": "", "texts": [null, "b"]}`:            {Texts: []*ownText{nil, {"b"}}},
		`{"by_text": {"a": "1", "\u0062": ""}}`:         {ByText: map[ownText]int{{"a"}: 1, {"b"}: 0}},
		`{"json": 1, "json": 2, "after": 1, "after":2}`: {JSON: ownJSON{`2`}, After: 2},
	} {
		c, _ := serve(t, http.StatusOK, body)
		got := row{After: 9}
		require.NoError(t, c.Get(t.Context(), "/x", nil, &got), body)
		if want.List == nil {
			got.List = nil
		}
		require.Equal(t, want, got, body)
	}
	for body, pointer := range map[string]string{
		`{"json": "refuse"}`:            "/json",
		`{"list": [1, "refuse"]}`:       "/list/1",
		`{"map": {"a": "refuse"}}`:      "/map/a",
		`{"text": "refuse"}`:            "/text",
		`{"texts": ["a", "refuse"]}`:    "/texts/1",
		`{"by_text": {"refuse": 1}}`:    "/by_text/refuse",
		`{"pointer": "refuse"}`:         "/pointer",
		`{"after": 1, "json":"refuse"}`: "/json",
	} {
		c, _ := serve(t, http.StatusOK, body)
		got := row{After: 9}
		err := c.Get(t.Context(), "/x", nil, &got)
		requireDecodeError(t, err, "/x", pointer)
		require.ErrorIs(t, err, errOwn)
		require.Equal(t, row{After: 9}, got)
	}
	for body, pointer := range map[string]string{`{"text": 5}`: "/text", `{"texts": [{}]}`: "/texts/0"} {
		c, _ := serve(t, http.StatusOK, body)
		requireDecodeError(t, c.Get(t.Context(), "/x", nil, new(row)), "/x", pointer)
	}
}

// A method that panics does so through Get, and the client is none the worse.
func TestPlanOwnMethodPanics(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, `{"a": "panic"}`)
	for range 3 {
		require.PanicsWithValue(t, "it panics", func() { _ = c.Get(t.Context(), "/x", nil, new(map[string]ownJSON)) })
		var got map[string]string
		require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
		require.Equal(t, map[string]string{"a": "panic"}, got)
	}
}

// Objects that are not there are nil where they are pointers, and a list is empty.
func TestPlanAbsentObjects(t *testing.T) {
	t.Parallel()
	type row struct {
		A     *Left           `json:"a"`
		Order *digicert.Order `json:"order"`
		Map   *map[string]int `json:"map"`
		After int             `json:"after"`
	}
	for body, dropped := range map[string][]string{
		`{"a": null, "order": null, "map": null, "after": 1}`: nil,
		`{"a": [], "order": [ ], "map": [], "after": 1}`:      nil,
		`{"a": "", "order": " ", "map": "", "after": 1}`:      {"/a /order /map"},
		`{"after": 1}`: nil,
	} {
		var log logged
		c, _ := serve(t, http.StatusOK, body, log.option())
		var got row
		require.NoError(t, c.Get(t.Context(), "/x", nil, &got), body)
		require.Equal(t, row{After: 1}, got, body)
		require.Equal(t, dropped, log.dropped(t), body)
	}
	// One that is there stays, whatever was dropped of it.
	c, _ := serve(t, http.StatusOK, `{"a": {"left": ""}, "order": {}, "map": {}}`)
	var got row
	require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
	require.Equal(t, row{A: new(Left), Order: new(emptyOrder()), Map: new(map[string]int{})}, got)
}

// Lists are empty where they are missing, and never nil, wherever a struct of this package is.
func TestPlanListsAreNeverNil(t *testing.T) {
	t.Parallel()
	type embeds struct {
		digicert.Order
		Mine int `json:"mine"`
	}
	type inner struct{ digicert.SubaccountOrder }
	type holder struct {
		Page     digicert.OrderPage        `json:"page"`
		Sub      digicert.SubaccountOrder  `json:"sub"`
		Subs     digicert.SubaccountPage   `json:"subs"`
		Embeds   embeds                    `json:"embeds"`
		Inner    inner                     `json:"inner"`
		Pair     [2]digicert.Order         `json:"pair"`
		Pointer  *digicert.Order           `json:"pointer"`
		List     []embeds                  `json:"list"`
		Map      map[string]digicert.Order `json:"map"`
		Lists    [][]digicert.Order        `json:"lists"`
		Pointers []*digicert.Reissue       `json:"pointers"`
	}
	for _, body := range []string{
		`{}`, `{"page": {}, "sub": {}, "embeds": {}, "inner": {}, "pair": [{}]}`, `{"page": null, "sub": null, "embeds": null, "pair": null, "subs": []}`,
		`{"page": [], "sub": "", "embeds": [], "pair": [], "inner": " "}`, `{"page": {"orders": null}, "sub": {"certificate": {"dns_names": ""}}, "embeds": {"notes": " "}}`,
		`{"page": {"orders": [{}, null, [], "", {"certificate": {"emails": null, "dns_names": ""}}]}, "list": [{}, null, {"mine": 1}], "map": {"a": {}, "b": null}}`,
		`{"pointer": {}, "lists": [null, [{}], ""], "pointers": [{}, {"dns_names": null}], "pair": [{}, {"certificate": []}, {}]}`,
	} {
		c, _ := serve(t, http.StatusOK, body)
		var got holder
		require.NoError(t, c.Get(t.Context(), "/x", nil, &got), body)
		got.List, got.Lists, got.Pointers = append([]embeds{}, got.List...), append([][]digicert.Order{}, got.Lists...), append([]*digicert.Reissue{}, got.Pointers...)
		requireNoNilList(t, got)
		for _, o := range got.Map {
			requireNoNilList(t, o)
		}
		requireNoNilList(t, got.Inner.SubaccountOrder)
	}
	// Embedded by a pointer, or in something that is not exported.
	c, _ := serve(t, http.StatusOK, `{"id": "5"}`)
	var pointer struct{ *digicert.Order }
	require.NoError(t, c.Get(t.Context(), "/x", nil, &pointer))
	require.Equal(t, orderWith(func(o *digicert.Order) { o.ID = 5 }), *pointer.Order)
	var hidden struct{ inner }
	require.NoError(t, c.Get(t.Context(), "/x", nil, &hidden))
	require.EqualValues(t, 5, hidden.ID)
	requireNoNilList(t, hidden.SubaccountOrder)
}

// People's names have two spellings, which both are read, in any order; an empty one does not hide the other.
func TestPlanSpellings(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"firstname": "Ada"}`:                                         "Ada",
		`{"first_name": "Ada"}`:                                        "Ada",
		`{"firstname": "Ada", "first_name": ""}`:                       "Ada",
		`{"first_name": "", "firstname": "Ada"}`:                       "Ada",
		`{"firstname": "", "first_name": "Ada"}`:                       "Ada",
		`{"first_name": "Ada", "firstname": ""}`:                       "Ada",
		`{"first_name": "Ada", "firstname": null}`:                     "Ada",
		`{"firstname": null, "first_name": "Ada"}`:                     "Ada",
		`{"firstname": "Ada", "first_name": "Ada"}`:                    "Ada",
		`{"firstname": "", "first_name": ""}`:                          "",
		`{}`:                                                           "",
		`{"firstname": "A", "firstname": "Ada"}`:                       "Ada",
		`{"\u0066irstname": "Ada"}`:                                    "Ada",
		`{"FirstName": "no"}`:                                          "",
		`{"first_name": 5}`:                                            "5",
		`{"firstname": "A", "first_name": "x", "firstname": "Ada"}`:    "Ada",
		`{"first_name": "", "firstname": "", "first_name": "Ada"}`:     "Ada",
		`{"first_name": null, "firstname": null, "first_name": "Ada"}`: "Ada",
	} {
		other := strings.NewReplacer("firstname", "lastname", "first_name", "last_name", `\u0066irstname`, `\u006castname`).Replace(body)
		for _, body := range []string{body, other} {
			swap := strings.NewReplacer("firstname", "first_name", "first_name", "firstname", "lastname", "last_name", "last_name", "lastname").Replace(body)
			c, _ := serve(t, http.StatusOK, body)
			var user digicert.User
			require.NoError(t, c.Get(t.Context(), "/x", nil, &user), body)
			require.Equal(t, want, user.FirstName+user.LastName, body)
			var reissue digicert.Reissue
			require.NoError(t, c.Get(t.Context(), "/x", nil, &reissue), body)
			require.Equal(t, want, reissue.FirstName+reissue.LastName, body)
			var duplicate digicert.Duplicate
			require.NoError(t, c.Get(t.Context(), "/x", nil, &duplicate), body)
			require.Equal(t, want, duplicate.FirstName+duplicate.LastName, body)
			if strings.Contains(body, `\u00`) {
				continue
			}
			c, _ = serve(t, http.StatusOK, swap)
			var contact digicert.Contact
			require.NoError(t, c.Get(t.Context(), "/x", nil, &contact), swap)
			require.Equal(t, want, contact.FirstName+contact.LastName, swap)
		}
	}
	// If both say something else, the documented one is right.
	for _, body := range []string{`{"firstname": "Ada", "first_name": "Eve"}`, `{"first_name": "Eve", "firstname": "Ada"}`} {
		c, _ := serve(t, http.StatusOK, body)
		var user digicert.User
		require.NoError(t, c.Get(t.Context(), "/x", nil, &user))
		require.Equal(t, "Ada", user.FirstName)
	}
}

// rowTypes are the types of the rows that services return.
var rowTypes = []reflect.Type{
	reflect.TypeFor[digicert.Reissue](), reflect.TypeFor[digicert.Duplicate](), reflect.TypeFor[digicert.SubaccountOrder](), reflect.TypeFor[digicert.Order](),
	reflect.TypeFor[digicert.StatusChange](), reflect.TypeFor[digicert.SubaccountInfo](), reflect.TypeFor[digicert.ChainCertificate](),
	reflect.TypeFor[digicert.OrderRequest](), reflect.TypeFor[digicert.OrderNote](), reflect.TypeFor[digicert.CustomField](), reflect.TypeFor[digicert.Certificate](),
	reflect.TypeFor[digicert.OrderCertificate](), reflect.TypeFor[digicert.Organization](), reflect.TypeFor[digicert.Container](), reflect.TypeFor[digicert.OrderProduct](),
	reflect.TypeFor[digicert.User](), reflect.TypeFor[digicert.Contact](), reflect.TypeFor[digicert.Price](), reflect.TypeFor[digicert.PageInfo](),
	reflect.TypeFor[digicert.ServerPlatform](), reflect.TypeFor[digicert.CACert](), reflect.TypeFor[digicert.OrderValidity](), reflect.TypeFor[digicert.Subaccount](),
}

// One odd value costs its own field, and neither another one nor another row.
func TestPlanOddValueCostsItsField(t *testing.T) {
	t.Parallel()
	for _, rowType := range rowTypes {
		t.Run(rowType.Name(), func(t *testing.T) {
			t.Parallel()
			values := make(map[string]string)
			for _, f := range reflect.VisibleFields(rowType) {
				name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
				if name != "" {
					values[name] = sampleOf(f.Type)
				}
			}
			object := func(name, value string) string {
				var members []string
				for n, v := range values {
					if n == name {
						v = value
					}
					if v != "" {
						members = append(members, fmt.Sprintf("%q: %s", n, v))
					}
				}
				sort.Strings(members)
				return "{" + strings.Join(members, ", ") + "}"
			}
			decode := func(body string) (reflect.Value, error) {
				c, _ := serve(t, http.StatusOK, "["+object("", "")+", "+body+", "+object("", "")+"]")
				rows := reflect.New(reflect.SliceOf(rowType))
				err := c.Get(t.Context(), "/x", nil, rows.Interface())
				return rows.Elem(), err
			}
			whole, err := decode(object("", ""))
			require.NoError(t, err)
			require.Equal(t, whole.Index(0).Interface(), whole.Index(1).Interface())
			for name := range values {
				without, err := decode(object(name, ""))
				require.NoError(t, err)
				require.NotEqual(t, whole.Index(1).Interface(), without.Index(1).Interface(), name)
				require.Equal(t, whole.Index(2).Interface(), without.Index(2).Interface())
				for _, odd := range []string{`null`, `""`, `" "`} {
					got, err := decode(object(name, odd))
					require.NoError(t, err, "%s: %s", name, odd)
					if values[name] != `"text"` && values[name] != `{"raw":1}` { // which keep it as it is
						require.Equal(t, without.Interface(), got.Interface(), "%s: %s", name, odd)
					}
					require.Equal(t, whole.Index(0).Interface(), got.Index(0).Interface())
					require.Equal(t, whole.Index(2).Interface(), got.Index(2).Interface())
				}
				quoted := strings.Trim(values[name], `"`)
				if strings.Trim(quoted, "0123456789") == "" || quoted == "true" {
					for _, same := range []string{quoted, `"` + quoted + `"`, `" ` + quoted + `"`} {
						got, err := decode(object(name, same))
						require.NoError(t, err, "%s: %s", name, same)
						require.Equal(t, whole.Interface(), got.Interface(), "%s: %s", name, same)
					}
				}
			}
		})
	}
}

// sampleOf returns the JSON of a value of a type.
func sampleOf(t reflect.Type) string {
	switch t {
	case reflect.TypeFor[time.Time](), reflect.TypeFor[digicert.Date]():
		return `"2019-04-08T17:33:26-06:00"`
	case reflect.TypeFor[json.RawMessage]():
		return `{"raw":1}`
	}
	switch t.Kind() {
	case reflect.Pointer:
		return sampleOf(t.Elem())
	case reflect.Bool:
		return `true`
	case reflect.String:
		return `"text"`
	case reflect.Slice:
		if t.Elem().Kind() == reflect.String {
			return `["a", "b"]`
		}
		return `[{"id": 3, "metadata_id": 4}]`
	case reflect.Struct:
		for _, f := range reflect.VisibleFields(t) {
			if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" {
				return fmt.Sprintf("{%q: %s}", name, sampleOf(f.Type))
			}
		}
	}
	return `17`
}
