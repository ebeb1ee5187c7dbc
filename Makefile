# make demo      two small services in C, and the traces that they make
# make test      all tests; ends with "N passed, N failed"
# make bench     the hot path beside other tracers
# make bench-bindings  the hot path through the bindings, beside the C functions
# make fuzz      every parser of bytes from outside for FUZZ_SECONDS (60), with what a fuzzer makes up
# make build     the library, optimised
# make wheel     the Python binding with the library in it, in target/wheels
# make install   into PREFIX (/usr/local), below DESTDIR for packagers
# make bless     rewrites the generated files (header, symbol lists, table of settings) after a change of src/ffi or src/config

PREFIX ?= /usr/local
INCLUDEDIR ?= $(PREFIX)/include
LIBDIR ?= $(PREFIX)/lib
INSTALL ?= install
CARGO ?= cargo
# The cargo profile of `build` and `install`.
PROFILE ?= release

small := $(if $(filter release,$(PROFILE)),-- -C llvm-args=-inline-threshold=25)

version := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
soname := libddtrace.so.0
target := $(or $(CARGO_TARGET_DIR),target)
built := $(target)/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))
include := $(DESTDIR)$(INCLUDEDIR)
lib := $(DESTDIR)$(LIBDIR)
cpp_parts := $(notdir $(wildcard bindings/cpp/include/ddtrace/*.hpp))
# From the CMake package to the headers, for trees that are moved.
include_from_config = $(shell realpath -m --relative-to='$(LIBDIR)/cmake/ddtrace' '$(INCLUDEDIR)')

# Directories below PREFIX are named by it, so that pkg-config --define-prefix finds a tree that was moved.
dollar := $$
by_prefix = $(patsubst $(PREFIX)/%,$(dollar){prefix}/%,$(1))

.PHONY: build shared static demo test bench bench-bindings fuzz wheel install uninstall bless clean

# One kind of library at a time: built together with one for Rust programs, the shared one would keep whatever those might call. What is
# not marked as worth it is not copied into its callers: a tenth of the library, for one instruction in a hundred of the hot path.
build: shared static

shared:
	$(CARGO) rustc --profile $(PROFILE) --locked --lib --crate-type cdylib $(small)

static:
	$(CARGO) rustc --profile $(PROFILE) --locked --lib --crate-type staticlib $(small)

demo:
	scripts/demo

test:
	scripts/test

bench:
	benches/run

bench-bindings:
	benches/run-bindings

fuzz:
	scripts/fuzz

wheel: shared
	scripts/wheel '$(built)/libddtrace.so' '$(target)/wheels'

install: build
	$(INSTALL) -d '$(include)/ddtrace' '$(lib)/pkgconfig' '$(lib)/cmake/ddtrace'
	$(INSTALL) -m 644 include/ddtrace.h bindings/cpp/include/ddtrace.hpp '$(include)'
	$(INSTALL) -m 644 $(addprefix bindings/cpp/include/ddtrace/,$(cpp_parts)) '$(include)/ddtrace'
	$(INSTALL) -m 755 '$(built)/libddtrace.so' '$(lib)/libddtrace.so.$(version)'
	ln -sf 'libddtrace.so.$(version)' '$(lib)/$(soname)'
	ln -sf '$(soname)' '$(lib)/libddtrace.so'
	$(INSTALL) -m 644 '$(built)/libddtrace.a' '$(lib)/libddtrace.a'
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@INCLUDEDIR@|$(call by_prefix,$(INCLUDEDIR))|' -e 's|@LIBDIR@|$(call by_prefix,$(LIBDIR))|' -e 's|@VERSION@|$(version)|' \
	    packaging/pkg-config/ddtrace.pc.in > '$(lib)/pkgconfig/ddtrace.pc'
	for file in ddtraceConfig.cmake ddtraceConfigVersion.cmake; do \
	    sed -e 's|@INCLUDE_FROM_CONFIG@|$(include_from_config)|' -e 's|@SONAME@|$(soname)|' -e 's|@VERSION@|$(version)|' \
	        "packaging/cmake/$$file.in" > '$(lib)/cmake/ddtrace/'"$$file" || exit 1; \
	done
	chmod 644 '$(lib)/pkgconfig/ddtrace.pc' '$(lib)/cmake/ddtrace/'*.cmake

uninstall:
	rm -f '$(include)/ddtrace.h' '$(include)/ddtrace.hpp' '$(lib)/pkgconfig/ddtrace.pc' '$(lib)/libddtrace.a'
	rm -f $(patsubst %,'$(include)/ddtrace/%',$(cpp_parts)) '$(lib)/cmake/ddtrace/ddtraceConfig.cmake' '$(lib)/cmake/ddtrace/ddtraceConfigVersion.cmake'
	-rmdir '$(include)/ddtrace' '$(lib)/cmake/ddtrace' '$(lib)/cmake' 2>/dev/null
	rm -f '$(lib)/libddtrace.so' '$(lib)/$(soname)' '$(lib)/libddtrace.so.$(version)'

bless:
	DDTRACE_BLESS=1 $(CARGO) test --locked --test header
	DDTRACE_BLESS=1 $(CARGO) test --locked --test symbols
	DDTRACE_BLESS=1 $(CARGO) test --locked --test settings
	$(CARGO) test --locked --test header --test symbols --test settings

clean:
	$(CARGO) clean
	rm -rf .venv
