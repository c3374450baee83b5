# rollsim - discrete-event simulator of Kubernetes rollouts.  See `make help`.

# ---- a user may set these on the command line or in the environment ----------
PREFIX     ?= /usr/local
BINDIR     ?= $(PREFIX)/bin
DATADIR    ?= $(PREFIX)/share/rollsim
BUILD      ?= build
CFLAGS     ?= -O2 -g
PKG_CONFIG ?= pkg-config
INSTALL    ?= install
FUZZ_SECONDS ?= 60
Q          := $(if $(V),,@)

# ---- layers: what each may see, itself first; this is also the link order ----
LAYERS     := base kernel stats models io app
use_base   := base
use_kernel := kernel base
use_stats  := stats kernel base
use_models := models stats kernel base
use_io     := io base
use_app    := app models io stats kernel base
src_base   := $(wildcard sim/base/*.c)
src_kernel := $(wildcard sim/kernel/*.c)
src_stats  := $(wildcard sim/stats/*.c)
src_models := $(wildcard models/*.c models/*/*.c)
src_io     := $(wildcard sim/io/*.c)
src_app    := $(filter-out sim/app/main.c,$(wildcard sim/app/*.c))
TESTED     := $(LAYERS) theory property
use_theory := $(use_app)
use_property := $(use_app)

# ---- compiler and libraries ---------------------------------------------------
DEPS     := gsl yaml-0.1 sqlite3
PACKAGES := gcc make pkg-config libgsl-dev libyaml-dev libsqlite3-dev
ifeq ($(filter clean help uninstall deps,$(MAKECMDGOALS)),)
  ifneq ($(shell $(PKG_CONFIG) --exists $(DEPS) check 2>/dev/null && echo yes),yes)
    $(info rollsim: installing what is missing: $(PACKAGES) check gnuplot-nox)
    $(shell .ci/install-packages >&2)
    ifneq ($(shell $(PKG_CONFIG) --exists $(DEPS) && echo yes),yes)
      $(error rollsim needs $(DEPS): apt-get install $(PACKAGES) check gnuplot-nox)
    endif
  endif
endif
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wundef -Wvla -Wwrite-strings \
        -Wstrict-prototypes -Wmissing-prototypes -Wformat=2
INC  := -Iinclude -D_POSIX_C_SOURCE=200809L \
        $(shell $(PKG_CONFIG) --cflags $(DEPS) 2>/dev/null)
LIBS := $(shell $(PKG_CONFIG) --libs $(DEPS) 2>/dev/null) -pthread -lm
CHECK_LIBS = $(shell $(PKG_CONFIG) --libs check)
# Results must not depend on whether the machine fuses multiply and add.
EXACT   := -ffp-contract=off
COMPILE = $(CC) $(INC) $(CPPFLAGS) -std=c11 $(WARN) $(SAN) $(CFLAGS) $(EXACT) -pthread
LINK    = $(CC) $(SAN) $(CFLAGS) $(LDFLAGS)

all: $(BUILD)/rollsim                ## build the program (default)

define layer
obj_$(1) := $$(src_$(1):%.c=$$(BUILD)/%.o)
OBJ += $$(obj_$(1))
$$(BUILD)/lib$(1).a: $$(obj_$(1))
	@echo "  AR    $$@"; mkdir -p $$(@D); rm -f $$@; $$(AR) rcs $$@ $$^
endef
$(foreach l,$(LAYERS),$(eval $(call layer,$(l))))

libs = $(patsubst %,$(BUILD)/lib%.a,$(use_$(1)))

# A test links only the layers its folder may see.
define tests
tst_$(1) := $$(patsubst %.c,$$(BUILD)/%,$$(wildcard tests/$(1)/test_*.c))
TEST_OBJ += $$(addsuffix .o,$$(tst_$(1)))
TESTS += $$(tst_$(1))
$$(tst_$(1)): %: %.o $(call libs,$(1))
	@echo "  LD    $$@"
	$$(Q)$$(LINK) -o $$@ $$(filter %.o,$$^) $$(filter %.a,$$^) $$(CHECK_LIBS) $$(LIBS) $$(LDLIBS)
endef
$(foreach l,$(TESTED),$(eval $(call tests,$(l))))

# Programs that drive the finished thing: tests/tools/NAME.c -> build/tests/tools/NAME
tools    := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/tools/*.c))
TEST_OBJ += $(addsuffix .o,$(tools))
conf     := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/conformance/*.c))
TEST_OBJ += $(conf)
$(BUILD)/tests/tools/conformance: $(conf)
fid      := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/fidelity/*.c))
TEST_OBJ += $(fid)
$(BUILD)/tests/tools/fidelity: $(fid)
reqs     := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/requests/*.c))
TEST_OBJ += $(reqs)
$(BUILD)/tests/tools/requests: $(reqs)
# The tables of known answers serve a test and a tool.
known    := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/theory/cases*.c))
TEST_OBJ += $(known)
$(BUILD)/tests/theory/test_theory $(BUILD)/tests/tools/validate: $(known)
# So do random rollouts.
props    := $(patsubst %.c,$(BUILD)/%.o,$(filter-out %/test_property.c,$(wildcard tests/property/*.c)))
TEST_OBJ += $(props)
$(BUILD)/tests/property/test_property $(BUILD)/tests/tools/property: $(props)
$(tools): %: %.o $(call libs,app)
	@echo "  LD    $@"
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS) $(LDLIBS)

benches  := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/bench/*.c))
TEST_OBJ += $(addsuffix .o,$(benches))
$(BUILD)/tests/bench/bench_store: $(call libs,io)
$(benches): %: %.o $(call libs,kernel)
	@echo "  LD    $@"
	$(Q)$(LINK) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS) $(LDLIBS)

OBJ += $(BUILD)/sim/app/main.o
$(BUILD)/rollsim: $(BUILD)/sim/app/main.o $(call libs,app)
	@echo "  LD    $@"
	$(Q)$(LINK) -o $@ $^ $(LIBS) $(LDLIBS)

$(BUILD)/%.o: %.c $(BUILD)/.flags
	@echo "  CC    $<"; mkdir -p $(@D)
	$(Q)$(COMPILE) -MMD -MP -c -o $@ $<

$(BUILD)/.flags: FORCE               # rebuild when the compiler or a flag changes
	@mkdir -p $(@D); echo '$(COMPILE)' | cmp -s - $@ || echo '$(COMPILE)' > $@

test: $(TESTS) $(BUILD)/rollsim $(tools)      ## build and run every test but the long ones
	$(Q)BUILD='$(BUILD)' .ci/run-tests $(TESTS)

test-cluster: $(BUILD)/rollsim       ## run the recipes of scenarios/cluster here: GNU parallel, Slurm (root)
	$(Q)ROLLSIM='$(abspath $(BUILD)/rollsim)' sh tests/cluster/cluster.sh

demo: $(BUILD)/rollsim               ## compare seven strategies on the sample; files and figures in out/demo
	$(Q)command -v gnuplot >/dev/null || .ci/install-packages >&2
	$(Q)$(BUILD)/rollsim compare scenarios/sample.yaml --csv out/demo --figures out/demo \
	--metric rollout_seconds,failed_requests,downtime,exposed_users,peak_pods,extra_pod_seconds

gallery: $(BUILD)/rollsim            ## draw the README's heat map and front; every figure of scenarios/strategies in build/gallery
	$(Q)$(BUILD)/rollsim sweep scenarios/settings.yaml -q --figures $(BUILD)/gallery/sweep >/dev/null
	$(Q)$(BUILD)/rollsim optimize scenarios/settings.yaml -q --figures $(BUILD)/gallery/search >/dev/null
	$(Q)cp $(BUILD)/gallery/sweep/heatmap.svg plots/settings-heatmap.svg
	$(Q)cp $(BUILD)/gallery/search/pareto.svg plots/settings-pareto.svg
	$(Q)for f in scenarios/strategies/*.yaml; do for t in svg png; do \
	  $(BUILD)/rollsim plot $$f -q -n 5 --format $$t --figures $(BUILD)/gallery/$$(basename $$f .yaml) || exit 1; done; done

TRACES = ../shared/traces
fidelity: $(BUILD)/tests/tools/fidelity $(BUILD)/rollsim ## compare rollouts with the recordings of TRACES=DIR
	$(Q)if [ -d '$(TRACES)' ]; then $< $(BUILD)/rollsim '$(TRACES)' $(BUILD)/fidelity; \
	else echo 'SKIPPED recordings: $(TRACES) is not there'; fi

REQUESTS = ../shared/requests/cases
fidelity-requests: $(BUILD)/tests/tools/requests $(BUILD)/rollsim ## compare failed requests with the recordings of REQUESTS=DIR
	$(Q)if [ -d '$(REQUESTS)' ]; then $< $(BUILD)/rollsim '$(REQUESTS)' $(BUILD)/requests; \
	else echo 'SKIPPED recordings of requests: $(REQUESTS) is not there'; fi

TABLES = ../shared/conformance
conformance: $(BUILD)/tests/tools/conformance ## check the tables of TABLES=DIR, row by row
	$(Q)if [ -d '$(TABLES)' ] || [ $(origin TABLES) != file ]; then $< '$(TABLES)'; \
	else echo 'SKIPPED conformance tables: $(TABLES) is not there'; fi

validate: $(BUILD)/tests/tools/validate  ## print every known answer beside ours
	$(Q)$(BUILD)/tests/tools/validate

N = 100000
property: $(BUILD)/tests/tools/property ## run N=100000 random rollouts with faults; FIRST=1 is the first seed
	$(Q)$< $(N) $(FIRST)

# BENCH=long also measures what takes minutes; PEER='COMMAND' is measured beside
# the others: it prints the CPU ns of an M/M/1 customer.
BENCH   ?=
ROUNDS  ?= 5
simgrid := $(if $(wildcard /usr/include/simgrid/engine.h),$(BUILD)/tests/bench/peers/mm1_simgrid)
$(BUILD)/tests/bench/peers/mm1_simgrid: tests/bench/peers/mm1_simgrid.c
	$(Q)mkdir -p $(@D); $(CC) -O2 -D_GNU_SOURCE -o $@ $< -lsimgrid -lm
bench: $(benches) $(simgrid) $(BUILD)/rollsim ## measure it, beside SimPy and SimGrid where they are; CSV in build/bench
	$(Q)mkdir -p $(BUILD)/bench
	$(Q)SIMGRID='$(simgrid)' PEER='$(PEER)' $(BUILD)/tests/bench/bench -r $(ROUNDS) -c $(BUILD)/bench/kernel.csv
	$(Q)$(BUILD)/tests/bench/bench_store
	$(Q)$(BUILD)/tests/bench/bench_runs $(BENCH:long=-l) -r $(ROUNDS) -c $(BUILD)/bench/runs.csv \
	  -k $(BUILD)/bench/curves.csv $(BUILD)/rollsim
	$(Q)! command -v gnuplot >/dev/null || gnuplot -e "DATA='$(BUILD)/bench/curves.csv'; OUT='$(BUILD)/bench/curves.svg'" tests/bench/curves.gp

bench-guard: $(BUILD)/tests/bench/bench $(BUILD)/rollsim ## instructions against tests/bench/guard.txt: 5 % more fails (UPDATE=1: write it)
	$(Q)UPDATE='$(UPDATE)' tests/bench/guard.sh $(BUILD)

check: check-layers check-headers    ## prove the architecture rules on the built archives

asan:                                ## run the tests under ASan and UBSan
	$(Q)$(MAKE) BUILD=$(BUILD)/asan test CFLAGS='-O1 -g' \
	  SAN='-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer'

# A fuzzer is tests/fuzz/fuzz_NAME.c, with fuzz_NAME.dict and corpus/NAME beside it.
fuzzers := $(patsubst %.c,$(BUILD)/%,$(wildcard tests/fuzz/fuzz_*.c))
$(fuzzers): %: %.o $(call libs,app)
	@echo "  LD    $@"
	$(Q)$(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBS) $(LDLIBS)

fuzz:                                ## run every fuzzer for FUZZ_SECONDS (needs clang)
	$(Q)$(MAKE) BUILD=$(BUILD)/fuzz CC=clang CFLAGS='-O1 -g' run-fuzzers \
	  SAN='-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all'

run-fuzzers: $(fuzzers)
	$(Q)for f in $(fuzzers); do n=$${f##*/fuzz_}; mkdir -p $(BUILD)/corpus/$$n; \
	  $$f -max_total_time=$(FUZZ_SECONDS) -timeout=60 -print_final_stats=1 \
	    -dict=tests/fuzz/fuzz_$$n.dict -artifact_prefix=$(BUILD)/$$n- \
	    $(BUILD)/corpus/$$n tests/fuzz/corpus/$$n || exit 1; done

# A layer may include no header and use no symbol of a layer it may not see.
# base, kernel, stats and models keep no mutable global: a replication is a
# function of its arguments alone.  Whatever a file exports, another file uses.
space := $(subst ,, )
define layer_rule
check-$(1): $$(LAYERS:%=$$(BUILD)/lib%.a)
	$$(Q)! cat $$(obj_$(1):.o=.d) /dev/null | grep -oE 'include/($$(subst $$(space),|,$$(strip \
	  $$(filter-out $$(use_$(1)),$$(LAYERS)))))/[^ :]*' | sort -u | sed 's/^/$(1) must not include /' | grep .
	$$(Q)nm -u $$(BUILD)/lib$(1).a | awk 'NF==2 {print $$$$2}' | sort -u > $$(BUILD)/$(1).uses
	$$(Q)nm -g --defined-only $$(patsubst %,$$(BUILD)/lib%.a,$$(filter-out $$(use_$(1)),$$(LAYERS))) | \
	  awk 'NF==3 {print $$$$3}' | sort -u > $$(BUILD)/$(1).hidden
	$$(Q)! comm -12 $$(BUILD)/$(1).uses $$(BUILD)/$(1).hidden | sed 's/^/$(1) must not use /' | grep .
endef
LOWER := $(filter-out app,$(LAYERS))
$(foreach l,$(LOWER),$(eval $(call layer_rule,$(l))))

check-layers: $(LOWER:%=check-%) check-exports
	$(Q)! grep -nE '#include <(yaml|sqlite3)' $(src_base) $(src_kernel) $(src_stats) $(src_models) \
	  $$(find include -name '*.h') | sed 's/$$/: only sim\/io may/' | grep .
	$(Q)! objdump -t $(patsubst %,$(BUILD)/lib%.a,base kernel stats models) | \
	  grep -E '(\.t?bss|\.t?data|COM\*)[^[:space:]]*[[:space:]]+0*[1-9a-f]' | grep -v rel.ro | \
	  sed 's/^/mutable global: /' | grep .
	@echo "layers hold: no forbidden include, symbol, library, global or unused export"

check-exports: $(OBJ) $(TEST_OBJ)
	$(Q)nm -u $(OBJ) $(TEST_OBJ) | awk 'NF==2 {print $$2}' | sort -u > $(BUILD)/used
	$(Q)! nm -g --defined-only $(OBJ) | awk 'NF==3 && $$3 != "main" {print $$3}' | sort -u | \
	  comm -23 - $(BUILD)/used | sed 's/$$/ is used by no other file: static, unlisted or dead/' | grep .

check-headers:                       # every header compiles by itself
	$(Q)for h in $$(cd include && find . -name '*.h'); do echo "#include \"$$h\"" | \
	  $(CC) $(INC) -std=c11 $(WARN) -fsyntax-only -x c - || exit 1; done

install: $(BUILD)/rollsim            ## install under DESTDIR/PREFIX
	$(INSTALL) -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(DATADIR)'
	$(INSTALL) -m 755 $(BUILD)/rollsim '$(DESTDIR)$(BINDIR)'
	cp -R scenarios plots '$(DESTDIR)$(DATADIR)'

uninstall:                           ## undo install
	rm -f '$(DESTDIR)$(BINDIR)/rollsim'
	rm -rf '$(DESTDIR)$(DATADIR)'

clean:                               ## remove everything built
	rm -rf $(BUILD)

help:                                ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t20

FORCE:
.PHONY: all demo gallery test test-cluster fidelity fidelity-requests conformance validate property bench bench-guard check asan fuzz run-fuzzers check-layers check-exports \
        check-headers $(LOWER:%=check-%) \
        install uninstall clean help FORCE
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
-include $(OBJ:.o=.d) $(TEST_OBJ:.o=.d) $(fuzzers:=.d)
