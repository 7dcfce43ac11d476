package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"
)

// TestHelp compares the help of every command, and checks that there is no other.
func TestHelp(t *testing.T) {
	t.Parallel()
	want := make(map[string]bool)
	var walk func(c *cli.Command, path []string)
	walk = func(c *cli.Command, path []string) {
		name := strings.Join(path, "_") + ".txt"
		want[name] = true
		r := execute(t, cleanEnv(), append(slices.Clone(path[1:]), "--help")...)
		require.Zero(t, r.code, r.stderr)
		require.Empty(t, r.stderr)
		require.NotContains(t, r.stdout, "\x1b")
		golden(t, "help/"+name, r.stdout)
		if len(c.Commands) == 0 {
			require.Contains(t, r.stdout, "Examples:\n", "%v: help has examples", path)
			return
		}
		require.Equal(t, r, execute(t, cleanEnv(), path[1:]...), "a group alone shows its help")
		for _, sub := range c.Commands {
			walk(sub, append(slices.Clone(path), sub.Name))
		}
	}
	walk((&app{out: &output{file: os.Stdout}, err: os.Stderr}).root(), []string{"digicert"})

	// Package cli adds this one, and the names of the shells, when it runs.
	r := execute(t, cleanEnv(), "completion", "--help")
	require.Zero(t, r.code, r.stderr)
	golden(t, "help/digicert_completion.txt", r.stdout)
	want["digicert_completion.txt"] = true

	files, err := filepath.Glob(filepath.Join("testdata", "help", "*"))
	require.NoError(t, err)
	for _, file := range files {
		require.True(t, want[filepath.Base(file)], "%s is of no command", file)
	}
}

// TestTables compares the table of every listing of the documented samples.
func TestTables(t *testing.T) {
	t.Parallel()
	s := sandbox(t)
	for name, args := range tables {
		golden(t, "table/"+name+".txt", s.ok(t, append(strings.Fields(args), "-o", "table")...))
	}
}

// tables are the listings, each with a golden file.
var tables = map[string]string{
	"reissues_list":          "reissues list 123457",
	"reissues_list_empty":    "reissues list 123456",
	"subaccounts_orders":     "subaccounts orders",
	"status-changes_list":    "status-changes list --last 10m",
	"subaccounts_orders_one": "subaccounts orders --status issued",
}
