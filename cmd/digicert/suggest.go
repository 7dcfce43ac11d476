// Suggestions for mistyped words, and usage errors in the user's words.

package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// nearest returns the one word that was probably meant, or "" if none or several are as near.
func nearest(word string, words []string) string {
	most := 1 // how many letters may differ
	if len(word) > 4 {
		most = 2
	}
	best, found := most+1, ""
	for _, w := range words {
		d := distance(strings.ToLower(word), strings.ToLower(w))
		if len(word) >= 3 && strings.HasPrefix(w, word) {
			d = min(d, 1)
		}
		switch {
		case d < best:
			best, found = d, w
		case d == best && w != found:
			found = ""
		}
	}
	return found
}

// distance returns how many letters must be changed, added, removed or swapped with the next one to turn a into b.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	rows := make([][]int, len(x)+1)
	for i := range rows {
		rows[i] = make([]int, len(y)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(x); i++ {
		for j := 1; j <= len(y); j++ {
			change := 1
			if x[i-1] == y[j-1] {
				change = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+change)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(x)][len(y)]
}

// didYouMean returns the question about a word, or "".
func didYouMean(word string, words []string) string {
	if meant := nearest(word, words); meant != "" {
		return fmt.Sprintf(" (did you mean %s?)", meant)
	}
	return ""
}

// noCommand is the error of a command that does not exist.
func noCommand(c *cli.Command, name string) error {
	var names []string
	for _, sub := range c.Commands {
		if !sub.Hidden {
			names = append(names, sub.Name)
		}
	}
	has := c.FullName() + " has"
	if c.Root() == c {
		has = "there is"
	}
	return usageErrorf("%s no command %q%s", has, printable(name), didYouMean(name, names))
}

var (
	givenTwice   = regexp.MustCompile(`(?s)^invalid value ".*" for flag -([^:]*): can't duplicate this flag$`)
	unknownTopic = regexp.MustCompile(`(?s)^No help topic for '(.*)'$`)
	unknownFlag  = regexp.MustCompile(`^flag provided but not defined: -(.*)$`)
	flagWithout  = regexp.MustCompile(`^flag needs an argument: -{0,2}(.*)$`)
	invalidValue = regexp.MustCompile(`(?s)^invalid value "(.*)" for flag -([^:]*): .*$`)
)

// topicError returns the error of package cli about a command after --help, in other words.
func topicError(err error) error {
	if m := unknownTopic.FindStringSubmatch(err.Error()); m != nil {
		return fmt.Errorf("there is no command %q", printable(m[1]))
	}
	return err
}

// flagError returns the error of package cli about a flag in the user's words.
func flagError(c *cli.Command, err error) error {
	text := err.Error()
	if m := unknownFlag.FindStringSubmatch(text); m != nil {
		names := flagNames(c)
		meant := nearest(m[1], names)
		switch {
		case meant != "":
			meant = " (did you mean " + dashed(meant) + "?)"
		case isBelow(c, m[1]):
			return usageErrorf("%s belongs after the command that it is a flag of", dashed(m[1]))
		}
		return usageErrorf("there is no flag %s%s", dashed(printable(m[1])), meant)
	}
	if m := flagWithout.FindStringSubmatch(text); m != nil {
		return usageErrorf("%s needs a value", dashed(m[1]))
	}
	if m := givenTwice.FindStringSubmatch(text); m != nil {
		return usageErrorf("%s is given twice: several values are separated by commas", dashed(m[1]))
	}
	if m := invalidValue.FindStringSubmatch(text); m != nil {
		what := "has an invalid value"
		switch flagNamed(c, m[2]).(type) {
		case *cli.IntFlag, *cli.Int64Flag, *cli.Uint64Flag:
			what = "must be a whole number"
		case *cli.BoolFlag:
			what = "must be true or false"
		}
		return usageErrorf("%s %q %s", dashed(m[2]), printable(m[1]), what)
	}
	return err
}

// dashed returns a flag as it is typed.
func dashed(name string) string {
	if len(name) == 1 {
		return "-" + name
	}
	return "--" + strings.TrimLeft(name, "-")
}

// flagNames returns the names of the flags of a command and of those above it.
func flagNames(c *cli.Command) (names []string) {
	for _, above := range c.Lineage() {
		for _, f := range above.Flags {
			names = append(names, f.Names()...)
		}
	}
	return append(names, "help")
}

// isBelow reports whether a command below c has a flag with a name.
func isBelow(c *cli.Command, name string) bool {
	return slices.ContainsFunc(c.Commands, func(sub *cli.Command) bool {
		return slices.ContainsFunc(sub.Flags, func(f cli.Flag) bool { return slices.Contains(f.Names(), name) }) || isBelow(sub, name)
	})
}

func flagNamed(c *cli.Command, name string) cli.Flag {
	for _, above := range c.Lineage() {
		for _, f := range above.Flags {
			if slices.Contains(f.Names(), name) {
				return f
			}
		}
	}
	return nil
}

// flagsOfParams are the flags that set the parameters of package digicert which a *ParamError names.
var flagsOfParams = map[string]string{
	"certificate.csr": "--csr", "CSR": "--csr", "certificate.common_name": "--common-name", "certificate.dns_names": "--dns-name",
	"certificate.signature_hash": "--signature-hash", "certificate.ca_cert_id": "--ca-cert-id",
	"certificate.cert_validity": "--certificate-years, --certificate-days and --certificate-expires", "certificate.cert_validity.years": "--certificate-years",
	"certificate.cert_validity.days": "--certificate-days", "certificate.cert_validity.custom_expiration_date": "--certificate-expires",
	"order_validity": "--years, --days and --expires", "order_validity.years": "--years", "order_validity.days": "--days", "order_validity.custom_expiration_date": "--expires",
	"organization.id": "--organization", "container.id": "--container", "renewal_of_order_id": "--renewal-of", "alternative_order_id": "--alternative-id",
	"filters[date_created]": "--created:", "filters[valid_till]": "--valid-till:", "filters[status_last_updated]": "--between:", "sort": "--sort", "limit": "--limit",
	"path": "PATH", "WithBaseURL": "--base-url:", "seconds": "--last:", "minutes": "--last:", "Start": "--since:", "serial_number": "--serial-number", "serials": "--serial-number",
	"dcv_method": "--dcv-method", "payment_method": "--payment-method", "additional_emails": "--email", "comments": "--comments", "processor_comment": "--comment",
	"note": "--note", "revocation_reason": "--reason", "product_name_id": "PRODUCT", "format": "--format", "within": "WITHIN", "CertificateID": "--certificate", "Interval": "--interval",
}

// byFlag names the flag, or the argument, in the error of a parameter.
func byFlag(c *cli.Command, err error) error {
	var refused *digicert.ParamError
	if !errors.As(err, &refused) {
		return err
	}
	name := flagsOfParams[refused.Param]
	if name == "" && strings.HasPrefix(refused.Param, "custom_fields[") {
		name = "--custom-field"
	}
	if refused.Param == "alternative_order_id" && flagNamed(c, "alternative-id") == nil {
		name = c.ArgsUsage
	}
	if strings.HasSuffix(refused.Param, "_validity") {
		return usageErrorf("only one of %s may be given", name)
	}
	reason := strings.NewReplacer(" Extra", " --extra", " with CSR", " with --csr").Replace(refused.Reason)
	if name == "" { // such as the key
		return err
	}
	return usageErrorf("%s %s", name, reason)
}

// orderStatuses are the documented statuses, and those that have been seen.
var orderStatuses = []digicert.OrderStatus{
	digicert.OrderStatusPending, digicert.OrderStatusIssued, digicert.OrderStatusRejected, digicert.OrderStatusRevoked, digicert.OrderStatusWaitingPickup,
	digicert.OrderStatusReissuePending, digicert.OrderStatusCanceled, digicert.OrderStatusNeedsApproval, digicert.OrderStatusNeedsCSR, digicert.OrderStatusProcessing,
	digicert.OrderStatusApproved, digicert.OrderStatusDenied, digicert.OrderStatusExpired, digicert.OrderStatusReissueProcessing,
}

// suggestValues warns of a value that is nearly one that is known, and of any status of orders that is not known. It is used
// nevertheless: the service may have others.
func (a *app) suggestValues(c *cli.Command) {
	command := strings.TrimPrefix(c.FullName(), c.Root().Name+" ")
	for _, f := range c.Flags {
		name := f.Names()[0]
		known := knownValues(command, name)
		if known == nil || !c.IsSet(name) || name == "on-failure" || name == "sort" && command != "orders list" {
			continue // the others are checked where they are used
		}
		values := []string{c.String(name)}
		switch {
		case isFilter(f):
			values, _ = filterValues(c, name) // an error is returned where they are used
		case name == "sort":
			values = keysOf(c.String(name))
		}
		what := "value"
		if name == "status" && valuesOfCommands[command+" --status"] == nil { // that of orders
			what = "status"
		}
		for _, value := range values {
			if name == "sort" {
				value = strings.TrimPrefix(value, "-")
			}
			if known := known(); !slices.Contains(known, value) && (what == "status" || nearest(value, known) != "") {
				fmt.Fprintf(&a.log, "digicert: warning: --%s %s is not a %s that is known%s\n", name, printable(value), what, didYouMean(value, known))
			}
		}
	}
}

// help returns the command that prints the help of a command by its path.
func (a *app) help() *cli.Command {
	return &cli.Command{
		Name:      "help",
		Aliases:   []string{"h"},
		Usage:     "print the help of a command",
		ArgsUsage: "[COMMAND…]",
		Description: `Examples:
   digicert help orders
   digicert help orders list`,
		Action: func(_ context.Context, c *cli.Command) error {
			a.command = c.FullName()
			at := c.Root()
			path := []string{at.Name}
			for _, name := range c.Args().Slice() {
				below := at.Command(name)
				if below == nil {
					return noCommand(at, name)
				}
				at, path = below, append(path, name)
			}
			return a.root().Run(context.Background(), append(path, "--help")) // ctx is that of this command
		},
	}
}
