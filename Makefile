# Everything is built optimized: numeric loops in a debug build are some fifty times slower.
# Always by `swift build`: what `swift test` builds, `swift build` compiles again.
# Without the line numbers of a debugger or a profiler, which change no instruction and cost the compiler a tenth to a quarter of its time; DEBUG_INFO=dwarf has them.
DEBUG_INFO ?= none
SWIFT_FLAGS := -c release -Xswiftc -enable-testing -debug-info-format $(DEBUG_INFO)
SWIFT_FILES := Package.swift Sources Plugins Tests $(addprefix Examples/TensorFusion/,Package.swift Sources Tests) $(addprefix Fuzzing/,Package.swift Sources)
REGULUS = $(shell swift build $(SWIFT_FLAGS) --show-bin-path)/regulus

# The example package is built without optimization: its training is short, and Regulus would be optimized twice.
EXAMPLE := --package-path Examples/TensorFusion

# Whether the package is built with FFmpeg; a variable, because SwiftPM does not notice when its headers come or go.
export REGULUS_FFMPEG ?= $(shell pkg-config --exists libavformat libavcodec libswscale libswresample libavutil && echo 1 || echo 0)

# Where `make install` puts the program, and the archive that `make bundle` writes.
PREFIX ?= /usr/local
BUNDLE ?= .build/regulus-$(shell uname -m).tar.gz

.PHONY: install uninstall bundle try-bundle try-onednn try-narrow try-containerfile readme picture measurements build test fuzz faults table13 table3 quickstart co-occurrence benchmark benchmark-trainings benchmark-encoders docs doc-share format lint packages media-packages clean

table13: build ## Table 13's comparison, measured on the bundled smartwatch data
	$(REGULUS) run recipes/table13.yaml

test: packages ## every test, and the example package with its own tests and a short training
	swift build $(SWIFT_FLAGS) --build-tests
	swift test $(SWIFT_FLAGS) --skip-build
	swift test $(EXAMPLE)
	$$(swift build $(EXAMPLE) --show-bin-path)/tensor-fusion run Examples/TensorFusion/recipe.yaml \
		--set training.epochs=1 --out .build/tensor-fusion
	Examples/TensorFusion/same-bits .build/tensor-fusion MER OutsideMER

table3: build ## Table 3's layout: four methods, each alone and with MER
	$(REGULUS) run recipes/table3.yaml

quickstart: build ## the same idea in under a minute
	$(REGULUS) run recipes/quickstart.yaml

co-occurrence: build ## the controlled world that puts the paper's explanation to the test
	$(REGULUS) run recipes/co-occurrence.yaml

benchmark: build ## everything side by side with PyTorch, a profile, a large study and large data, on one page: benchmarks/benchmark.md; ONLY="steps trainings" measures these alone
	Benchmarks/run.sh $(REGULUS) --script page.py $(if $(ONLY),--only $(ONLY))

benchmark-trainings: build ## whole trainings side by side with PyTorch
	Benchmarks/run.sh $(REGULUS) --script run_trainings.py

benchmark-encoders: build ## the published encoders at full size, and that both sides compute the same
	Benchmarks/run.sh $(REGULUS) --script agree.py
	Benchmarks/run.sh $(REGULUS) --script load_checkpoint.py
	Benchmarks/run.sh $(REGULUS) --script run_encoders.py

install: build ## the program, the recipes, the bundled data, manual pages and completions, into PREFIX
	.ci/install $$(swift build $(SWIFT_FLAGS) --show-bin-path) $(PREFIX)

uninstall: ## takes away what install put into PREFIX
	.ci/install --remove $(PREFIX)

bundle: build ## one archive with every library that the program needs, for machines without Swift
	.ci/bundle $$(swift build $(SWIFT_FLAGS) --show-bin-path) $(BUNDLE)

try-bundle: bundle ## the archive in fresh Debian 12 and 13, as root
	.ci/try-bundle $$(swift build $(SWIFT_FLAGS) --show-bin-path) $(BUNDLE) bookworm trixie

try-onednn: packages ## oneDNN's kernels here and in Debian 13, and the program built there, as root
	.ci/try-onednn trixie

try-narrow: packages ## the tests of computing as on a processor without 512-bit vectors
	swift build $(SWIFT_FLAGS) --build-tests
	.ci/narrow swift test $(SWIFT_FLAGS) --skip-build --filter 'TensorsTests|NetworksTests|ModelsTests|RegularizationTests|AnalysisTests|TrainingTests'

try-containerfile: ## the image that Containerfile describes, without an image from elsewhere, as root
	.ci/try-containerfile

readme: build ## every command of README.md
	.ci/readme $$(swift build $(SWIFT_FLAGS) --show-bin-path)

picture: build ## the drawing in README.md, from a run of the quickstart
	$(REGULUS) run recipes/quickstart.yaml --out .build/picture
	cp .build/picture/figures/differences.svg Benchmarks/report.svg

ONLY ?=
measurements: build ## the tables of MEASUREMENTS.md, measured again; ONLY=table13 for those whose command says so, RUNS=folder to keep the runs
	.ci/measurements $(REGULUS) "$(ONLY)" $(RUNS)

MINUTES ?= 10
fuzz: media-packages ## every parser of foreign bytes under libFuzzer with AddressSanitizer, for MINUTES in all
	Fuzzing/run $$(($(MINUTES) * 60))

format: ## lays out every Swift file as .swift-format says
	swift format format --in-place --parallel --recursive $(SWIFT_FILES)

lint: doc-share ## what .swift-format finds, nothing being the rule, and rooms with too little documentation
	swift format lint --strict --parallel --recursive $(SWIFT_FILES)

doc-share: ## how much of each room is documentation; a public room below its floor is an error
	@.ci/doc-share

faults: build ## a small study under every fault of a system: failing calls, kills, flipped bits, stale claims, little memory, a clock that jumps
	Faults/run $(REGULUS)

docs: build ## the reference and the articles, into .build/docs
	swift build $(SWIFT_FLAGS) --target RegularizerTesting
	.ci/docs $$(swift build $(SWIFT_FLAGS) --show-bin-path)/Modules

build: packages
	swift build $(SWIFT_FLAGS) --product regulus

packages:
	@.ci/packages

media-packages: ## what data sets of media files and of HDF5 need besides
	@.ci/packages libavcodec-dev libavformat-dev libswscale-dev libswresample-dev libavutil-dev libhdf5-dev

clean:
	rm -rf .build
