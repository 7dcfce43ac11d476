// How output looks: its flags and its columns.

package main

import (
	"reflect"
	"slices"
	"strings"
	"text/template"

	"github.com/urfave/cli/v3"
	"golang.org/x/term"
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
	if err := exclude(c, "no-headers", "template"); err != nil {
		return l, err
	}
	if format := c.String("output"); c.IsSet("no-headers") && slices.Contains([]string{formatJSON, formatJSONL, formatYAML}, format) {
		return l, usageErrorf("--no-headers does not apply: %s has no headers", format)
	}
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
			return nil, usageErrorf("--columns: there is no column %q%s; there are %s", name, didYouMean(name, namesOfColumns(all)), strings.Join(namesOfColumns(all), ", "))
		}
		list = append(list, all[i])
	}
	return list, nil
}

// checkRows is check for rows of type Row. A command calls it before it sends anything.
func checkRows[Row any](a *app) error { return a.look.check(columnsOf(reflect.TypeFor[Row]())) }

// check returns an error if --columns or --template names a field that rows do not have.
func (l look) check(all []column) error {
	if len(all) == 0 && (l.columns != nil || l.template != nil) {
		return usageErrorf("--columns and --template do not apply: this command does not print rows")
	}
	if _, err := l.pick(all); err != nil || l.template == nil {
		return err
	}
	for _, path := range fieldsIn(l.template.Root, true) {
		name := strings.Join(path, ".")
		if !slices.ContainsFunc(all, func(c column) bool { return c.name == name || strings.HasPrefix(c.name, name+".") }) {
			return usageErrorf("--template: there is no field %q%s; there are %s", name, didYouMean(name, namesOfColumns(all)), strings.Join(namesOfColumns(all), ", "))
		}
	}
	return nil
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

func namesOfColumns(all []column) (names []string) {
	for _, c := range all {
		names = append(names, c.name)
	}
	return names
}

// header returns the name of a column as a table shows it: "certificate.common_name" is "common_name", "product.name" is
// "product", and "dcv_expiration.ov" is "dcv_expiration_ov".
func header(name string) string {
	path := strings.Split(name, ".")
	last := path[len(path)-1]
	switch {
	case len(path) == 1:
		return name
	case last == "name":
		return path[len(path)-2]
	case slices.Contains([]string{"id", "status", "ov", "ev"}, last):
		return path[len(path)-2] + "_" + last
	}
	return last
}

// encoded returns the part of a row that is encoded as JSON or YAML.
func (l look) encoded(row reflect.Value, columns []column) any {
	if l.columns == nil {
		return row.Addr().Interface()
	}
	return chosen{row, columns}
}
