# Everything is built optimized: numeric loops in a debug build are some fifty times slower.
SWIFT_FLAGS := -c release -Xswiftc -enable-testing
REGULUS = $(shell swift build $(SWIFT_FLAGS) --show-bin-path)/regulus

.PHONY: build test table13 quickstart co-occurrence benchmark packages clean

table13: build ## Table 13's comparison, measured on the bundled smartwatch data
	$(REGULUS) run recipes/table13.yaml

test: packages ## every test
	swift test $(SWIFT_FLAGS)

quickstart: build ## the same idea in under a minute
	$(REGULUS) run recipes/quickstart.yaml

co-occurrence: build ## the controlled world that puts the paper's explanation to the test
	$(REGULUS) run recipes/co-occurrence.yaml

benchmark: build ## side by side with PyTorch, which is installed into Benchmarks/.venv
	Benchmarks/run.sh $(REGULUS)

build: packages
	swift build $(SWIFT_FLAGS) --product regulus

packages:
	@.ci/packages

clean:
	rm -rf .build
