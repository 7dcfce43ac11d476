// Tests of arguments and flag values.

package main

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"
)

// parsed calls f with a command that has the given flags, set by args.
func parsed(t *testing.T, flags, args []string, f func(c *cli.Command)) {
	t.Helper()
	c := &cli.Command{Name: "x", Action: func(_ context.Context, c *cli.Command) error { f(c); return nil }}
	for _, name := range flags {
		c.Flags = append(c.Flags, &cli.StringFlag{Name: name})
	}
	require.NoError(t, c.Run(t.Context(), append([]string{"x"}, args...)))
}

func TestExactlyOne(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		args []string
		want string // "" if it is refused
	}{
		{nil, ""},
		{[]string{"--a", "1"}, "a"},
		{[]string{"--b", "1"}, "b"},
		{[]string{"--a", "1", "--b", "1"}, ""},
	} {
		parsed(t, []string{"a", "b"}, test.args, func(c *cli.Command) {
			got, err := exactlyOne(c, "a", "b")
			require.Equal(t, test.want, got)
			if test.want == "" {
				require.ErrorAs(t, err, new(usageError))
				require.ErrorContains(t, err, "--a, --b")
			}
		})
	}
}
