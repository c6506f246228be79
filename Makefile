# What people and CI run. `make demo` shows the tool at work, `make test` runs everything.

BUILD := .build
FLAGS := -c release --scratch-path $(BUILD)
QUAMBA = $(BUILD)/release/quamba
MODEL := Examples/models/gutenberg-9m
TEXT := Tests/Fixtures/texts/time-machine.txt
OUT := .build-demo
CLANG_FORMAT := clang-format-14
C_SOURCES = $(shell git ls-files '*.c' '*.h')

.PHONY: all setup setup-lint setup-trust setup-arm build demo test damage-test crash-test fuzz accuracy lint format clean

all: build

# Installs what is missing: json-c's headers.
setup:
	@pkg-config --exists json-c 2>/dev/null || .ci/install libjson-c-dev pkg-config

# The C formatter is pinned, because versions differ in what they do.
setup-lint:
	@command -v $(CLANG_FORMAT) >/dev/null || .ci/install $(CLANG_FORMAT)

# What some tests hold us against, or need; without it they are skipped and say so.
setup-trust:
	@command -v minisign >/dev/null || .ci/install minisign || echo 'note: no minisign'
	@command -v strace >/dev/null || .ci/install strace || echo 'note: no strace'

# What compiles the kernels for 64-bit Arm, and runs them here; without it those tests are skipped and say so.
ARM_PACKAGES := qemu-user libc6-dev-arm64-cross libgcc-12-dev-arm64-cross
setup-arm:
	@dpkg-query -W $(ARM_PACKAGES) >/dev/null 2>&1 || .ci/install $(ARM_PACKAGES) || echo 'note: no qemu for Arm'

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

test: setup setup-trust setup-arm lint
	swift build $(FLAGS) --build-tests
	swift test $(FLAGS) --skip-build

# Files of a small model damaged in every way there is; SANITIZE=address does that under the address and
# undefined-behaviour sanitizers, much slower. DAMAGE=--short takes one case in 97.
SANITIZE :=
DAMAGE :=
DAMAGE_BUILD := $(BUILD)$(addprefix -,$(SANITIZE))
UNDEFINED := -Xcc -fsanitize=undefined -Xcc -fno-sanitize-recover=undefined
damage-test: setup
	swift build -c release --scratch-path $(DAMAGE_BUILD) --product damage $(if $(SANITIZE),--sanitize $(SANITIZE) $(UNDEFINED))
	ASAN_OPTIONS=detect_leaks=0 $(DAMAGE_BUILD)/release/damage $(DAMAGE)

# Kills and failures at every call that creates, writes, names or removes an output.
crash-test: build setup-trust
	python3 Tests/Crash/crash_test.py $(QUAMBA)

# Every way in, for so many seconds each, under sanitizers.
FUZZ_SECONDS := 60
fuzz: setup
	Tests/Fuzz/run $(FUZZ_SECONDS)

# The tables of docs/accuracy.md, on stdout: about half an hour on two cores. What was measured before is not measured
# again; `rm -r .build-accuracy` after changes to the tool. ACCURACY_LINES="naive quamba" measures some lines alone.
WIKITEXT_WINDOWS := 100
ACCURACY_LINES :=
ACCURACY = python3 Tests/Accuracy/accuracy.py $(QUAMBA) $(if $(ACCURACY_LINES),--lines $(ACCURACY_LINES))
accuracy: build
	@$(ACCURACY) --windows $(WIKITEXT_WINDOWS)
	@printf '\n— the whole of WikiText-2 test —\n'
	@$(ACCURACY) --whole
	@printf '\n— narrower states over text that the model writes —\n'
	@$(ACCURACY) --generated

lint: setup-lint
	swift format lint --strict --recursive --parallel Package.swift Sources Tests
	@$(CLANG_FORMAT) --dry-run --Werror $(C_SOURCES)

format: setup-lint
	swift format --in-place --recursive --parallel Package.swift Sources Tests
	@$(CLANG_FORMAT) -i $(C_SOURCES)

clean:
	rm -rf $(BUILD) $(OUT)
