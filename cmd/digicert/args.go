// Arguments and flag values: how ids are parsed, how many there must be, and the actions of commands that read by them.

package main

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// noArgs returns a usage error if c was given arguments.
func noArgs(c *cli.Command) error {
	if c.Args().Present() {
		return usageErrorf("%s takes no arguments, got %q", c.FullName(), c.Args().First())
	}
	return nil
}

// oneArg returns the only argument. It returns a usage error if there is not exactly one.
func oneArg(c *cli.Command) (string, error) {
	if n := c.NArg(); n != 1 {
		return "", usageErrorf("%s takes one argument, %s, got %d", c.FullName(), c.ArgsUsage, n)
	}
	return c.Args().First(), nil
}

// idArg returns the only argument as an id.
func idArg[T ~int64](c *cli.Command) (T, error) {
	s, err := oneArg(c)
	if err != nil {
		return 0, err
	}
	return parseID[T](c.ArgsUsage, s)
}

// parseID parses an id. Its error calls it name.
func parseID[T ~int64](name, text string) (T, error) {
	id, err := strconv.ParseInt(text, 10, 64)
	if err != nil || id <= 0 {
		return 0, usageErrorf("%s %q is not an id, must be a positive integer", name, text)
	}
	return T(id), nil
}

// none is the argument of a command without arguments.
type none struct{}

// noArg is noArgs for forOne and forRows.
func noArg(c *cli.Command) (none, error) { return none{}, noArgs(c) }

// forArg returns the action of a command with an argument, which arg parses. The command prints rows of type Row; struct{} if it prints none.
func forArg[Row, A any](a *app, arg func(*cli.Command) (A, error), f func(context.Context, *cli.Command, *digicert.Client, A) error) cli.ActionFunc {
	return a.action(func(ctx context.Context, c *cli.Command) error {
		if err := checkRows[Row](a); err != nil {
			return err
		}
		v, err := arg(c)
		if err != nil {
			return err
		}
		client, err := a.connect(ctx, c)
		if err != nil {
			return err
		}
		return f(ctx, c, client, v)
	})
}

// forID is forArg for an id.
func forID[Row any, ID ~int64](a *app, f func(context.Context, *cli.Command, *digicert.Client, ID) error) cli.ActionFunc {
	return forArg[Row](a, idArg[ID], f)
}

// forOne returns the action of a command that prints the single value that get returns.
func forOne[A, T any](a *app, arg func(*cli.Command) (A, error), get func(context.Context, *cli.Command, *digicert.Client, A) (*T, error)) cli.ActionFunc {
	return forArg[T](a, arg, func(ctx context.Context, c *cli.Command, client *digicert.Client, v A) error {
		value, err := get(ctx, c, client, v)
		if err != nil {
			return err
		}
		return one(a, *value)
	})
}

// forRows returns the action of a command that lists the rows that get returns. table has the columns of a table.
func forRows[A, T any](a *app, table []string, arg func(*cli.Command) (A, error), get func(context.Context, *cli.Command, *digicert.Client, A) ([]T, error)) cli.ActionFunc {
	return forArg[T](a, arg, func(ctx context.Context, c *cli.Command, client *digicert.Client, v A) error {
		rows, err := get(ctx, c, client, v)
		if err != nil {
			return err
		}
		return list(a, listing{table: table}, values(rows))
	})
}

// idFlag returns the id that a flag holds, or 0 if the flag is not set.
func idFlag[T ~int64](c *cli.Command, flag string) (T, error) {
	id := c.Int64(flag)
	if c.IsSet(flag) && id <= 0 {
		return 0, usageErrorf("--%s %d is not an id, must be positive", flag, id)
	}
	return T(id), nil
}

// exactlyOne returns the name of the one flag that is set. It returns a usage error if none or several are.
func exactlyOne(c *cli.Command, flags ...string) (string, error) {
	given := slices.DeleteFunc(slices.Clone(flags), func(name string) bool { return !c.IsSet(name) })
	if len(given) != 1 {
		return "", usageErrorf("%s takes exactly one of --%s, got %d", c.FullName(), strings.Join(flags, ", --"), len(given))
	}
	return given[0], nil
}
