// Filters: flags of listings that take several values.

package main

import (
	"encoding/csv"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"
)

// filterFlag is a flag that takes several values, separated by commas.
type filterFlag struct{ *cli.StringFlag }

func newFilterFlag(name, usage string) cli.Flag {
	return filterFlag{&cli.StringFlag{Name: name, Usage: usage, OnlyOnce: true}}
}

// isFilter reports whether a flag takes several values.
func isFilter(f cli.Flag) bool {
	_, ok := f.(filterFlag)
	return ok
}

// filtersHelp is what the help of a listing says of its filters.
const filtersHelp = `A filter takes several values, separated by commas. A value with a comma or a quote is quoted as in CSV: '"Example, Inc."'. The
service accepts one value per request, so each value is listed in turn, and all but the last again, to find rows that changed
from one value to another. Each row is printed once. A row that changes twice during the listing may be missed.`

// filterValues returns the different values of a flag, or nil if it is not set.
func filterValues(c *cli.Command, flag string) ([]string, error) {
	if !c.IsSet(flag) {
		return nil, nil
	}
	text := c.String(flag)
	r := csv.NewReader(strings.NewReader(text))
	lines, err := r.ReadAll()
	switch {
	case err == nil && len(lines) == 0:
		return nil, usageErrorf("--%s is empty", flag)
	case err != nil || len(lines) > 1:
		return nil, usageErrorf(`--%s %q: a value that contains a comma, a quote or a line break must be quoted as in CSV, such as "a, ""b"""`, flag, text)
	}
	var different []string
	for _, value := range lines[0] {
		switch {
		case value == "":
			return nil, usageErrorf("--%s %q has an empty value", flag, text)
		case strings.TrimSpace(value) != value:
			return nil, usageErrorf(`--%s %q has white space before or after a value; one that contains a comma must be quoted as in CSV, such as "a, b"`, flag, text)
		case !slices.Contains(different, value):
			different = append(different, value)
		}
	}
	return different, nil
}

// filter is a flag that sets a filter of the parameters P of a listing.
type filter[P any] struct {
	flag string
	set  func(p *P, value string) error
}

// textFilter returns the filter that a flag sets to a text.
func textFilter[P any, T ~string](flag string, field func(*P) *T) filter[P] {
	return filter[P]{flag, func(p *P, value string) error {
		*field(p) = T(value)
		return nil
	}}
}

// idFilter returns the filter that a flag sets to an id.
func idFilter[P any, T ~int64](flag string, field func(*P) *T) filter[P] {
	return filter[P]{flag, func(p *P, value string) error {
		id, err := parseID[T]("--"+flag, value)
		*field(p) = id
		return err
	}}
}

// eachFilter returns params with each value of each filter: of several filters, every combination.
func eachFilter[P any](c *cli.Command, params *P, filters []filter[P]) ([]*P, error) {
	each := []*P{params}
	for _, f := range filters {
		values, err := filterValues(c, f.flag)
		if err != nil {
			return nil, err
		}
		if values == nil {
			continue
		}
		var with []*P
		for _, p := range each {
			for _, value := range values {
				one := *p
				if err := f.set(&one, value); err != nil {
					return nil, err
				}
				with = append(with, &one)
			}
		}
		each = with
	}
	return each, nil
}
