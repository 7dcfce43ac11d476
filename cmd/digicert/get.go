// The get command.

package main

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/urfave/cli/v3"
)

// get returns the command that runs Client.Get.
func (a *app) get() *cli.Command {
	return &cli.Command{
		Name:      "get",
		Usage:     "print the response of any GET endpoint",
		ArgsUsage: "PATH [KEY=VALUE…]",
		Description: `PATH is relative to the base URL, the KEY=VALUE pairs are the query. The response is printed as received from the
service, but indented, or on one line with -o jsonl.

Examples:
   digicert get /order/certificate/123457
   digicert get /order/certificate limit=10 'filters[status]=issued'`,
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			path := c.Args().First()
			if path == "" {
				return usageErrorf("%s requires a path, such as /order/certificate", c.FullName())
			}
			query := make(url.Values)
			for _, pair := range c.Args().Tail() {
				name, value, ok := strings.Cut(pair, "=")
				if !ok || name == "" {
					return usageErrorf("%q is not KEY=VALUE", pair)
				}
				query.Add(name, value)
			}
			format := c.String("output")
			switch format {
			case "", formatJSON, formatJSONL:
			default:
				return usageErrorf("%s supports json and jsonl only: the fields of the response are not known", c.FullName())
			}
			if err := refuseFlags(c, "the fields of the response are not known", "columns", "template", "no-headers"); err != nil {
				return err
			}
			client, err := a.connect(ctx, c)
			if err != nil {
				return err
			}
			var response json.RawMessage
			if err := client.Get(ctx, path, query, &response); err != nil {
				return err
			}
			if len(response) == 0 { // a response without a body
				return nil
			}
			return document(a, response, format != formatJSONL)
		}),
	}
}
