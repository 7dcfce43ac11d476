package digicert_test

import (
	"encoding/json"
	"net/http"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/go-digicert/digicert"
	"github.com/stretchr/testify/require"
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
	Ring     struct {
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
func TestFieldsAsEncodingJSON(t *testing.T) {
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
		"dash":                  structOf(stringField("Dash", `json:"-"`), stringField("Named", `json:"-,"`)),
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
func TestFieldsUnexportedPointer(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, `{"left": 1}`)
	err := c.Get(t.Context(), "/x", nil, new(struct{ *left }))
	requireDecodeError(t, err, "/x", "/left")
	require.Error(t, json.Unmarshal([]byte(`{"left": 1}`), new(struct{ *left })))
}

// An embedded struct that Kubernetes would mark with ",inline" is as lenient as any other.
func TestFieldsInline(t *testing.T) {
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

// People's names have two spellings, which both are read, in any order; an empty one does not hide the other.
func TestFieldsSpellings(t *testing.T) {
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
