# What people and CI run. `make demo` shows the tool at work, `make test` runs everything.

BUILD := .build
FLAGS := -c release --scratch-path $(BUILD)
QUAMBA = $(BUILD)/release/quamba
MODEL := Examples/models/gutenberg-9m
TEXT := Tests/Fixtures/texts/time-machine.txt
OUT := .build-demo
CLANG_FORMAT := clang-format-14
C_SOURCES = $(shell git ls-files 'Sources/*.c' 'Sources/*.h')

.PHONY: all setup setup-lint build demo test lint format clean

all: build

# Installs what is missing: json-c's headers.
setup:
	@pkg-config --exists json-c 2>/dev/null || .ci/install libjson-c-dev pkg-config

# The C formatter is pinned, because versions differ in what they do.
setup-lint:
	@command -v $(CLANG_FORMAT) >/dev/null || .ci/install $(CLANG_FORMAT)

build: setup
	swift build $(FLAGS)

demo: build
	@mkdir -p $(OUT)
	@printf '\n— compile —\n'
	@$(QUAMBA) compile $(MODEL) -o $(OUT)/demo.qplan
	@printf '\n— generate —\n'
	@$(QUAMBA) run $(OUT)/demo.qplan --prompt 'The old house stood' -n 60 --temperature 0.7 --top-k 40 --seed 3
	@printf '\n— perplexity on a held-out book: int8, and float32 as baseline —\n'
	@$(QUAMBA) eval $(OUT)/demo.qplan --text $(TEXT) --windows 16 --baseline $(MODEL) --progress none

test: setup lint
	swift build $(FLAGS) --build-tests
	swift test $(FLAGS) --skip-build

lint: setup-lint
	swift format lint --strict --recursive --parallel Package.swift Sources Tests
	@$(CLANG_FORMAT) --dry-run --Werror $(C_SOURCES)

format: setup-lint
	swift format --in-place --recursive --parallel Package.swift Sources Tests
	@$(CLANG_FORMAT) -i $(C_SOURCES)

clean:
	rm -rf $(BUILD) $(OUT)
