// Digicert is the command line of package digicert: what the services of the package list, as a table, JSON or CSV.
//
//	digicert reissues list 123457
//	digicert subaccounts orders --status issued -o csv >orders.csv
//	digicert status-changes watch --checkpoint changes.checkpoint --exec ./deploy.sh
//
// Its words are those of the package: digicert subaccounts orders is Subaccounts.AllOrders. The README of the module has
// a section on it, and digicert help the details.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // so that the second signal ends the program, whatever it waits for
	// With a handler, writing to a closed pipe is an error and does not end the program. To ignore the signal would do the
	// same, but be passed on to the commands of --exec.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	os.Exit(run(ctx, os.Args, os.Stdout, os.Stderr))
}

// app is one run of the program.
type app struct {
	out     *output  // for data
	err     *os.File // for everything else
	log     messages // the same, for what comes while there may be progress on it
	ran     bool     // whether a command began; what fails before that is the usage
	command string   // the one that was asked for, as far as the arguments were understood
	format  string   // that of the output
}

// run returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr *os.File) int {
	a := &app{out: &output{file: stdout}, err: stderr, log: messages{file: stderr}, command: "digicert"}
	err := a.root().Run(ctx, args)
	switch {
	case a.out.failed != nil: // also where package cli wrote
		err = a.out.failed
	case err != nil && !a.ran:
		err = usageError{err}
	}
	code := exitCode(ctx, err)
	switch {
	case err == nil || errors.Is(err, errClosedPipe):
	case code == exitUsage:
		fmt.Fprintf(stderr, "%s; %s --help tells more\n", message(err), a.command)
	default:
		fmt.Fprintln(stderr, message(err)+advice(code, err))
	}
	return code
}

// root is the tree of commands. It mirrors the services of the package and their methods.
func (a *app) root() *cli.Command {
	root := &cli.Command{
		Name:                      "digicert",
		Usage:                     "a command line for the DigiCert CertCentral Services API v2",
		Version:                   digicert.Version,
		Description:               rootDescription,
		Flags:                     append(connectionFlags(), outputFlag()),
		EnableShellCompletion:     true,
		DisableSliceFlagSeparator: true, // faults and sort keys have commas of their own
		Writer:                    a.out,
		ErrWriter:                 a.err,
		ExitErrHandler:            func(context.Context, *cli.Command, error) {},
		Commands: []*cli.Command{
			group("orders", "the orders of the account", a.ordersList(), a.ordersGet(), a.ordersDuplicates(), a.ordersHistory()),
			group("reissues", "the reissues of an order", a.reissuesList()),
			group("subaccounts", "what belongs to subaccounts", a.subaccountsList(), a.subaccountsOrders(), a.subaccountsOrder()),
			group("status-changes", "the orders whose status changed", a.statusChangesList(), a.statusChangesWatch()),
			group("certificates", "certificates themselves", a.certificatesChain(), a.certificatesDownload()),
			a.get(),
			a.sandbox(),
		},
		ConfigureShellCompletionCommand: func(c *cli.Command) {
			c.Hidden = false
			c.Usage = "print a script that completes commands in bash, zsh, fish or pwsh"
		},
	}
	a.prepare(root)
	return root
}

// rootDescription is what help tells about the program as a whole.
const rootDescription = `The API key is read from the file that --api-key-file names, or else from DIGICERT_API_KEY. It is
never an argument: every user of the machine can read those.

Data goes to standard output, everything else to standard error.

Exit codes:
   0    success; also a watch or a sandbox that was told to end, and a closed pipe
   1    failure
   2    usage: a flag, an argument or a parameter was refused, and nothing was sent
   3    there is no key, it is not accepted, or it lacks a permission
   4    not found
   5    rate limited, in spite of waiting
   6    the service is unavailable, in spite of trying again
   130  interrupted: what was printed is incomplete

Examples:
   digicert --demo subaccounts orders
   DIGICERT_API_KEY=… digicert --region eu reissues list 123457
   digicert --api-key-file key subaccounts orders --status issued -o csv >orders.csv`

// group is a command that only holds others.
func group(name, usage string, commands ...*cli.Command) *cli.Command {
	return &cli.Command{Name: name, Usage: usage, Commands: commands}
}

// prepare gives all commands below c what they have in common.
func (a *app) prepare(c *cli.Command) {
	c.OnUsageError = func(_ context.Context, c *cli.Command, err error, _ bool) error {
		a.command = c.FullName()
		return err
	}
	c.DisableSliceFlagSeparator = true
	if c.Action == nil {
		c.Action = func(ctx context.Context, c *cli.Command) error {
			a.command = c.FullName()
			if name := c.Args().First(); name != "" {
				return usageErrorf("%s has no command %q", c.FullName(), name)
			}
			if c.Root() == c {
				return cli.ShowRootCommandHelp(c)
			}
			return cli.ShowSubcommandHelp(c)
		}
	}
	for _, sub := range c.Commands {
		a.prepare(sub)
	}
}

// action is what a command does, once it is known to be wanted.
func (a *app) action(f func(context.Context, *cli.Command) error) cli.ActionFunc {
	return func(ctx context.Context, c *cli.Command) error {
		a.ran, a.command = true, c.FullName()
		format, err := a.formatOf(c)
		if err != nil {
			return err
		}
		a.format = format
		return f(ctx, c)
	}
}
