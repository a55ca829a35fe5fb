# The operator's image: docker build --tag <repository>:<tag> .
#
# The tag pins the base; whoever needs the very same bytes adds its digest.
ARG PYTHON_IMAGE=python:3.13.9-slim-trixie

FROM ${PYTHON_IMAGE} AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
# The locks come first: as long as they stay, so does this layer.
COPY hack/requirements.lock hack/build.lock ./
RUN python -m venv /opt/build && /opt/build/bin/pip install --require-hashes -r build.lock
RUN python -m venv --without-pip /opt/echelon \
    && /opt/build/bin/pip --python /opt/echelon/bin/python install \
        --require-hashes --only-binary :all: -r requirements.lock
COPY pyproject.toml ./
COPY controller ./controller
RUN /opt/build/bin/pip wheel --no-build-isolation --no-deps --wheel-dir /wheels . \
    && /opt/build/bin/pip --python /opt/echelon/bin/python install --no-deps /wheels/*.whl
# Compiled once, here: the root file system is read-only later, and the start is to be quick. By force,
# as pip compiles, too: into files that are out of date once a time stamp changes.
RUN /opt/echelon/bin/python -m compileall -q -f -j 0 --invalidation-mode unchecked-hash /opt/echelon/lib \
    && cp requirements.lock /opt/echelon/requirements.lock

FROM ${PYTHON_IMAGE}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="Echelon" \
      org.opencontainers.image.description="A Kubernetes operator that owns rolling updates" \
      org.opencontainers.image.version="${VERSION}"
# /opt/echelon/requirements.lock is the bill of materials: name, version and hash of each package.
COPY --from=build /opt/echelon /opt/echelon
ENV PATH=/opt/echelon/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
WORKDIR /tmp
USER 65532:65532
EXPOSE 9095 9096
ENTRYPOINT ["echelon-controller"]
