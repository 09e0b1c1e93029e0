# The newcomer's face; the truth is in CMakeLists.txt and CMakePresets.json.
#   make                                     release build: build/release/tempera
#   make demo [INPUT=my.mp4] [STYLE=great-wave]
#   make test
# `make help` lists the rest.
.DEFAULT_GOAL := release
.PRECIOUS: build/%/build.ninja
.PHONY: release setup demo live gallery test test-live train-tools test-train test-plugins bench bench-web fuzz soak check web web-module test-web packages test-packages clean help

# Reconfigures by itself: ninja re-runs CMake when a CMake file changes.
build/%/build.ninja:
	@command -v cmake >/dev/null && command -v ninja >/dev/null && command -v clang++-19 >/dev/null || \
	  { echo "cmake, ninja or clang-19 is missing: run 'make setup' (Debian 12, root or sudo)" >&2; exit 1; }
	@cmake --preset $* --log-level=WARNING >/dev/null

release: build/release/build.ninja
	@ninja -C build/release --quiet

setup:
	@tools/setup

# INPUT and STYLE reach the script through the environment, so paths may hold blanks.
demo: setup
	@$(MAKE) --no-print-directory release
	@tools/demo

# A painted clip in a window: INPUT=0 for the first camera, STYLE as above.
live: setup
	@$(MAKE) --no-print-directory release
	@tools/live

# docs/gallery.md and the README's first picture, anew from the bundled styles.
gallery: release
	@tools/gallery

test:
	@tools/setup test bench plugins
	@$(MAKE) --no-print-directory build/test/build.ninja
	@ninja -C build/test --quiet
	@ctest --test-dir build/test --output-on-failure -j 2

# Of these, what runs FFmpeg, GStreamer and melt with plugins/.
test-plugins:
	@tools/setup test bench plugins
	@$(MAKE) --no-print-directory build/test/build.ninja
	@ninja -C build/test --quiet
	@ctest --test-dir build/test --output-on-failure -R '^plugins\.'

# Cameras that are none, real daemons, windows under Xvfb, OBS (docs/live.md); eight minutes.
test-live:
	@tools/setup test live plugins
	@$(MAKE) --no-print-directory build/test/build.ninja
	@ninja -C build/test --quiet
	@ctest --test-dir build/test --output-on-failure -R '^live\.|^plugins\.obs|make_style'

train-tools:
	@tools/setup test train
	@$(MAKE) --no-print-directory build/train/build.ninja
	@ninja -C build/train --quiet

test-train: train-tools
	@ctest --test-dir build/train --output-on-failure -R '^train'

# The engine as WebAssembly, three times; the package web/dist; the page build/page.
web-module:
	@tools/setup web
	@for build in relaxed simd single; do \
	  cmake --preset wasm-$$build --log-level=WARNING >/dev/null && ninja -C build/wasm-$$build --quiet tempera_wasm tempera_wasm_whole || exit 1; \
	done
	@$(MAKE) --no-print-directory build/release/build.ninja
	@ninja -C build/release --quiet tempera-scene
	@tools/sample
	@cd web && npm ci --no-audit --no-fund --loglevel=error && node build.mjs --check && node page/build.mjs

# PORT=8000
web: web-module
	@ninja -C build/release --quiet tempera_command
	@build/release/tempera serve --port $${PORT:-8000}

# Kernels, hostile sizes and the fuzzers' corpus in Node, kernels in Chromium, package and page in Chromium,
# Firefox and WebKit.
test-web: web-module
	@tools/setup browsers
	@$(MAKE) --no-print-directory build/test/build.ninja
	@ninja -C build/test --quiet tempera_make_seeds
	@build/test/tempera_make_seeds build/test/web_seeds
	@for build in relaxed simd single; do ninja -C build/wasm-$$build --quiet tempera_unit_tests || exit 1; done
	@printf '%s\n' relaxed simd single | xargs -P 2 -I{} tests/wasm/run_all build/wasm-{} build/test/web_seeds
	@node tests/wasm/chromium.mjs build/wasm-relaxed
	@$(MAKE) --no-print-directory release
	@TEMPERA=build/release/tempera tests/web/run

bench:
	@tools/setup test bench
	@$(MAKE) --no-print-directory build/test/build.ninja
	@ninja -C build/test --quiet
	@bench/run

# The browser's figures; bench/web/run says more. BENCH_WEB='--quick' make bench-web
bench-web: web-module
	@tools/setup test bench
	@$(MAKE) --no-print-directory build/test/build.ninja
	@ninja -C build/test --quiet bench_session bench_make_net
	@bench/web/run $${BENCH_WEB:-}

# out/packages/*.deb, of the release build (docs/packaging.md).
packages:
	@tools/setup packages plugins
	@$(MAKE) --no-print-directory release
	@ninja -C build/release --quiet packages

# What was made, looked at; paints with what they install.
test-packages: packages
	@tests/install/man_pages.sh build/release/tempera build/release/packaging/man1 packaging/man
	@tests/install/desktop.sh build/release/tempera build/release/packaging packaging
	@tests/install/packages.sh out/packages

# SECONDS_TO_FUZZ=600 make fuzz
fuzz:
	@tools/setup test check
	@tests/fuzz/run

# Hours, by hand: TEMPERA_DOOR_NETS=200000 SECONDS_TO_FUZZ=7200 make soak; tests/soak tsan for one part.
soak:
	@tools/setup test check
	@tests/soak

check:
	@tools/setup check
	@tools/check_layers --self-test
	@tools/check_layers
	@tools/check_files
	@tools/check_headers
	@tools/check_citations --self-test
	@tools/check_citations
	@tools/check_format

clean:
	rm -rf build out

help:
	@echo 'make              release build (build/release/tempera), installs nothing'
	@echo 'make setup        install what the build needs from Debian packages'
	@echo 'make demo         paint the sample clip: out/demo.mp4, out/demo.png'
	@echo '                  INPUT=my.mp4 STYLE=great-wave paints your own film or picture'
	@echo 'make live         the same in a window, as it is painted; INPUT=0 is the first camera (docs/live.md)'
	@echo 'make test         install, build and run every test'
	@echo 'make test-live    of these, tempera live: cameras that are none, PipeWire, windows, OBS (docs/live.md)'
	@echo 'make test-plugins  of these, the plugins in FFmpeg, GStreamer and melt (docs/plugins.md)'
	@echo 'make gallery      paint docs/gallery.md and models/styles.jpg anew'
	@echo 'make train-tools  install libtorch, build build/train/tempera-train'
	@echo 'make test-train   ... and run its tests'
	@echo 'make bench        speed beside installed peers: bench/results, docs/performance.md'
	@echo 'make bench-web    the same in Chromium: build/bench-web.json, docs/performance.md'
	@echo 'make web          the page: builds the engine for browsers and serves it on this machine'
	@echo 'make test-web     kernels and hostile models in Node; package and page in Chromium, Firefox and WebKit'
	@echo 'make packages     Debian packages: out/packages'
	@echo 'make test-packages  ... made, looked at by lintian and by tests/install/packages.sh'
	@echo 'make fuzz         a minute of fuzzing the model reader and the door, under sanitizers'
	@echo 'make soak         an hour of random networks, fuzzing and the thread sanitizer, by hand'
	@echo 'make check        layers, headers, file rules, formatting, what comments and docs cite'
	@echo 'make clean        remove build/ and out/'
