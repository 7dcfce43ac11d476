// Flags that are refused: those that would be ignored otherwise, and those without a value.

package main

import (
	"cmp"
	"slices"

	"github.com/urfave/cli/v3"
)

// The flags of all commands that some commands do not heed.
var (
	flagsOfRows     = []string{"output", "columns", "template", "no-headers"}
	flagsOfSettings = []string{"region", "base-url", "api-key-file", "pace", "redis", "redis-name"}
	flagsOfRemarks  = []string{"comment", "comments"}
)

// refuseFlags returns a usage error if one of the flags is set. why says why it would be ignored.
func refuseFlags(c *cli.Command, why string, flags ...string) error {
	for _, name := range flags {
		if c.IsSet(name) {
			return usageErrorf("--%s does not apply: %s", name, why)
		}
	}
	return nil
}

// exclude returns a usage error if the flag is set and one of the others is too.
func exclude(c *cli.Command, flag string, others ...string) error {
	for _, name := range others {
		if c.IsSet(flag) && c.IsSet(name) {
			return usageErrorf("--%s and --%s exclude each other", flag, name)
		}
	}
	return nil
}

// refuseRows returns a usage error if a flag says how rows look.
func refuseRows(c *cli.Command) error {
	return refuseFlags(c, c.FullName()+" does not print rows", flagsOfRows...)
}

// refuseService returns a usage error if a flag selects the service or the key.
func refuseService(c *cli.Command) error {
	return cmp.Or(refuseFlags(c, c.FullName()+" sends nothing to the service", "profile"), refuseSettings(c))
}

// refuseSettings is refuseService for a command that uses a profile.
func refuseSettings(c *cli.Command) error {
	return refuseFlags(c, c.FullName()+" sends nothing to the service", append([]string{"demo"}, flagsOfSettings...)...)
}

// refuseEmpty returns a usage error if a flag has an empty value, as --api-key-file "$FILE" has where FILE is not set. A remark may be
// empty.
func refuseEmpty(c *cli.Command) error {
	for _, above := range c.Lineage() {
		for _, f := range above.Flags {
			name := f.Names()[0]
			if !c.IsSet(name) || slices.Contains(flagsOfRemarks, name) {
				continue
			}
			switch f.(type) {
			case *cli.StringFlag, filterFlag:
				if c.String(name) == "" {
					return usageErrorf("--%s is empty", name)
				}
			case *cli.StringSliceFlag:
				if slices.Contains(c.StringSlice(name), "") {
					return usageErrorf("--%s is empty", name)
				}
			}
		}
	}
	return nil
}
