# `make demo` and `make test` need Python 3.11, Go 1.26 and make; everything else they set up
# themselves, once: a virtual environment in .venv, and the programs of a Kubernetes control plane
# in the user's cache.
#
#   TESTS=tests/unit/core       what `make test` runs
#   PYTEST_ARGS="-k scale -x"   further arguments of pytest
#   WORKERS=9                   how many workers share the tests of whole folders
#   SEED=17                     where hypothesis begins to look for new examples (else: the same)
#   KUBEBUILDER_ASSETS=DIR      use etcd, kube-apiserver, kubectl, … from there instead of building
#   KEEP=1  PLAIN=1             demo: stay until Ctrl-C; lines instead of a live picture
#   NODES=20                    cluster: how many simulated nodes
#   SMOKE=1                     bench: the short form
#   SHORT=1                     chaos: the short form
#   CHROMIUM=PATH               test-ui, pictures: the browser, if it is not on the PATH
#   PORT=8000                   site-serve: the port on 127.0.0.1

SHELL := bash
PYTHON3 ?= python3
VENV := .venv
PYTHON := $(VENV)/bin/python
INSTALLED := $(VENV)/.installed
DRIVER := $(VENV)/.browser
SITE := $(VENV)/.docs
FOLDERS := tests/cli tests/devcluster tests/examples tests/gitops tests/integration tests/unit
TESTS ?= $(FOLDERS)
MACHINES := tests/unit/core/test_invariants.py tests/unit/reconcile/test_anything_goes.py \
	tests/unit/chaos/test_fuzz.py
WORKERS ?= 9
PYTEST_ARGS ?=
PYTEST = $(PYTHON) -m pytest $(if $(SEED),--hypothesis-profile=ci --hypothesis-seed=$(SEED))
# What is compiled is kept: each worker reads all test files, and each program that a test starts
# reads the package; to compile them takes three times as long as to read them.
unexport PYTHONDONTWRITEBYTECODE
# To start workers takes seconds: it pays for a whole folder, not for a file or two.
spread = $(if $(filter-out $(FOLDERS),$(1)),,-n $(WORKERS))

.DEFAULT_GOAL := help
.PHONY: help demo test unit explore integration check bench chaos cluster crds format constraints clean \
	chart api-doc cli-doc metrics-doc site site-serve lock test-chart test-metrics test-statemetrics \
	e2e ui browser test-ui pictures mutations golden integrations merge-keys recorded schedules devcluster \
	devcluster-kubelet devcluster-helm devcluster-prometheus devcluster-integrations \
	devcluster-statemetrics

help: ## Show this
	@echo "make demo and make test set up all they need. Targets:"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-20s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo "Variables:"
	@sed -n 's/^#   \([A-Z]\)/  \1/p' $(MAKEFILE_LIST)

demo: devcluster ## See an update pass and another undo itself (KEEP=1 stays)
	@$(PYTHON) -m hack.demo $(if $(KEEP),--keep) $(if $(PLAIN),--plain) $(ARGS)

test: devcluster devcluster-integrations ## Run all tests
	@$(PYTEST) $(call spread,$(TESTS)) $(PYTEST_ARGS) $(TESTS)

unit: $(INSTALLED) ## Run the tests that need nothing but Python
	@$(PYTEST) -n $(WORKERS) $(PYTEST_ARGS) tests/unit

explore: $(INSTALLED) ## Look for new examples that break the state machines (SEED=17: from there)
	@$(PYTEST) -n 2 $(PYTEST_ARGS) $(if $(SEED),,--hypothesis-profile=ci) $(MACHINES)

integration: devcluster devcluster-integrations ## Run the tests of the operator on a real control plane
	@$(PYTEST) -n $(WORKERS) $(PYTEST_ARGS) tests/integration

check: $(INSTALLED) ## Look at the code without running it: style, types, layers, stale files
	@echo "ruff" && $(PYTHON) -m ruff check --quiet . && $(PYTHON) -m ruff format --check --quiet .
	@echo "mypy --strict" && $(PYTHON) -m mypy --no-error-summary
	@echo "layers" && $(VENV)/bin/lint-imports --no-cache > $(VENV)/layers.txt 2>&1 \
		|| { cat $(VENV)/layers.txt; exit 1; }
	@echo "crds/ as generated" && $(PYTHON) -m hack.crds --check
	@echo "charts/ as generated" && $(PYTHON) -m hack.chart --check
	@echo "docs/cli*.md as generated" && $(PYTHON) -m hack.cli_doc --check
	@echo "docs/metrics.md as generated" && $(PYTHON) -m hack.metrics_doc --check
	@echo "integrations/ as generated" && $(PYTHON) -m hack.integrations.argocd --check \
		&& $(PYTHON) -m hack.integrations.kustomize --check
	@echo "merge keys as generated" && $(PYTHON) -m hack.merge_keys --check
	@echo "docs/reference-*.md as generated" && $(PYTHON) -m hack.api_doc --check
	@echo "short files" && $(PYTHON) -m hack.lengths
	@echo "documents" && $(PYTHON) -m hack.docs
	@echo "tables that name tests" && $(PYTHON) -m hack.availability
	@echo "go" && $(PYTHON) -m hack.govet
	@echo "pinned releases" && $(PYTHON) -m hack.pins

bench: devcluster ## Measure the operator beside the floor and others (SMOKE=1; ARGS=--list)
	@$(PYTHON) -m hack.bench $(if $(SMOKE),--smoke) $(ARGS)

chaos: devcluster ## Kill and disturb the operator at any moment, judge what it did (SHORT=1; ARGS=--list)
	@$(PYTHON) -m hack.chaos $(if $(SHORT),--short) $(ARGS)

cluster: devcluster ## Run a control plane with simulated nodes and the CRDs, until Ctrl-C
	@$(PYTHON) -m hack.devcluster $(if $(NODES),--nodes $(NODES))

ui: devcluster ## Open the web page on a local control plane with Jobs in every state
	@$(PYTHON) -m hack.ui $(ARGS)

crds: $(INSTALLED) ## Write crds/ anew from the models, and the chart's copy of them
	@$(PYTHON) -m hack.crds && $(PYTHON) -m hack.chart

chart: $(INSTALLED) ## Write the generated files of charts/echelon anew
	@$(PYTHON) -m hack.chart

cli-doc: $(INSTALLED) ## Write docs/cli*.md anew from the commands of echelon
	@$(PYTHON) -m hack.cli_doc

metrics-doc: $(INSTALLED) ## Write docs/metrics.md anew from the operator's metrics
	@$(PYTHON) -m hack.metrics_doc

integrations: $(INSTALLED) ## Write the generated files of integrations/ anew
	@$(PYTHON) -m hack.integrations.argocd && $(PYTHON) -m hack.integrations.kustomize

merge-keys: $(INSTALLED) ## Write the table of merge keys anew from the OpenAPI of Kubernetes
	@$(PYTHON) -m hack.merge_keys

schedules: $(INSTALLED) ## Ask the library that Kubernetes uses anew when schedules are due
	@$(PYTHON) -m hack.schedules

recorded: devcluster ## Record the stories that tests/gitops shows to other tools anew
	@$(PYTHON) -m hack.integrations.record

api-doc: $(INSTALLED) ## Write docs/reference-*.md anew from the models
	@$(PYTHON) -m hack.api_doc

site: $(SITE) ## Build the documents as a site, in build/site; a warning is an error
	@$(PYTHON) -m hack.site

site-serve: $(SITE) ## Build the site and show it on 127.0.0.1 (PORT=8000), until Ctrl-C
	@$(PYTHON) -m hack.site --serve $(or $(PORT),8000)

golden: devcluster ## Record what the present version stores in tests/golden, for a release
	@$(PYTHON) -m hack.golden

lock: $(INSTALLED) ## Pin what the image is made of, by hash
	@$(PYTHON) -m hack.chart.lock

test-chart: devcluster devcluster-helm ## Test the chart and the image with the real helm
	@$(PYTEST) -n $(WORKERS) $(PYTEST_ARGS) tests/chart

test-metrics: devcluster devcluster-prometheus ## Test alerts and dashboard with the real Prometheus
	@$(PYTEST) $(PYTEST_ARGS) tests/metrics

test-statemetrics: devcluster devcluster-statemetrics ## Test the configuration with the real kube-state-metrics
	@$(PYTEST) $(PYTEST_ARGS) tests/statemetrics

test-ui: browser devcluster ## Test the web page in a real browser (needs Chromium)
	@$(PYTEST) -n $(if $(filter 0,$(WORKERS)),0,2) $(PYTEST_ARGS) tests/ui

pictures: browser devcluster ## Make docs/pictures anew (needs Chromium and tmux)
	@$(PYTHON) -m hack.pictures $(ARGS)

e2e: devcluster ## Test on a real kubelet and real containers (needs root; some minutes)
	@$(PYTHON) -m hack.e2e --prepare
	@$(PYTEST) $(PYTEST_ARGS) tests/e2e

mutations: $(INSTALLED) ## Plant faults in a copy of the code: the unit tests must notice each
	@$(PYTHON) -m hack.mutations $(ARGS)

format: $(INSTALLED) ## Format the code and sort its imports
	@$(PYTHON) -m ruff check --quiet --fix . && $(PYTHON) -m ruff format --quiet .

devcluster: $(INSTALLED) ## Build etcd, the control plane, kubectl and the node simulator (once)
	@$(PYTHON) -m hack.devcluster.build control-plane

devcluster-kubelet: $(INSTALLED) ## Build the kubelet (once)
	@$(PYTHON) -m hack.devcluster.build kubelet

devcluster-helm: $(INSTALLED) ## Build helm (once)
	@$(PYTHON) -m hack.devcluster.build helm

devcluster-prometheus: $(INSTALLED) ## Build Prometheus and promtool (once)
	@$(PYTHON) -m hack.devcluster.build prometheus

devcluster-integrations: $(INSTALLED) ## Build what reads objects as Argo CD and kstatus do (once)
	@$(PYTHON) -m hack.devcluster.build integrations

devcluster-statemetrics: $(INSTALLED) ## Build kube-state-metrics (once)
	@$(PYTHON) -m hack.devcluster.build kube-state-metrics

# Chromium itself is not installed by make: that needs root.
browser: $(INSTALLED)
	@$(PYTHON) -m hack.browser > /dev/null
	@$(MAKE) --no-print-directory $(DRIVER)

constraints: $(INSTALLED) ## Pin the newest versions of all Python packages
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --upgrade \
		--upgrade-strategy eager --editable '.[dev,browser,docs]'
	@{ sed -n '/^#/p' hack/constraints.txt; \
		$(PYTHON) -m pip freeze --exclude-editable; } > hack/.constraints \
		&& mv hack/.constraints hack/constraints.txt && touch $(INSTALLED)

clean: ## Remove all that was made in this folder (built programs stay in the user's cache)
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache \
		build *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(INSTALLED): pyproject.toml hack/constraints.txt
	@$(PYTHON3) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; say where it is: make PYTHON3=…" >&2; exit 1; }
	@echo "installing Python packages into $(VENV) …"
	@test -x $(PYTHON) || $(PYTHON3) -m venv $(VENV)
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check \
		--constraint hack/constraints.txt --editable '.[dev]'
	@touch $@

$(DRIVER): $(INSTALLED)
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check \
		--constraint hack/constraints.txt --editable '.[dev,browser]'
	@touch $@

$(SITE): $(INSTALLED)
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check \
		--constraint hack/constraints.txt --editable '.[dev,docs]'
	@touch $@
