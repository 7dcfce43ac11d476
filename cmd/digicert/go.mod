module github.com/go-digicert/digicert/cmd/digicert

go 1.26

require (
	github.com/creack/pty v1.1.24
	github.com/go-digicert/digicert v0.0.0
	github.com/shopspring/decimal v1.6.0
	github.com/stretchr/testify v1.12.1
	github.com/urfave/cli/v3 v3.14.0
	go.yaml.in/yaml/v3 v3.0.5
	golang.org/x/term v0.44.0
	golang.org/x/text v0.41.0
)

require (
	github.com/go-json-experiment/json v1.27.2 // indirect
	github.com/google/go-querystring v1.2.0 // indirect
	golang.org/x/sys v0.46.0 // indirect
)

// The library of this checkout. A release drops this line.
replace github.com/go-digicert/digicert => ../..
