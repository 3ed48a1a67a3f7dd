# The image of workers, the simulator and the command line: docker run --rm crmkpi:local --help
FROM python:3.11-slim

# Output appears at once in the log; pip leaves nothing behind.
ENV PYTHONUNBUFFERED=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /app

# Packages first: this layer is made anew only when the lock changes. A container is given its Kafka and Redis, so the
# packages that bring local ones (Java, Valkey, Maven) and the developers' tools are not in this lock.
COPY requirements-image.lock ./
RUN python3 -m pip install --require-hashes -r requirements-image.lock

COPY . .
RUN python3 -m pip install --no-deps . && rm -rf /app \
 && useradd --system --uid 10001 --no-create-home --shell /usr/sbin/nologin crmkpi
USER crmkpi
# The one place this user may write to.
WORKDIR /tmp

ENTRYPOINT ["crmkpi"]
