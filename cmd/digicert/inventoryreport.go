// The inventory report command.

package main

import (
	"bytes"
	"context"

	"github.com/urfave/cli/v3"

	"github.com/go-digicert/digicert/inventory"
)

func (a *app) inventoryReport() *cli.Command {
	return &cli.Command{
		Name:  "report",
		Usage: "write a report as one HTML file",
		Description: `The report shows what expires by week and next, costs, shares, names that are covered twice and the latest changes. It needs no other
file and no network, and is safe to open and to forward.

Examples:
   digicert inventory report --out certificates.html
   digicert inventory report >certificates.html`,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "out", TakesFile: true, Usage: "write to `file`, which is replaced only if the report succeeds (default: standard output)"},
		},
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			if err := noArgs(c); err != nil {
				return err
			}
			if c.IsSet("output") {
				return usageErrorf("%s writes HTML, --output does not apply; --out names the file", c.FullName())
			}
			if err := checkRows[struct{}](a); err != nil {
				return err
			}
			path := c.String("out")
			if path == "" && a.out.terminal() {
				return usageErrorf("the report is HTML, which is not printed on a terminal: use --out FILE")
			}
			return a.toRead(ctx, c, func(inv *inventory.Inventory) error {
				var page bytes.Buffer // nothing is written if the report fails
				if err := inv.Report(ctx, &page); err != nil {
					return err
				}
				if path != "" {
					return a.save(ctx, path, page.Bytes())
				}
				_, err := a.out.Write(page.Bytes())
				return err
			})
		}),
	}
}
