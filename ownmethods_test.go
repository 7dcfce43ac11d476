package digicert_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

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

func TestOwnMethods(t *testing.T) {
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
func TestOwnMethodPanics(t *testing.T) {
	t.Parallel()
	c, _ := serve(t, http.StatusOK, `{"a": "panic"}`)
	for range 3 {
		require.PanicsWithValue(t, "it panics", func() { _ = c.Get(t.Context(), "/x", nil, new(map[string]ownJSON)) })
		var got map[string]string
		require.NoError(t, c.Get(t.Context(), "/x", nil, &got))
		require.Equal(t, map[string]string{"a": "panic"}, got)
	}
}
