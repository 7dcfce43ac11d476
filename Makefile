.PHONY: ci bench soak release-check picture

# Everything that a change must pass.
ci:
	bash .ci/run

# The bounds of listings, measured on both Go releases. Fails if a bound is missed on either.
GO126 ?= go1.26.8
GO127 ?= go1.27.4
bench:
	@failed=0; for go in $(GO126) $(GO127); do GOTOOLCHAIN=$$go go run ./bench || failed=1; done; exit $$failed

# The randomised tests with random seeds, again and again, for SOAK minutes.
SOAK ?= 10
soak:
	SOAK=$(SOAK) bash .ci/soak

# What a release must pass besides: a valid configuration, a build of everything it consists of, and an API whose changes its version allows.
GORELEASER ?= go run github.com/goreleaser/goreleaser/v2@v2.15.1
SYFT := $(shell command -v syft)
release-check:
	$(GORELEASER) check
	$(GORELEASER) release --snapshot --clean $(if $(SYFT),,--skip=sbom)
	@$(if $(SYFT),,echo "release-check: no SBOM was built, because syft is not installed")
	bash scripts/api-diff

# docs/terminal.svg, from real runs of the command line, and docs/inventory.png, from a report in Chromium.
CHROMIUM ?= chromium
picture:
	cd cmd/digicert && go run ./picture >../../docs/terminal.svg
	cd inventory && INVENTORY_TEST_CHROMIUM=$(CHROMIUM) INVENTORY_TEST_PICTURE=../docs/inventory.png go test -count=1 -run '^TestLargeReportInChromium$$' .
