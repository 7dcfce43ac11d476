// The orders commands that write, and those that follow from them.

package main

import (
	"context"
	"fmt"
	"reflect"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert"
)

// ordersPlace returns the command that runs Orders.Place.
func (a *app) ordersPlace() *cli.Command {
	return &cli.Command{
		Name:      "place",
		Usage:     "place an order, once",
		ArgsUsage: "PRODUCT",
		Description: `The order is billed. With --alternative-id, a text of your own for this order, the command is safe to repeat: it returns the
order that has the id instead of placing another one. A script should store the id before it runs the command. If a run
ended before it printed anything, add --sent-before to the next one.

The service does not take names from the CSR: use --common-name and --dns-name, or --names-from-csr.

Examples:
   digicert orders place ssl_plus --csr www.csr --common-name www.example.com --years 1 --organization 117483 --alternative-id www-2026-11
   digicert orders place ssl_dv_geotrust --csr www.csr --names-from-csr --dcv-method dns-txt-token --dry-run
   digicert orders place ssl_plus --csr - --names-from-csr --renewal-of 123457 --skip-approval --yes <www.csr`,
		Flags: writeFlags(append(certificateFlags(),
			&cli.Int64Flag{Name: "organization", Usage: "`id` of the organization, for OV and EV", HideDefault: true},
			&cli.IntFlag{Name: "years", Usage: "validity of the order in `years`, at most 3", HideDefault: true},
			&cli.IntFlag{Name: "days", Usage: "validity of the order in `days`", HideDefault: true},
			&cli.StringFlag{Name: "expires", Usage: "last `day` of the order, such as 2027-03-31 or 90d"},
			&cli.StringFlag{Name: "dcv-method", Usage: "`method` of domain validation: email, dns-txt-token, dns-cname-token, http-token or http-token-dynamic"},
			&cli.StringFlag{Name: "payment-method", Usage: "payment `method`, such as balance"},
			&cli.Int64Flag{Name: "renewal-of", Usage: "`id` of the order that this one renews", HideDefault: true},
			&cli.Int64Flag{Name: "container", Usage: "`id` of the container", HideDefault: true},
			&cli.BoolFlag{Name: "auto-renew", Usage: "renew the order automatically"},
			&cli.BoolFlag{Name: "auto-reissue", Usage: "reissue the certificate automatically, for multi-year plans"},
			&cli.StringSliceFlag{Name: "email", Usage: "further `address` for messages about the order; may be repeated"},
			&cli.StringSliceFlag{Name: "custom-field", Usage: "custom field `ID=VALUE`; may be repeated"},
			&cli.StringFlag{Name: "alternative-id", Usage: "a `text` of your own for this order, by which it is found again"},
			&cli.BoolFlag{Name: "sent-before", Usage: "an earlier run with this --alternative-id may have sent it: search longer before sending"},
		)...),
		Action: forWrite(a, func(ctx context.Context, c *cli.Command) (write, error) {
			product, err := oneArg(c)
			if err != nil {
				return write{}, err
			}
			p, err := placeParams(ctx, c)
			if err != nil {
				return write{}, err
			}
			question := fmt.Sprintf("Place an order for %s, %s%s? It is billed.", product, namesOf(p.Certificate), years(p.OrderValidity))
			return write{question, func(ctx context.Context, client *digicert.Client) error {
				placed, err := client.Orders.Place(ctx, product, p)
				if err != nil {
					return err
				}
				a.found(placed.Found, "order %d was found by its alternative id", placed.ID)
				return printDone(a, *placed, "order %d has the alternative id %s", placed.ID, printable(placed.AlternativeOrderID))
			}, reflect.TypeFor[digicert.PlacedOrder]()}, nil
		}),
	}
}

func years(v digicert.Validity) string {
	switch {
	case v.Years == 1:
		return ", 1 year"
	case v.Years > 0:
		return fmt.Sprintf(", %d years", v.Years)
	case v.Days > 0:
		return fmt.Sprintf(", %d days", v.Days)
	case !v.CustomExpirationDate.IsZero():
		return ", until " + v.CustomExpirationDate.String()
	}
	return ""
}

func placeParams(ctx context.Context, c *cli.Command) (*digicert.PlaceOrderParams, error) {
	certificate, extra, err := certificateRequest(ctx, c)
	if err != nil {
		return nil, err
	}
	p := &digicert.PlaceOrderParams{
		Certificate: certificate, AlternativeOrderID: c.String("alternative-id"), SentBefore: c.Bool("sent-before"), SkipApproval: c.Bool("skip-approval"),
		DCVMethod: digicert.DCVMethod(c.String("dcv-method")), PaymentMethod: c.String("payment-method"), AutoRenew: c.Bool("auto-renew"), AutoReissue: c.Bool("auto-reissue"),
		Comments: c.String("comments"), AdditionalEmails: c.StringSlice("email"), Extra: extra,
	}
	if p.SentBefore && p.AlternativeOrderID == "" {
		return nil, usageErrorf("--sent-before needs --alternative-id, by which the order is found")
	}
	if c.IsSet("alternative-id") && p.AlternativeOrderID == "" {
		return nil, usageErrorf("--alternative-id must not be empty")
	}
	if p.OrderValidity, err = validityOf(c, ""); err != nil {
		return nil, err
	}
	if p.OrganizationID, err = idFlag[digicert.OrganizationID](c, "organization"); err != nil {
		return nil, err
	}
	if p.RenewalOfOrderID, err = idFlag[digicert.OrderID](c, "renewal-of"); err != nil {
		return nil, err
	}
	if p.ContainerID, err = idFlag[digicert.ContainerID](c, "container"); err != nil {
		return nil, err
	}
	p.CustomFields, err = customFieldsOf(c)
	return p, err
}

// ordersByAlternativeID returns the command that runs Orders.ByAlternativeID.
func (a *app) ordersByAlternativeID() *cli.Command {
	return &cli.Command{
		Name:      "by-alternative-id",
		Usage:     "list the orders with an alternative id",
		ArgsUsage: "ALTERNATIVE_ID",
		Description: `The list is empty if there is none.

Examples:
   digicert orders by-alternative-id www-2026-11`,
		Action: forRows(a, []string{"order_id", "certificate_id", "status"}, oneArg,
			func(ctx context.Context, _ *cli.Command, client *digicert.Client, id string) ([]digicert.AlternativeOrder, error) {
				return client.Orders.ByAlternativeID(ctx, id)
			}),
	}
}

// ordersCancel returns the command that runs Orders.Cancel.
func (a *app) ordersCancel() *cli.Command {
	return &cli.Command{
		Name:      "cancel",
		Usage:     "cancel an order that is not issued, or the pending reissue of one that is",
		ArgsUsage: "ORDER_ID",
		Description: `If the order was canceled before, the command succeeds.

Examples:
   digicert orders cancel 123456 --note "ordered by mistake"`,
		Flags: writeFlags(&cli.StringFlag{Name: "note", Usage: "reason, a `text` that the service keeps"}),
		Action: forWrite(a, func(_ context.Context, c *cli.Command) (write, error) {
			id, err := idArg[digicert.OrderID](c)
			return write{fmt.Sprintf("Cancel order %d?", id), func(ctx context.Context, client *digicert.Client) error {
				return client.Orders.Cancel(ctx, id, c.String("note"))
			}, nil}, err
		}),
	}
}

// ordersDuplicate returns the command that runs Orders.CreateDuplicate.
func (a *app) ordersDuplicate() *cli.Command {
	return &cli.Command{
		Name:      "duplicate",
		Usage:     "request a duplicate of an order's certificate for another CSR, once",
		ArgsUsage: "ORDER_ID",
		Description: `With --since, a duplicate with the same CSR and names that was requested since then is returned, and no other is requested.

Examples:
   digicert orders duplicate 123457 --csr second.csr --common-name www.example.com
   digicert orders duplicate 123457 --csr second.csr --names-from-csr --since 1h --sent-before --yes`,
		Flags: writeFlags(append(certificateFlags(), repeatFlags()...)...),
		Action: a.forIssuance("Request a duplicate of order %d for %s?", func(ctx context.Context, client *digicert.Client, id digicert.OrderID, p *digicert.CreateReissueParams) (*digicert.Issuance, error) {
			return client.Orders.CreateDuplicate(ctx, id, p)
		}),
	}
}

// reissuesCreate returns the command that runs Reissues.Create.
func (a *app) reissuesCreate() *cli.Command {
	return &cli.Command{
		Name:      "create",
		Usage:     "request a reissue of an order's certificate, once",
		ArgsUsage: "ORDER_ID",
		Description: `Names that are omitted are dropped from the certificate; names that are added may be billed. With --since, a reissue with the same
CSR and names that was requested since then is returned, and no other is requested.

Examples:
   digicert reissues create 123457 --csr www.csr --common-name www.example.com --dns-name example.com
   digicert reissues create 123457 --csr www.csr --names-from-csr --since 1h --sent-before --yes`,
		Flags: writeFlags(append(certificateFlags(), repeatFlags()...)...),
		Action: a.forIssuance("Reissue order %d for %s?", func(ctx context.Context, client *digicert.Client, id digicert.OrderID, p *digicert.CreateReissueParams) (*digicert.Issuance, error) {
			return client.Reissues.Create(ctx, id, p)
		}),
	}
}

func (a *app) forIssuance(
	question string, create func(context.Context, *digicert.Client, digicert.OrderID, *digicert.CreateReissueParams) (*digicert.Issuance, error),
) cli.ActionFunc {
	return forWrite(a, func(ctx context.Context, c *cli.Command) (write, error) {
		id, err := idArg[digicert.OrderID](c)
		if err != nil {
			return write{}, err
		}
		p, err := createReissueParams(ctx, c)
		if err != nil {
			return write{}, err
		}
		return write{fmt.Sprintf(question, id, namesOf(p.Certificate)), func(ctx context.Context, client *digicert.Client) error {
			issuance, err := create(ctx, client, id, p)
			if err != nil {
				return err
			}
			a.found(issuance.Found, "certificate %d was found by its CSR and names", issuance.CertificateID)
			return printDone(a, *issuance, "certificate %d of order %d was requested", issuance.CertificateID, id)
		}, reflect.TypeFor[digicert.Issuance]()}, nil
	})
}

// ordersWait returns the command that runs Orders.WaitIssued.
func (a *app) ordersWait() *cli.Command {
	return &cli.Command{
		Name:      "wait",
		Usage:     "wait until an order, a reissue or a duplicate is issued, and print the order",
		ArgsUsage: "ORDER_ID",
		Description: `It ends with a failure if the order is rejected, canceled, revoked or expired, or after --timeout.

Examples:
   digicert --timeout 2h orders wait 123456
   digicert orders wait 123457 --csr www.csr
   digicert orders wait 123456 --check-dcv --interval 30s`,
		Flags: []cli.Flag{
			csrFlag("the CSR of the reissue or duplicate to wait for"),
			&cli.Int64Flag{Name: "certificate", Usage: "`id` of the reissue or duplicate to wait for", HideDefault: true},
			&cli.StringFlag{Name: "interval", Usage: "`duration` between two requests (default: 2s, growing to a minute)"},
			&cli.BoolFlag{Name: "check-dcv", Usage: "ask the service to check the domain validation each time"},
		},
		Action: forID[digicert.Order](a, func(ctx context.Context, c *cli.Command, client *digicert.Client, id digicert.OrderID) error {
			p := &digicert.WaitParams{CheckDCV: c.Bool("check-dcv")}
			var err error
			if p.CertificateID, err = idFlag[digicert.CertificateID](c, "certificate"); err != nil {
				return err
			}
			if p.Interval, err = positive(c, "interval"); err != nil {
				return err
			}
			if path := c.String("csr"); path != "" {
				if p.CSR, err = readInput(ctx, "csr", path); err != nil {
					return err
				}
			}
			seen := digicert.OrderStatus("")
			p.OnPoll = func(o *digicert.Order) {
				if o.Status != seen && o.Status != digicert.OrderStatusIssued {
					fmt.Fprintf(&a.log, "digicert: order %d is %s\n", id, printable(string(o.Status)))
				}
				seen = o.Status
			}
			p.OnError = func(err error) {
				fmt.Fprintf(&a.log, "digicert: still waiting: %s\n", reason(err))
			}
			order, err := client.Orders.WaitIssued(ctx, id, p)
			if err != nil {
				return err
			}
			return one(a, *order)
		}),
	}
}
