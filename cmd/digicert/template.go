// Templates: rows as --template says.

package main

import (
	"reflect"
	"strings"
	"text/template"
	"text/template/parse"
)

// templateEncoder writes each row by a template.
type templateEncoder struct {
	*buffered
	template *template.Template
	columns  []column
}

func (e *templateEncoder) row(v reflect.Value) error {
	row := make(map[string]any)
	for _, c := range e.columns { // what the row lacks is an empty text
		at, path := row, c.names
		for _, name := range path[:len(path)-1] {
			next, ok := at[name].(map[string]any)
			if !ok {
				next = make(map[string]any)
				at[name] = next
			}
			at = next
		}
		at[path[len(path)-1]] = ""
		if field, ok := c.value(v); ok {
			at[path[len(path)-1]] = plainValue(field)
		}
	}
	if err := e.template.Execute(e.buffered, row); err != nil {
		return usageErrorf("--template: %s", strings.TrimPrefix(err.Error(), "template: row:"))
	}
	return nil
}

func (e *templateEncoder) end() error { return nil }

// plainValue returns a field as a template uses it: numbers and flags as they are, lists of texts as lists, and all else as text.
func plainValue(v reflect.Value) any {
	switch x := v.Interface().(type) {
	case bool, []string:
		return x
	case sqlValue:
		return x.plain()
	}
	if k := v.Kind(); k == reflect.Int || k == reflect.Int64 {
		return v.Int()
	}
	return textOf(v)
}

// fieldsIn returns the fields of a row that a part of a template uses, as paths of names. ofRow says whether its dot is the row: within
// range and with it is not, and only what begins with $ is a field of the row. Nothing is known of templates that it defines.
func fieldsIn(n parse.Node, ofRow bool) (paths [][]string) {
	add := func(n parse.Node, ofRow bool) { paths = append(paths, fieldsIn(n, ofRow)...) }
	branch := func(b *parse.BranchNode, inside bool) {
		add(b.Pipe, ofRow)
		add(b.List, inside)
		if b.ElseList != nil {
			add(b.ElseList, ofRow)
		}
	}
	switch n := n.(type) {
	case *parse.ListNode:
		for _, part := range n.Nodes {
			add(part, ofRow)
		}
	case *parse.ActionNode:
		add(n.Pipe, ofRow)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			add(n.Pipe, ofRow)
		}
	case *parse.IfNode:
		branch(&n.BranchNode, ofRow)
	case *parse.RangeNode:
		branch(&n.BranchNode, false)
	case *parse.WithNode:
		branch(&n.BranchNode, false)
	case *parse.PipeNode:
		for _, command := range n.Cmds {
			add(command, ofRow)
		}
	case *parse.CommandNode:
		for _, arg := range n.Args {
			add(arg, ofRow)
		}
	case *parse.ChainNode:
		add(n.Node, ofRow)
	case *parse.FieldNode:
		if ofRow {
			paths = append(paths, n.Ident)
		}
	case *parse.VariableNode:
		if n.Ident[0] == "$" && len(n.Ident) > 1 {
			paths = append(paths, n.Ident[1:])
		}
	}
	return paths
}
