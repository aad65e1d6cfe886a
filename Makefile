# `make run` is the way in for people, `make test` for changes.
.PHONY: run test

run:
	@scripts/run

test:
	@scripts/test
