# The image of workers, the simulator and the command line: docker run --rm crmkpi:local --help
# The digest is that of the index of all platforms; docs/security.md says how to raise it, or to name another image.
ARG PYTHON_IMAGE=python:3.11.16-slim-bookworm@sha256:528257d48c1da0dcecc2e725d1ae34498d60c965f1241e39cd6a85a8859bdf84

FROM ${PYTHON_IMAGE} AS build

# pip leaves nothing behind, and what it installs is complete and exactly what the lock names.
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore PATH=/opt/crmkpi/bin:$PATH
WORKDIR /app
RUN python3 -m venv /opt/crmkpi

# Packages first: this layer is made anew only when the lock changes. A container is given its Kafka and Redis, so the
# packages that bring local ones (Java, Valkey, Maven) and the developers' tools are not in this lock.
COPY requirements-image.lock ./
RUN python3 -m pip install --require-hashes -r requirements-image.lock

COPY . .
# setuptools is in the lock, so that the build fetches nothing; what runs needs neither it nor pip.
RUN python3 -m pip install --no-deps --no-build-isolation . && python3 -m pip uninstall --yes setuptools pip

FROM ${PYTHON_IMAGE}
# Output appears at once in the log; nothing is written beside the code.
ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 PATH=/opt/crmkpi/bin:$PATH
COPY --from=build /opt/crmkpi /opt/crmkpi
RUN useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin crmkpi
USER crmkpi
# The one place this user may write to.
WORKDIR /tmp

ENTRYPOINT ["crmkpi"]
