package digicert_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

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
