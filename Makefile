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

# What a release must pass besides: a valid configuration, a build of everything, and an API that breaks nothing but what the changelog says.
GORELEASER ?= go run github.com/goreleaser/goreleaser/v2@v2.15.1
APIDIFF ?= go run golang.org/x/exp/cmd/apidiff@latest
release-check:
	$(GORELEASER) check
	$(GORELEASER) release --snapshot --clean $(if $(shell command -v syft),,--skip=sbom)
	@last=$$(git describe --tags --abbrev=0 --match 'v*' 2>/dev/null) || { echo 'There is no tag yet to compare the API with.'; exit 0; }; \
	old=$$(mktemp -d) && trap 'rm -rf "$$old"' EXIT && git worktree add -q --detach "$$old/tree" "$$last" && \
	(cd "$$old/tree" && GOWORK=off $(APIDIFF) -w "$$old/api" .) && GOWORK=off $(APIDIFF) "$$old/api" . ; \
	git worktree remove --force "$$old/tree"

# docs/terminal.svg, from real runs of the command line.
picture:
	cd cmd/digicert && go run ./picture >../../docs/terminal.svg
