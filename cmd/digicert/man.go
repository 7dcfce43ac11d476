// The manual page: the help of all commands in one page.

package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"
)

// man returns the command that prints the manual page.
func (a *app) man() *cli.Command {
	return &cli.Command{
		Name:  "man",
		Usage: "print the manual page, in roff",
		Description: `Examples:
   digicert man >digicert.1
   digicert man | man -l -`,
		Action: a.action(func(_ context.Context, c *cli.Command) error {
			if err := cmp.Or(noArgs(c), refuseRows(c), refuseService(c)); err != nil {
				return err
			}
			_, err := fmt.Fprint(a.out, manualPage(a.root()))
			return err
		}),
	}
}

// manualPage returns the manual page of root and of all commands below it, in the macros of man(7).
func manualPage(root *cli.Command) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"%s %s\"\n.nh\n.ad l\n", strings.ToUpper(root.Name), root.Name, roff(root.Version))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n", root.Name, roff(root.Usage))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n[options] command [options] [arguments]\n", root.Name)
	b.WriteString(".SH DESCRIPTION\n")
	roffDescription(&b, root.Description)
	b.WriteString(".SH OPTIONS\nThese are options of every command.\n")
	roffFlags(&b, root.Flags)
	b.WriteString(".SH COMMANDS\n")
	for _, c := range root.Commands {
		roffCommand(&b, root.Name, c)
	}
	return b.String()
}

// roffCommand writes the section of a command, or those of a group. A group has one of its own if there is something to say of it.
func roffCommand(b *strings.Builder, above string, c *cli.Command) {
	path := above + " " + c.Name
	if len(c.Commands) > 0 {
		if c.Description != "" || len(c.Flags) > 0 {
			roffSection(b, path+" command", c)
		}
		for _, sub := range c.Commands {
			roffCommand(b, path, sub)
		}
		return
	}
	roffSection(b, strings.TrimSpace(path+" "+c.ArgsUsage), c)
}

func roffSection(b *strings.Builder, heading string, c *cli.Command) {
	fmt.Fprintf(b, ".SS %s\n%s\n", roff(heading), roff(strings.ToUpper(c.Usage[:1])+c.Usage[1:]+"."))
	if len(c.Aliases) > 0 {
		fmt.Fprintf(b, "Short: %s.\n", roff(strings.Join(c.Aliases, ", ")))
	}
	b.WriteString(".PP\n")
	roffDescription(b, c.Description)
	roffFlags(b, c.Flags)
}

// roffFlags writes flags as the help of their command shows them.
func roffFlags(b *strings.Builder, flags []cli.Flag) {
	for _, f := range flags {
		names, about, _ := strings.Cut(f.String(), "\t")
		fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(strings.TrimSpace(names)), roff(strings.TrimSpace(about)))
	}
}

// roffDescription writes a description. Its indented lines stay lines, the others are filled.
func roffDescription(b *strings.Builder, text string) {
	indented := false
	for line := range strings.SplitSeq(text, "\n") {
		if is := strings.HasPrefix(line, "   "); is != indented {
			b.WriteString(map[bool]string{true: ".RS 3\n.nf\n", false: ".fi\n.RE\n"}[is])
			indented = is
		}
		if line == "" {
			b.WriteString(".PP\n")
		} else {
			b.WriteString(roff(strings.TrimPrefix(line, "   ")) + "\n")
		}
	}
	if indented {
		b.WriteString(".fi\n.RE\n")
	}
}

// roff escapes a text that may be a line of its own, which would be a request if it began with a dot or a quote.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`).Replace(text)
	if strings.HasPrefix(text, ".") {
		return `\&` + text
	}
	return text
}
