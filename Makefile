# `make run` is the way in for people, `make test` for changes.
.PHONY: test

test:
	@scripts/test
