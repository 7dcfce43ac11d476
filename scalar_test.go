package digicert_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shopspring/decimal"
	"github.com/stretchr/testify/require"

	"github.com/go-digicert/digicert"
)

// logged is a log of every level, in memory.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// option returns the option that makes a client write to l.
func (l *logged) option() digicert.Option {
	return digicert.WithLogger(slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: slog.Level(-100)})))
}

// dropped returns the lines about values that were dropped.
func (l *logged) dropped(t testing.TB) (pointers []string) {
	t.Helper()
	for line := range strings.Lines(l.String()) {
		var entry struct {
			Msg, Level, Path, Pointers string
		}
		require.NoError(t, json.Unmarshal([]byte(line), &entry))
		if entry.Msg == "digicert: values dropped" {
			require.Equal(t, "DEBUG", entry.Level)
			require.Equal(t, "/x", entry.Path)
			pointers = append(pointers, entry.Pointers)
		}
	}
	return pointers
}

// getValue decodes {"v": value} between neighbours into a field of type T, and returns what was logged as dropped.
func getValue[T any](t *testing.T, value string) (got T, dropped []string, err error) {
	t.Helper()
	type row struct {
		Before int    `json:"before"`
		V      T      `json:"v"`
		After  string `json:"after"`
	}
	var log logged
	c, _ := serve(t, http.StatusOK, `{"before": 1, "v": `+value+`, "after": "a"}`, log.option())
	var result row
	err = c.Get(t.Context(), "/x", nil, &result)
	if err != nil {
		require.Equal(t, row{}, result)
	} else {
		require.Equal(t, 1, result.Before, value)
		require.Equal(t, "a", result.After, value)
	}
	return result.V, log.dropped(t), err
}

// scalarCase is what becomes of a value: it is one of accepted, is dropped, or is refused.
type scalarCase[T any] struct {
	accepted map[string]T
	dropped  []string
	refused  []string
}

func (c scalarCase[T]) run(t *testing.T) {
	t.Helper()
	t.Run(fmt.Sprintf("%T", *new(T)), func(t *testing.T) {
		t.Parallel()
		for value, want := range c.accepted {
			got, dropped, err := getValue[T](t, value)
			require.NoError(t, err, value)
			require.Equal(t, want, got, value)
			require.Empty(t, dropped, value)
		}
		for _, value := range c.dropped {
			got, dropped, err := getValue[T](t, value)
			require.NoError(t, err, value)
			require.True(t, reflect.ValueOf(&got).Elem().IsZero(), value)
			require.Equal(t, []string{"/v"}, dropped, value)
		}
		for _, value := range c.refused {
			_, dropped, err := getValue[T](t, value)
			requireDecodeError(t, err, "/x", "/v")
			require.Empty(t, dropped, value)
		}
	})
}

var (
	blanks2  = []string{`""`, `"  "`}
	noScalar = []string{`{}`, `{"a":1}`, `[]`, `[1]`}
)

func integers[T ~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr](t *testing.T, least, most string) {
	t.Helper()
	c := scalarCase[T]{
		accepted: map[string]T{
			`0`: 0, `-0`: 0, `2`: 2, `"2"`: 2, `" 2 "`: 2, `2.0`: 2, `"2.0"`: 2, `2e0`: 2, `"2E0"`: 2, `20e-1`: 2, `0.2e1`: 2, `2.000`: 2, `null`: 0,
			`"\u0032"`: 2, most: parsed[T](most), `"` + most + `"`: parsed[T](most), most + ".0": parsed[T](most), least: parsed[T](least),
		},
		dropped: blanks2,
		refused: append([]string{`2.5`, `"2.5"`, `"abc"`, `true`, `false`, `"0x10"`, `"1_0"`, `1e30`, `1e999999999`, `1e-999999999`, `"NaN"`, `"2 3"`, most + "0", `-` + most + "0"}, noScalar...),
	}
	if least == "0" {
		c.refused = append(c.refused, `-1`, `"-1.0"`)
	}
	c.run(t)
}

func parsed[T any](s string) (v T) {
	if err := json.Unmarshal([]byte(s), &v); err != nil {
		panic(err)
	}
	return v
}

type (
	namedInt    int32
	namedUint   uint16
	namedFloat  float32
	namedBool   bool
	namedString string
)

func TestScalarIntegers(t *testing.T) {
	t.Parallel()
	minInt64, maxInt64, maxUint64 := fmt.Sprint(math.MinInt64), fmt.Sprint(math.MaxInt64), fmt.Sprint(uint64(math.MaxUint64))
	integers[int](t, minInt64, maxInt64)
	integers[int8](t, "-128", "127")
	integers[int16](t, "-32768", "32767")
	integers[int32](t, "-2147483648", "2147483647")
	integers[int64](t, minInt64, maxInt64)
	integers[uint](t, "0", maxUint64)
	integers[uint8](t, "0", "255")
	integers[uint16](t, "0", "65535")
	integers[uint32](t, "0", "4294967295")
	integers[uint64](t, "0", maxUint64)
	integers[uintptr](t, "0", maxUint64)
	integers[namedInt](t, "-2147483648", "2147483647")
	integers[namedUint](t, "0", "65535")
	integers[digicert.OrderID](t, minInt64, maxInt64)
	integers[time.Duration](t, minInt64, maxInt64)
}

func TestScalars(t *testing.T) {
	t.Parallel()
	noNumber := append([]string{`"abc"`, `true`, `"NaN"`, `"Inf"`, `"-inf"`, `"0x1p-2"`, `"1 2"`, `"."`}, noScalar...)
	scalarCase[float64]{
		accepted: map[string]float64{`2`: 2, `2.5`: 2.5, `"2.5"`: 2.5, `" 2.5"`: 2.5, `2e0`: 2, `-1e-3`: -0.001, `null`: 0, `1e300`: 1e300},
		dropped:  blanks2, refused: append([]string{`1e400`, `"-1e400"`}, noNumber...),
	}.run(t)
	scalarCase[float32]{
		accepted: map[string]float32{`2`: 2, `2.5`: 2.5, `"2.5"`: 2.5, `null`: 0},
		dropped:  blanks2, refused: append([]string{`1e40`}, noNumber...),
	}.run(t)
	scalarCase[namedFloat]{accepted: map[string]namedFloat{`"2.5"`: 2.5, `2`: 2}, dropped: blanks2, refused: noNumber}.run(t)

	noBool := append([]string{`2`, `-1`, `"yes"`, `"on"`, `"tru"`, `"2"`}, noScalar...)
	scalarCase[bool]{
		accepted: map[string]bool{
			`true`: true, `false`: false, `1`: true, `0`: false, `"1"`: true, `"0"`: false, `"true"`: true, `"TRUE"`: true, `"True"`: true, `" tRuE "`: true,
			`"false"`: false, `"False"`: false, `"FALSE"`: false, `null`: false,
		},
		dropped: blanks2, refused: noBool,
	}.run(t)
	scalarCase[namedBool]{accepted: map[string]namedBool{`"TRUE"`: true, `1`: true}, dropped: blanks2, refused: noBool}.run(t)

	scalarCase[string]{
		accepted: map[string]string{
			`""`: "", `"  "`: "  ", `"a"`: "a", `2.50`: "2.50", `2e0`: "2e0", `true`: "true", `false`: "false", `null`: "", `"\u00fc\n\"\\\/"`: "ü\n\"\\/",
			`"\ud83d\ude00"`: "😀", `"\ud800"`: "\ufffd", "\"\xff\"": "\ufffd", `"` + strings.Repeat("x", 50) + `"`: strings.Repeat("x", 50),
		},
		refused: noScalar,
	}.run(t)
	scalarCase[namedString]{accepted: map[string]namedString{`7`: "7", `""`: "", `"a"`: "a"}, refused: noScalar}.run(t)
	scalarCase[digicert.OrderStatus]{accepted: map[string]digicert.OrderStatus{`"brand_new"`: "brand_new", `""`: "", `1`: "1"}, refused: noScalar}.run(t)

	scalarCase[json.Number]{
		accepted: map[string]json.Number{`2`: "2", `2.50`: "2.50", `"2.50"`: "2.50", `" 2 "`: "2", `1e999`: "1e999", `-0`: "-0", `null`: ""},
		dropped:  blanks2, refused: append([]string{`"+2"`, `"02"`, `".5"`}, noNumber...),
	}.run(t)
}

// Pointers tell what is missing from what is zero.
func TestScalarPointers(t *testing.T) {
	t.Parallel()
	scalarCase[*int]{
		accepted: map[string]*int{`null`: nil, `0`: new(0), `"0"`: new(0), `2.0`: new(2)},
		dropped:  blanks2, refused: append([]string{`2.5`, `"abc"`}, noScalar...),
	}.run(t)
	scalarCase[**int]{accepted: map[string]**int{`null`: nil, `"3"`: new(new(3))}, dropped: blanks2, refused: noScalar}.run(t)
	scalarCase[*bool]{accepted: map[string]*bool{`null`: nil, `"0"`: new(false), `"TRUE"`: new(true)}, dropped: blanks2, refused: noScalar}.run(t)
	scalarCase[*string]{accepted: map[string]*string{`null`: nil, `""`: new(""), `"  "`: new("  "), `7`: new("7")}, refused: noScalar}.run(t)
	day := digicert.Date{Year: 2020, Month: time.April, Day: 8}
	scalarCase[*digicert.Date]{
		accepted: map[string]*digicert.Date{`null`: nil, `"2020-04-08"`: &day, `"2020-04-08T23:59:59-11:00"`: &day},
		dropped:  append([]string{`"0000-00-00"`, `"0000-00-00 00:00:00"`}, blanks2...), refused: append([]string{`"abc"`, `7`}, noScalar...),
	}.run(t)
	scalarCase[*time.Time]{
		accepted: map[string]*time.Time{`null`: nil, `"2020-04-08"`: new(utc(2020, time.April, 8, 0, 0, 0))},
		dropped:  append([]string{`"0000-00-00"`}, blanks2...), refused: append([]string{`"abc"`}, noScalar...),
	}.run(t)
	scalarCase[*decimal.Decimal]{
		accepted: map[string]*decimal.Decimal{`null`: nil, `"1.50"`: new(decimal.RequireFromString("1.50"))},
		dropped:  blanks2, refused: append([]string{`"abc"`}, noScalar...),
	}.run(t)
}

// times are the forms of a moment, and of the day that was written with it.
var times = map[string]struct {
	moment time.Time
	day    digicert.Date
}{
	`"2019-04-08"`:                         {utc(2019, time.April, 8, 0, 0, 0), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`" 2019-04-08 "`:                       {utc(2019, time.April, 8, 0, 0, 0), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`"2019-04-08T23:33:26"`:                {utc(2019, time.April, 8, 23, 33, 26), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`"2019-04-08 23:33:26"`:                {utc(2019, time.April, 8, 23, 33, 26), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`"2019-04-08 23:33:26 UTC"`:            {utc(2019, time.April, 8, 23, 33, 26), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`"2019-04-08T23:33:26Z"`:               {utc(2019, time.April, 8, 23, 33, 26), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`"2019-04-08 23:33:26Z"`:               {utc(2019, time.April, 8, 23, 33, 26), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`"2019-04-08T23:33:26+00:00"`:          {utc(2019, time.April, 8, 23, 33, 26), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`"2019-04-08T23:33:26+0000"`:           {utc(2019, time.April, 8, 23, 33, 26), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`"2019-04-08 23:33:26+0000"`:           {utc(2019, time.April, 8, 23, 33, 26), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`"2019-04-08 23:33:26 +00:00"`:         {utc(2019, time.April, 8, 23, 33, 26), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`"2019-04-08T23:33:26-06:00"`:          {utc(2019, time.April, 9, 5, 33, 26), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`"2019-04-08T23:33:26-0600"`:           {utc(2019, time.April, 9, 5, 33, 26), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`"2019-04-08 23:33:26 -0600"`:          {utc(2019, time.April, 9, 5, 33, 26), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`"2019-04-08T01:33:26+09:00"`:          {utc(2019, time.April, 7, 16, 33, 26), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`"2019-04-08T23:33:26.125+00:00"`:      {utc(2019, time.April, 8, 23, 33, 26).Add(125 * time.Millisecond), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`"2019-04-08 23:33:26.000000"`:         {utc(2019, time.April, 8, 23, 33, 26), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`"2019-04-08T23:33:26.5-0600"`:         {utc(2019, time.April, 9, 5, 33, 26).Add(500 * time.Millisecond), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`"2024-02-29T00:00:00\u002b00:00"`:     {utc(2024, time.February, 29, 0, 0, 0), digicert.Date{Year: 2024, Month: time.February, Day: 29}},
	`"2024-02-29T00:00:00.123456789Z"`:     {utc(2024, time.February, 29, 0, 0, 0).Add(123456789), digicert.Date{Year: 2024, Month: time.February, Day: 29}},
	`"9999-12-31T23:59:59+00:00"`:          {utc(9999, time.December, 31, 23, 59, 59), digicert.Date{Year: 9999, Month: time.December, Day: 31}},
	`"2019-04-08T00:00:00+00:00"`:          {utc(2019, time.April, 8, 0, 0, 0), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`"\u0032019-04-08T00:00:00+00:00"`:     {utc(2019, time.April, 8, 0, 0, 0), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
	`"2019-04-08T00:00:00.000000000-0000"`: {utc(2019, time.April, 8, 0, 0, 0), digicert.Date{Year: 2019, Month: time.April, Day: 8}},
}

func TestScalarTimes(t *testing.T) {
	t.Parallel()
	moments, days := scalarCase[time.Time]{accepted: map[string]time.Time{`null`: {}}}, scalarCase[digicert.Date]{accepted: map[string]digicert.Date{`null`: {}}}
	for form, want := range times {
		moments.accepted[form], days.accepted[form] = want.moment, want.day
	}
	zero := append([]string{`"0000-00-00"`, `"0000-00-00 00:00:00"`, `"0000-00-00T00:00:00"`, `"0000-00-00T00:00:00+00:00"`, `"0000-00-00T00:00:00Z"`, `" 0000-00-00 "`}, blanks2...)
	refused := append([]string{
		`"abc"`, `"2019-02-29"`, `"2019-13-01"`, `"2019-04-31"`, `"2019-04-08T24:00:00+00:00"`, `"2019-04-08T23:60:00+00:00"`, `"2019-04-08T23:00:60+00:00"`, `"08.04.2019"`,
		`"20190408"`, `"2019-04"`, `"2019-04-08x"`, `"0000-01-01"`, `"10000-01-01"`, `1554742406`, `true`, `"9999-12-31T23:59:59-01:00"`, `"2019-4-8"`, `"2019-04-08T"`,
	}, noScalar...)
	moments.dropped, moments.refused, days.dropped, days.refused = zero, refused, zero, refused
	moments.run(t)
	days.run(t)
}

func TestScalarAmounts(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("9", 150) + "." + strings.Repeat("1", 40)
	texts := map[string]string{
		`198`: "198", `198.50`: "198.50", `"198.50"`: "198.50", `" 198.50 "`: "198.50", `2e0`: "2", `1.5e3`: "1500", `-7`: "-7", `0.1`: "0.1", long: long, `"` + long + `"`: long, `1e-50`: "1e-50",
	}
	decimals, amounts := scalarCase[decimal.Decimal]{accepted: map[string]decimal.Decimal{`null`: {}}}, scalarCase[digicert.Amount]{accepted: map[string]digicert.Amount{`null`: {}}}
	for form, text := range texts {
		decimals.accepted[form] = decimal.RequireFromString(text)
		amounts.accepted[form] = digicert.Amount{Decimal: decimal.RequireFromString(text)}
	}
	refused := append([]string{`"abc"`, `true`, `"1,50"`, `1e999999999`, `1e-999999999`, `1e201`, strings.Repeat("9", 500), `"NaN"`, `"$5"`}, noScalar...)
	decimals.dropped, decimals.refused, amounts.dropped, amounts.refused = blanks2, refused, blanks2, refused
	decimals.run(t)
	amounts.run(t)
}

// An amount is remembered by its JSON. A refused one is not, and none is taken for another's.
func TestScalarAmountsThatComeAgain(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, `["1.50", 1.50, 1.5, "", "1.50", null, 1.50, " 1.50", "1.50"]`)
	var got []decimal.Decimal
	require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
	var texts []string
	for _, d := range got {
		texts = append(texts, d.StringFixed(max(0, -d.Exponent())))
	}
	require.Equal(t, []string{"1.50", "1.50", "1.5", "0", "1.50", "0", "1.50", "1.50", "1.50"}, texts)
}

// What is dropped is logged once for each call, and names at most ten places.
func TestScalarsDroppedAreLogged(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ body, want string }{
		"none":      {`{"a": 1}`, ""},
		"one":       {`{"a": ""}`, "/a"},
		"escaped":   {`{"a/b~c": "", "\u00fc\/": " "}`, "/a~1b~0c /ü~1"},
		"ten":       {`{"a": "", "b": "", "c": "", "d": "", "e": "", "f": "", "g": "", "h": "", "i": "", "j": ""}`, "/a /b /c /d /e /f /g /h /i /j"},
		"twelve":    {`{"a": "", "b": "", "c": "", "d": "", "e": "", "f": "", "g": "", "h": "", "i": "", "j": "", "k": "", "l": ""}`, "/a /b /c /d /e /f /g /h /i /j and 2 more"},
		"key":       {`{"` + testKey + `": ""}`, "/[key]"},
		"key twice": {`{"a` + testKey + `": "", "` + testKey + `b": ""}`, "/a[key] /[key]b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log logged
			c, _ := serve(t, http.StatusOK, tc.body, log.option())
			var got map[string]int
			require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
			if tc.want == "" {
				require.Empty(t, log.dropped(t))
			} else {
				require.Equal(t, []string{tc.want}, log.dropped(t))
			}
			require.NotContains(t, log.String(), testKey)
		})
	}
}
