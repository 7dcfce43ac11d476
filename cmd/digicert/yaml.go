// The YAML format.

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"go.yaml.in/yaml/v3"
)

// yamlEncoder writes each row as an item of a YAML sequence.
type yamlEncoder struct {
	*buffered
	value func(reflect.Value) any
	begun bool
}

func (e *yamlEncoder) row(v reflect.Value) error {
	e.begun = true
	text, err := yamlOf([]any{e.value(v)})
	e.Write(text)
	return err
}

func (e *yamlEncoder) end() error {
	if !e.begun {
		e.WriteString("[]\n")
	}
	return nil
}

// yamlOf returns a value as YAML, with the names and the order of its JSON.
func yamlOf(v any) ([]byte, error) {
	var text, b bytes.Buffer
	if err := marshal(&text, v); err != nil {
		return nil, err
	}
	d := json.NewDecoder(&text)
	d.UseNumber()
	node, err := yamlNode(d)
	if err != nil {
		return nil, err
	}
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(node), enc.Close()); err != nil {
		return nil, err
	}
	return escape(b.Bytes()), nil
}

// yamlNode returns the next value of a JSON decoder as a YAML node. JSON is YAML too, but for the escapes of characters beyond
// U+FFFF, and control characters that are not escaped.
func yamlNode(d *json.Decoder) (*yaml.Node, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Delim:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		if token == '{' {
			n.Kind = yaml.MappingNode // its content are names and values in turn, as the tokens are
		}
		for d.More() {
			child, err := yamlNode(d)
			if err != nil {
				return nil, err
			}
			n.Content = append(n.Content, child)
		}
		if len(n.Content) == 0 {
			n.Style = yaml.FlowStyle
		}
		_, err = d.Token() // the end
		return n, err
	case string:
		n := &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: token} // the encoder quotes what needs it
		if string(escape([]byte(token))) != token {
			n.Style = yaml.DoubleQuotedStyle // in which escapes keep their meaning
		}
		return n, nil
	case nil:
		return &yaml.Node{Kind: yaml.ScalarNode, Value: "null"}, nil
	default: // a number or a flag
		return &yaml.Node{Kind: yaml.ScalarNode, Value: fmt.Sprint(token)}, nil
	}
}
