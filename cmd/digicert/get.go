package main

import (
	"context"
	"encoding/json"
	"net/url"
	"strings"

	"github.com/urfave/cli/v3"
)

// get is Client.Get.
func (a *app) get() *cli.Command {
	return &cli.Command{
		Name:      "get",
		Usage:     "print the answer of any GET endpoint",
		ArgsUsage: "PATH [KEY=VALUE…]",
		Description: `The path is relative to the base URL, the pairs are the query. The answer is printed as the service sends it,
indented, or with -o jsonl in one line.

Examples:
   digicert get /order/certificate/123457
   digicert get /order/certificate limit=10 'filters[status]=issued'`,
		Action: a.action(func(ctx context.Context, c *cli.Command) error {
			path := c.Args().First()
			if path == "" {
				return usageErrorf("%s takes a path, such as /order/certificate", c.FullName())
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
				return usageErrorf("%s prints json or jsonl: what is in the answer is not known here", c.FullName())
			}
			client, err := a.connect(c)
			if err != nil {
				return err
			}
			var answer json.RawMessage
			if err := client.Get(ctx, path, query, &answer); err != nil {
				return err
			}
			if len(answer) == 0 { // no content
				return nil
			}
			return document(a, answer, format != formatJSONL)
		}),
	}
}
