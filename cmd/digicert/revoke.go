// The commands that revoke.

package main

import (
	"context"
	"fmt"
	"reflect"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

func revokeFlags() []cli.Flag {
	return writeFlags(
		&cli.StringFlag{Name: "comments", Usage: "`text` for those who approve"},
		&cli.BoolFlag{Name: "skip-approval", Usage: "revoke at once; the key needs administrator rights"},
		&cli.StringFlag{Name: "reason", Usage: "`reason`: unspecified, keyCompromise, affiliationChanged, superseded or cessationOfOperation"},
	)
}

const revokeDescription = `A revocation cannot be undone. Without --skip-approval, the service creates a request that somebody must approve: see
digicert requests. If it was revoked before, the command succeeds.

`

// ordersRevoke returns the command that runs Orders.Revoke.
func (a *app) ordersRevoke() *cli.Command {
	return &cli.Command{
		Name:      "revoke",
		Usage:     "revoke all certificates of an order",
		ArgsUsage: "ORDER_ID",
		Description: revokeDescription + `Examples:
   digicert orders revoke 123457 --reason keyCompromise --comments "the key was published"
   digicert orders revoke 123457 --skip-approval --yes`,
		Flags: revokeFlags(),
		Action: forRevoke(a, "Revoke all certificates of order %d?", func(ctx context.Context, client *digicert.Client, id digicert.OrderID, p *digicert.RevokeParams) (*digicert.Revocation, error) {
			return client.Orders.Revoke(ctx, id, p)
		}),
	}
}

// certificatesRevoke returns the command that runs Certificates.Revoke.
func (a *app) certificatesRevoke() *cli.Command {
	return &cli.Command{
		Name:      "revoke",
		Usage:     "revoke a certificate",
		ArgsUsage: "CERTIFICATE_ID",
		Description: revokeDescription + `Examples:
   digicert certificates revoke 112227 --reason superseded
   digicert certificates revoke 112227 --skip-approval --yes`,
		Flags: revokeFlags(),
		Action: forRevoke(a, "Revoke certificate %d?", func(ctx context.Context, client *digicert.Client, id digicert.CertificateID, p *digicert.RevokeParams) (*digicert.Revocation, error) {
			return client.Certificates.Revoke(ctx, id, p)
		}),
	}
}

func forRevoke[T ~int64](
	a *app, question string, revoke func(context.Context, *digicert.Client, T, *digicert.RevokeParams) (*digicert.Revocation, error),
) cli.ActionFunc {
	return forWrite(a, func(_ context.Context, c *cli.Command) (write, error) {
		id, err := idArg[T](c)
		p := &digicert.RevokeParams{
			Comments: c.String("comments"), SkipApproval: c.Bool("skip-approval"), Reason: digicert.RevocationReason(c.String("reason")),
		}
		return write{fmt.Sprintf(question+" It cannot be undone.", id), func(ctx context.Context, client *digicert.Client) error {
			revocation, err := revoke(ctx, client, id, p)
			if err != nil {
				return err
			}
			if revocation.Request == nil {
				a.found(revocation.Found, "%d is revoked", id)
			} else {
				a.found(revocation.Found, "request %d was found", revocation.Request.ID)
			}
			done := fmt.Sprintf("%d is revoked", id)
			if revocation.Request != nil {
				done = fmt.Sprintf("request %d is that to revoke %d", revocation.Request.ID, id)
			}
			return printDone(a, *revocation, "%s", done)
		}, reflect.TypeFor[digicert.Revocation]()}, err
	})
}
