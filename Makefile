# Two commands are all a user needs: `make inspect` and `make test`. Both install what they miss.

SHELL := /bin/bash
ASSAY := .build/release/assay
PREFIX ?= /usr/local
# One file with the Swift runtime in it: it runs where no Swift toolchain is. Function names stay, for crash reports.
BUILT := -c release --product assay --static-swift-stdlib -Xlinker --strip-debug
OUT ?= runs/washers
# A folder of its own: tests are built with other flags than the product, and must not throw its build away.
TESTED := -c release --scratch-path .build/tests -Xswiftc -enable-testing
PACKAGES := libpng-dev libjpeg-dev libtiff-dev libopenblas-dev libdnnl-dev libv4l-dev libcairo2-dev libyaml-dev fonts-dejavu-core

.PHONY: inspect test lint build setup install benchmark washers card clean

## Judges the sample parts with the sample model; the report is runs/washers/report.html.
inspect: build
	$(ASSAY) inspect Datasets/washers/test --model Models/washers.onnx --out $(OUT) --overwrite

## Runs all tests, optimised: numeric code is 30 to 140 times slower without.
test: setup
	swift build $(TESTED) --build-tests
	@swift test $(TESTED) --skip-build 2>&1 | tee .build/tests/output.txt; ended=$${PIPESTATUS[0]}; \
	if [ $$ended != 0 ]; then \
	  echo; echo "What failed (all of it is in .build/tests/output.txt):"; \
	  grep -a -A 8 '^✘.* recorded an issue' .build/tests/output.txt | cut -c1-400 | tail -n 80; \
	fi; exit $$ended

build: setup
	swift build $(BUILT)

## Copies the program to $(PREFIX)/bin.
install: build
	$$([ -w $(PREFIX) ] || echo sudo) install -D -m 755 $(ASSAY) $(DESTDIR)$(PREFIX)/bin/assay

## Installs Debian's packages, if any is missing.
setup:
	@missing=$$(for p in $(PACKAGES); do \
	  dpkg-query -W -f='$${db:Status-Status}' $$p 2>/dev/null | grep -qx installed || echo $$p; done); \
	if [ -n "$$missing" ]; then \
	  echo "installing:" $$missing; \
	  sudo=$$([ $$(id -u) = 0 ] || echo sudo); \
	  $$sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends $$missing; \
	fi

lint:
	swift format lint --strict --recursive Package.swift Sources Tests Benchmarks

## Renders the sample set and trains its model anew.
washers: build
	$(ASSAY) dataset render washers --out Datasets/washers --overwrite
	$(ASSAY) train Datasets/washers --out Models/washers.onnx --restart

## Writes the sample model's card and figures into Models/README.md.
card: build
	@mkdir -p runs
	@{ echo '```'; $(ASSAY) model show Models/washers.onnx; echo '```'; } > runs/card.txt
	@{ echo '```'; $(ASSAY) evaluate Datasets/washers --model Models/washers.onnx --split test \
	  --out runs/washers-evaluation --quiet | sed -e '/^report:/d' -e 's/, [0-9.]* a second//'; echo '```'; } > runs/evaluation.txt
	@for part in card evaluation; do \
	  sed -i -e "/<!-- $$part: begin -->/,/<!-- $$part: end -->/{//!d}" \
	    -e "/<!-- $$part: begin -->/r runs/$$part.txt" Models/README.md; \
	done

## Side by side with PyTorch, ONNX Runtime, OpenVINO and Pillow, which it installs; writes Benchmarks/RESULTS.md.
benchmark: build
	Benchmarks/run

clean:
	rm -rf .build runs
