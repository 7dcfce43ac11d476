// The program: its commands, and what they have in common.

// Command digicert is a command line for the DigiCert CertCentral Services API v2. It prints orders, certificates and
// status changes as a table, JSON or CSV.
//
//	digicert reissues list 123457
//	digicert subaccounts orders --status issued -o csv >orders.csv
//	digicert status-changes watch --checkpoint changes.checkpoint --exec ./deploy.sh
//
// The commands are named after the methods of package digicert: digicert subaccounts orders calls Subaccounts.AllOrders.
// Run digicert help for details.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"syscall"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// version is the version of the program. The linker sets it when goreleaser builds, so that a snapshot does not pass for a release.
var version = digicert.Version

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // so that a second signal kills the program, whatever it waits for
	// With a handler, a write to a closed pipe returns an error instead of killing the program. Ignoring the signal would
	// do the same, but the commands of --exec would inherit that.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	os.Exit(run(ctx, os.Args, os.Stdout, os.Stderr))
}

// app is one run of the program.
type app struct {
	out     *output  // for data
	err     *os.File // for everything else
	log     messages // err, for lines written while progress is shown
	ran     bool     // whether an action was reached; errors before that are usage errors
	command string   // full name of the command, as far as the arguments were parsed
	format  string   // output format
	look    look     // how it looks
	from    *source  // what the settings say, once they are read
	redis   *shared  // what other machines share, once it is known; nil without
}

// run runs the program and returns its exit code.
func run(ctx context.Context, args []string, stdout, stderr *os.File) int {
	a := &app{out: &output{file: stdout}, err: stderr, log: messages{file: stderr}, command: "digicert"}
	var err error
	if len(args) > 1 && args[1] == completeCommand {
		_, err = waitFor(ctx, func() (none struct{}, err error) { return none, a.complete(args[2:]) }) // it may read a pipe
		a.ran = true
	} else {
		err = a.root().Run(ctx, args)
	}
	switch {
	case a.out.failed != nil: // set even if package cli ignored the error
		err = a.out.failed
	case err != nil && !a.ran:
		err = usageError{topicError(err)}
	}
	code := exitCode(ctx, err)
	switch {
	case err == nil || errors.Is(err, errClosedPipe) || errors.As(err, new(quietError)):
	case code == exitUsage:
		fmt.Fprintf(stderr, "%s; run %s --help for usage\n", message(err), a.command)
	default:
		fmt.Fprintln(stderr, message(err)+advice(code, err))
	}
	return code
}

// root returns the tree of commands. It mirrors the services of package digicert and their methods.
func (a *app) root() *cli.Command {
	root := &cli.Command{
		Name:                      "digicert",
		Usage:                     "a command line for the DigiCert CertCentral Services API v2",
		Version:                   version,
		Description:               rootDescription,
		Flags:                     slices.Concat(connectionFlags(), []cli.Flag{outputFlag()}, lookFlags(), []cli.Flag{timeoutFlag()}),
		DisableSliceFlagSeparator: true, // faults and sort keys contain commas
		Writer:                    a.out,
		ErrWriter:                 a.err,
		ExitErrHandler:            func(context.Context, *cli.Command, error) {},
		Commands: []*cli.Command{
			group("orders", "orders of the account", a.ordersList(), a.ordersGet(), a.ordersDuplicates(), a.ordersHistory(), a.ordersByAlternativeID(),
				a.ordersPlace(), a.ordersWait(), a.ordersDuplicate(), a.ordersCancel(), a.ordersRevoke()),
			group("reissues", "reissues of an order", a.reissuesList(), a.reissuesCreate()),
			group("subaccounts", "subaccounts and their orders", a.subaccountsList(), a.subaccountsOrders(), a.subaccountsOrder()),
			group("status-changes", "orders whose status changed", a.statusChangesList(), a.statusChangesWatch()),
			group("certificates", "certificates and their chains", a.certificatesChain(), a.certificatesDownload(), a.certificatesRevoke()),
			group("requests", "requests that wait for an approval, and those that were approved or rejected", a.requestsList(), a.requestsGet(), a.requestsApprove(), a.requestsReject()),
			group("validation", "domain control validation of an order", a.validationShow(), a.validationCheck(), a.validationMethod(), a.validationToken()),
			group("organizations", "organizations of the account, and their validation", a.organizationsList(), a.organizationsGet(), a.organizationsValidation()),
			group("domains", "domains of the account, and their validation", a.domainsList(), a.domainsGet()),
			group("products", "products that the account can order", a.productsList(), a.productsGet()),
			group("users", "users of the account", a.usersMe()),
			a.account(),
			a.expiring(),
			a.inventory(),
			a.get(),
			a.config(),
			a.sandbox(),
			a.man(),
			a.completion(),
			a.help(),
		},
		HideHelpCommand: true,
	}
	a.prepare(root)
	return root
}

// rootDescription is the description in the help of the program itself.
const rootDescription = `The API key is read from the file given by --api-key-file, from the environment variable DIGICERT_API_KEY, from the file that
DIGICERT_API_KEY_FILE names, or as the profile of --profile or DIGICERT_PROFILE says (digicert config). There is no flag for the key
itself: other users of the machine can read arguments. DIGICERT_REGION, DIGICERT_BASE_URL, DIGICERT_REDIS,
DIGICERT_REDIS_NAME and DIGICERT_INVENTORY (--db) stand for the flags.

Data is written to standard output, everything else to standard error. What the service sends is escaped on a terminal, and control
characters are always escaped in JSON.

Exit codes:
   0    success; also if a watch or sandbox is stopped by a signal, or the output pipe is closed
   1    failure
   2    usage: invalid flag, argument or parameter; nothing was sent
   3    access denied: the API key is missing, invalid, lacks a permission or belongs to another account (inventory sync)
   4    not found
   5    rate limited, despite retries
   6    service unavailable, despite retries
   7    outcome unknown: a write was sent, and nothing shows whether the service carried it out
   8    something expires (expiring --fail)
   9    another sync of the inventory is under way (inventory sync)
   130  interrupted; the output is incomplete

Examples:
   digicert --demo subaccounts orders
   digicert --demo expiring 30d
   DIGICERT_API_KEY=… digicert --region eu reissues list 123457
   digicert --api-key-file key subaccounts orders --status issued -o csv >orders.csv`

// group returns a command that only has subcommands.
func group(name, usage string, commands ...*cli.Command) *cli.Command {
	return &cli.Command{Name: name, Usage: usage, Commands: commands}
}

// prepare sets what c and all commands below it have in common.
func (a *app) prepare(c *cli.Command) {
	c.OnUsageError = func(_ context.Context, c *cli.Command, err error, _ bool) error {
		a.command = c.FullName()
		return flagError(c, err)
	}
	c.DisableSliceFlagSeparator = true
	c.HideHelpCommand = true
	if c.Name == "list" {
		c.Aliases = append(c.Aliases, "ls")
	}
	if c.Action == nil {
		c.Action = func(ctx context.Context, c *cli.Command) error {
			a.command = c.FullName()
			if name := c.Args().First(); name != "" {
				return noCommand(c, name)
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

func timeoutFlag() cli.Flag {
	return &cli.StringFlag{Name: "timeout", Usage: "end after this `duration`, such as 30s or 5m; a watch or a sandbox then ends without a failure"}
}

// action wraps f, the action of a command. It checks the output format first, and bounds the time.
func (a *app) action(f func(context.Context, *cli.Command) error) cli.ActionFunc {
	return func(ctx context.Context, c *cli.Command) error {
		a.ran, a.command = true, c.FullName()
		if err := cmp.Or(refuseEmpty(c), exclude(c, "verbose", "quiet")); err != nil {
			return err
		}
		format, err := a.formatOf(c)
		if err != nil {
			return err
		}
		a.format = format
		if a.look, err = a.lookOf(c); err != nil {
			return err
		}
		a.suggestValues(c)
		timeout, err := positive(c, "timeout")
		if err != nil {
			return err
		}
		if timeout == 0 {
			return byFlag(c, f(ctx, c))
		}
		ctx, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		if err = f(ctx, c); errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("not done within --timeout %s: %w", c.String("timeout"), err)
		}
		return byFlag(c, err)
	}
}
