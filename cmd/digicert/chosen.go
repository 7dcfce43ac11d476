// The columns that --columns chooses, as JSON.

package main

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
)

// chosen is a row of which only some columns are encoded, nested as in the whole row.
type chosen struct {
	row     reflect.Value
	columns []column
}

// node is a member of a JSON object.
type node struct {
	name     string
	value    []byte // JSON; nil for an object
	children []*node
}

func (n *node) put(path []string, value []byte) {
	i := slices.IndexFunc(n.children, func(c *node) bool { return c.name == path[0] })
	if i < 0 {
		i = len(n.children)
		n.children = append(n.children, &node{name: path[0]})
	}
	if len(path) == 1 {
		n.children[i].value = value
		return
	}
	n.children[i].put(path[1:], value)
}

func (n *node) append(b *bytes.Buffer) {
	if n.value != nil {
		b.Write(n.value)
		return
	}
	b.WriteByte('{')
	for i, c := range n.children {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(b, "%q:", c.name)
		c.append(b)
	}
	b.WriteByte('}')
}

// MarshalJSON encodes the columns that the row has.
func (c chosen) MarshalJSON() ([]byte, error) {
	var object node
	for _, column := range c.columns {
		v, ok := column.value(c.row)
		if !ok {
			continue
		}
		var value bytes.Buffer
		if err := marshal(&value, v.Interface()); err != nil {
			return nil, err
		}
		object.put(column.names, bytes.TrimSpace(value.Bytes()))
	}
	var b bytes.Buffer
	object.append(&b)
	return b.Bytes(), nil
}
