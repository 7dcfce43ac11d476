// How output looks: which columns, with which colours, by which template.

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
	"time"

	"github.com/urfave/cli/v3"
	"go.yaml.in/yaml/v3"
	"golang.org/x/term"

	"github.com/go-digicert/digicert"
)

// look is how output looks, apart from its format.
type look struct {
	columns   []string // those that --columns names; none: all, or those of the table
	noHeaders bool
	color     bool
	width     int // of the terminal; 0: there is none
	template  *template.Template
}

const (
	colorAuto   = "auto"
	colorAlways = "always"
	colorNever  = "never"
)

func lookFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "columns", Usage: "print only these comma-separated `columns`, such as id,status,certificate.common_name, in every format"},
		&cli.BoolFlag{Name: "no-headers", Usage: "print a table or CSV without its first line"},
		&cli.StringFlag{Name: "template", Usage: "print each row by this Go `template`, such as '{{.id}} {{.certificate.common_name}}'"},
		&cli.StringFlag{Name: "color", Value: colorAuto, Usage: "colour and bold: auto, `always` or never; auto heeds NO_COLOR"},
	}
}

// lookOf returns what the flags say.
func (a *app) lookOf(c *cli.Command) (look, error) {
	var l look
	if text := c.String("columns"); c.IsSet("columns") {
		for name := range strings.SplitSeq(text, ",") {
			if name = strings.TrimSpace(name); name == "" {
				return l, usageErrorf("--columns %q has an empty name", text)
			}
			l.columns = append(l.columns, name)
		}
	}
	l.noHeaders = c.Bool("no-headers")
	switch color := c.String("color"); color {
	case colorAuto:
		l.color = useColor(a.out.file)
	case colorAlways, colorNever:
		l.color = color == colorAlways
	default:
		return l, usageErrorf("--color %q is invalid, must be auto, always or never", color)
	}
	if a.out.terminal() {
		if width, _, err := term.GetSize(int(a.out.file.Fd())); err == nil {
			l.width = width
		}
	}
	if text := c.String("template"); c.IsSet("template") {
		if c.IsSet("output") || c.IsSet("columns") {
			return l, usageErrorf("--template excludes --output and --columns: it says how a row looks")
		}
		if !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		var err error
		if l.template, err = template.New("row").Option("missingkey=error").Parse(text); err != nil {
			return l, usageErrorf("--template: %s", strings.TrimPrefix(err.Error(), "template: row:"))
		}
	}
	return l, nil
}

// pick returns the columns with the names that --columns gives, or all.
func (l look) pick(all []column) ([]column, error) {
	if l.columns == nil {
		return all, nil
	}
	var list []column
	for _, name := range l.columns {
		i := find(all, name)
		if i < 0 {
			return nil, usageErrorf("--columns: there is no column %q; there are %s", name, columnNames(all))
		}
		list = append(list, all[i])
	}
	return list, nil
}

// check returns an error if --columns or --template names a field that rows do not have.
func (l look) check(all []column) error {
	if _, err := l.pick(all); err != nil || l.template == nil {
		return err
	}
	for _, path := range fieldsIn(l.template.Root, true) {
		name := strings.Join(path, ".")
		if !slices.ContainsFunc(all, func(c column) bool { return c.name == name || strings.HasPrefix(c.name, name+".") }) {
			return usageErrorf("--template: there is no field %q; there are %s", name, columnNames(all))
		}
	}
	return nil
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

// find returns the column with a name, or with a header of that name: of several, the least nested one. -1: there is none.
func find(all []column, name string) int {
	found := -1
	for i, c := range all {
		switch {
		case c.name == name:
			return i
		case header(c.name) == name && (found < 0 || len(c.path) < len(all[found].path)):
			found = i
		}
	}
	return found
}

func columnNames(all []column) string {
	var names []string
	for _, c := range all {
		names = append(names, c.name)
	}
	return strings.Join(names, ", ")
}

// header returns the name of a column as a table shows it: "certificate.common_name" is "common_name", and "product.name"
// is "product".
func header(name string) string {
	path := strings.Split(name, ".")
	last := path[len(path)-1]
	switch {
	case len(path) == 1:
		return name
	case last == "name":
		return path[len(path)-2]
	case last == "id", last == "status":
		return path[len(path)-2] + "_" + last
	}
	return last
}

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
		object.put(strings.Split(column.name, "."), bytes.TrimSpace(value.Bytes()))
	}
	var b bytes.Buffer
	object.append(&b)
	return b.Bytes(), nil
}

// encoded returns what of a row is encoded as JSON or YAML.
func (l look) encoded(row reflect.Value, columns []column) any {
	if l.columns == nil {
		return row.Addr().Interface()
	}
	return chosen{row, columns}
}

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

// templateEncoder writes each row by a template.
type templateEncoder struct {
	*buffered
	template *template.Template
	columns  []column
}

func (e *templateEncoder) row(v reflect.Value) error {
	row := make(map[string]any)
	for _, c := range e.columns { // what the row lacks is an empty text
		at, path := row, strings.Split(c.name, ".")
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
	}
	if k := v.Kind(); k == reflect.Int || k == reflect.Int64 {
		return v.Int()
	}
	return textOf(v)
}

// The colours of cells.
const (
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	red    = "\x1b[31m"
	plain  = "\x1b[0m"
)

var statusColors = map[string]string{
	string(digicert.OrderStatusIssued): green, string(digicert.OrderStatusApproved): green, "active": green, "valid": green,
	string(digicert.OrderStatusRejected): red, string(digicert.OrderStatusRevoked): red, string(digicert.OrderStatusCanceled): red,
	string(digicert.OrderStatusDenied): red, string(digicert.OrderStatusExpired): red,
	string(digicert.OrderStatusPending): yellow, string(digicert.OrderStatusReissuePending): yellow, string(digicert.OrderStatusNeedsApproval): yellow,
	string(digicert.OrderStatusNeedsCSR): yellow, string(digicert.OrderStatusProcessing): yellow, string(digicert.OrderStatusReissueProcessing): yellow,
	string(digicert.OrderStatusWaitingPickup): yellow, "submitted": yellow,
}

// What expires within these days is coloured.
const soonDays, verySoonDays = 30, 7

// cellColor returns the colour of a cell: that of a status, or of a day on which something expires soon. "" is none.
func cellColor(column, text string, today digicert.Date) string {
	left := 0
	switch name := column[strings.LastIndex(column, ".")+1:]; name {
	case "status":
		return statusColors[text]
	case "days_left", "days_remaining":
		if _, err := fmt.Sscan(text, &left); err != nil {
			return ""
		}
	case "valid_till":
		day, err := digicert.ParseDate(text)
		if err != nil {
			return ""
		}
		left = int(day.In(time.UTC).Sub(today.In(time.UTC)) / (24 * time.Hour))
	default:
		return ""
	}
	switch {
	case left <= verySoonDays:
		return red
	case left <= soonDays:
		return yellow
	}
	return ""
}

// useColor reports whether text on f may have colours.
func useColor(f *os.File) bool {
	return isTerminal(f) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}
