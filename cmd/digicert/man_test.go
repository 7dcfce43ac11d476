// Tests of the manual page.

package main

import (
	"bytes"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"
)

// TestMan checks that the manual page has every command with its description and flags, and nothing that roff would read as something
// else.
func TestMan(t *testing.T) {
	t.Parallel()
	r := execute(t, cleanEnv(), "man")
	require.Zero(t, r.code, r.stderr)
	require.Empty(t, r.stderr)
	require.True(t, strings.HasPrefix(r.stdout, ".TH DIGICERT 1 "), r.stdout)
	request := regexp.MustCompile(`^\.(TH|nh|ad|SH|SS|TP|PP|B|RS|RE|nf|fi)( |$)`)
	escape := regexp.MustCompile(`\\(e|-|&|\([a-z]{2})`)
	for line := range strings.Lines(r.stdout) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, ".") {
			require.Regexp(t, request, line)
		}
		require.False(t, strings.HasPrefix(line, "'"), line)
		require.NotContains(t, escape.ReplaceAllString(line, ""), `\`)
	}
	text := strings.NewReplacer(`\-`, "-", `\(aq`, "'", `\(ti`, "~", `\e`, `\`, `\&`, "").Replace(r.stdout)
	require.Equal(t, strings.Count(text, ".nf\n"), strings.Count(text, ".fi\n"))
	var walk func(c *cli.Command, path string)
	walk = func(c *cli.Command, path string) {
		if len(c.Commands) == 0 {
			require.Contains(t, text, ".SS "+path)
		}
		if len(c.Commands) == 0 || c.Root() == c {
			for _, f := range c.Flags {
				require.Contains(t, text, "\n.B "+dashed(f.Names()[0]))
			}
			for line := range strings.SplitSeq(c.Description, "\n") {
				require.Contains(t, text, strings.TrimPrefix(line, "   "), "the description of %s", path)
			}
		}
		for _, sub := range c.Commands {
			walk(sub, path+" "+sub.Name)
		}
	}
	walk((&app{out: &output{file: os.Stdout}, err: os.Stderr}).root(), "digicert")
	require.Equal(t, exitUsage, execute(t, cleanEnv(), "man", "orders").code)
}

// TestManFormats checks that the programs that format manual pages, where they are installed, report nothing.
func TestManFormats(t *testing.T) {
	t.Parallel()
	page := execute(t, cleanEnv(), "man").stdout
	require.NotEmpty(t, page)
	for _, args := range [][]string{{"groff", "-man", "-Tutf8", "-Kutf8", "-ww"}, {"mandoc", "-man", "-Werror"}} {
		path, err := exec.LookPath(args[0])
		if err != nil {
			continue
		}
		c := exec.Command(path, args[1:]...)
		c.Stdin = strings.NewReader(page)
		var stdout bytes.Buffer
		c.Stdout = &stdout
		r := finish(t, c)
		require.Zero(t, r.code, r.stderr)
		require.Empty(t, r.stderr)
		require.Contains(t, stdout.String(), "digicert orders list")
	}
}

func TestRoff(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		".TH x": `\&.TH x`, "'br": `\(aqbr`, `a\b`: `a\eb`, "--limit": `\-\-limit`, "a.b": "a.b", "~/x`y^": `\(ti/x\(gay\(ha`, "": "",
	} {
		require.Equal(t, want, roff(text))
	}
}
