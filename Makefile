# make demo: the digits network as RISC-V code, from nothing. make test: all fast tests.
VENV ?= .venv
BIN = $(VENV)/bin
DIGITS = examples/digits
TORCH_WITHOUT_CUDA = https://download.pytorch.org/whl/cpu

demo: setup
	@$(BIN)/dsconv doctor
	@echo "--- compile: C, Makefile and IR in build/digits"
	@$(BIN)/dsconv compile $(DIGITS)/digits.onnx -o build/digits --target qemu
	@echo "--- run as RISC-V code on QEMU, eight harts, 360 real digits"
	@$(BIN)/dsconv run $(DIGITS)/digits.onnx --on qemu --layers \
	  --input $(DIGITS)/digits_test.npz:images --labels $(DIGITS)/digits_test.npz:labels
	@if $(BIN)/python -c 'import sys; from dsconv.runners import gvsoc; sys.exit(gvsoc.find() is None)'; then \
	  echo "--- run on GVSoC: cycles of the PULP cluster, one digit"; \
	  $(BIN)/dsconv run $(DIGITS)/digits.onnx --on gvsoc --layers; \
	else \
	  echo "GVSoC is not installed, so no cycles: dsconv doctor says how to get it."; \
	fi

test: setup
	$(BIN)/pytest -q -n auto
	$(BIN)/lit -q lit_tests

test-long: setup
	$(BIN)/pytest -q --timeout 3600 -m slow

# Networks from torch, quantised by ONNX Runtime or Brevitas; torch without CUDA where its makers can be reached
exported: setup
	@$(BIN)/pip install -q --disable-pip-version-check --retries 0 --no-deps --index-url $(TORCH_WITHOUT_CUDA) torch \
	  || echo "no torch from $(TORCH_WITHOUT_CUDA): that of the default index comes with CUDA, some GB"
	$(BIN)/pip install -q --disable-pip-version-check -e '.[dev,train,examples]'
	$(BIN)/pytest -q --timeout 3600 -m 'slow or not slow' tests/test_exported_networks.py \
	  tests/test_your_network.py

# Random networks (failing ones are made small, and kept in .hypothesis for the next run), damaged files
fuzz: setup
	FUZZ_NETWORKS=2000 FUZZ_FILES=10000 FUZZ_DIFFERENTIAL=3000 FUZZ_VERIFY=200 $(BIN)/pytest -q -n auto tests/fuzz

# The C that tests keep, written again: read the difference before you commit it
goldens: setup
	$(BIN)/pytest -q --timeout 3600 -m 'slow or not slow' --update-goldens tests/test_goldens.py

lint: setup
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/pyright --pythonpath $(BIN)/python
	@if $(BIN)/python -c 'import torch' 2> /dev/null; then \
	  $(BIN)/pyright --pythonpath $(BIN)/python --project dsconv/training; \
	else \
	  echo "torch is not installed: the types of dsconv/training are not checked"; \
	fi

setup: $(VENV)/ready
	@scripts/install-tools

$(VENV)/ready: pyproject.toml
	@scripts/install-tools
	python3 -m venv $(VENV)
	$(BIN)/pip install -q --disable-pip-version-check -e '.[dev]'
	@touch $@

# The pages of docs/ as a site in build/site, without network
docs: setup
	$(BIN)/mkdocs build --strict --quiet

support: setup
	@$(BIN)/python scripts/update_support.py docs/operators.md

# Icarus Verilog, Verilator and Yosys, for run --on array --rtl and bench array --synth
rtl: setup
	@scripts/install-tools rtl

# GCC and QEMU for Arm, for the tests of libraries on a Cortex-M3
cortex-m: setup
	@scripts/install-tools cortex-m

# mlir-opt and mlir-runner 22, for the tests of networks in upstream MLIR
mlir: setup
	@scripts/install-tools mlir

clean:
	rm -rf build $(VENV)

.PHONY: demo test test-long exported fuzz goldens lint docs support setup rtl cortex-m mlir clean
