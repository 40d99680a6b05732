# One file for every image: dev (tools, source mounted), runtime (API, migrations, dq), pipeline (runtime and the ETL), proxy (nginx),
# backup (PostgreSQL's tools and our scripts). The default target is runtime.
#
#   docker build .                         docker build --target pipeline .        docker build --target proxy .
#   docker build --target backup .
#   docker build --target dev --build-arg HOST_UID=$(id -u) --build-arg HOST_GID=$(id -g) .
#
# A `# syntax=` line is omitted on purpose: the engine's built-in frontend is sufficient, and does not need a registry.

ARG PYTHON_IMAGE=python:3.13-slim-trixie
ARG POSTGRES_IMAGE=postgres:18-trixie
ARG PROXY_IMAGE=nginxinc/nginx-unprivileged:1.30

# --- base: common to all our Python images -------------------------------------------------------------------------------------
FROM ${PYTHON_IMAGE} AS base
# The environment is outside any workspace, so that a mounted checkout can neither hide nor change it.
ENV VIRTUAL_ENV=/opt/venv \
    PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    # Print a traceback when a native module crashes the process.
    PYTHONFAULTHANDLER=1

# --- builder: uv, from its own hashed lock -------------------------------------------------------------------------------------
FROM base AS builder
ENV UV_LINK_MODE=copy \
    UV_NO_PROGRESS=1 \
    # Use the system's certificates, which include that of a company's proxy.
    UV_SYSTEM_CERTS=1 \
    # Bytecode contains sets in the order of their hashes: a fixed seed makes builds reproducible.
    PYTHONHASHSEED=0
# strip(1) reduces native modules by a third; it is only needed in this stage.
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean && apt-get update -qq && apt-get install -qq -y --no-install-recommends binutils
RUN --mount=type=cache,target=/root/.cache/pip --mount=type=bind,source=requirements/bootstrap.txt,target=/tmp/bootstrap.txt \
    python -m pip install --quiet --root-user-action=ignore --no-deps --require-hashes --target /opt/uv --requirement /tmp/bootstrap.txt \
 && python -m venv --without-pip /opt/venv
ENV PATH=/opt/uv/bin:$PATH

# --- the packages of the runtime image, slimmed and compiled -------------------------------------------------------------------
FROM builder AS runtime-packages
ARG SOURCE_DATE_EPOCH=0
RUN --mount=type=cache,target=/root/.cache/uv \
    --mount=type=bind,source=requirements/runtime.txt,target=/tmp/runtime.txt \
    --mount=type=bind,source=docker/build/finish-packages.sh,target=/tmp/finish-packages.sh \
    uv pip sync --quiet --require-hashes /tmp/runtime.txt && bash /tmp/finish-packages.sh --slim \
 && bash /tmp/finish-packages.sh --lay-out /rootfs

# --- additional packages of the pipeline's image -------------------------------------------------------------------------------
FROM runtime-packages AS pipeline-packages
ARG SOURCE_DATE_EPOCH=0
RUN --mount=type=cache,target=/root/.cache/uv \
    --mount=type=bind,source=requirements/pipeline.txt,target=/tmp/pipeline.txt \
    --mount=type=bind,source=docker/build/finish-packages.sh,target=/tmp/finish-packages.sh \
    bash /tmp/finish-packages.sh --list >/tmp/before \
 && uv pip install --quiet --require-hashes --requirement /tmp/pipeline.txt && bash /tmp/finish-packages.sh --slim \
 && bash /tmp/finish-packages.sh --list >/tmp/after \
 && bash /tmp/finish-packages.sh --added /tmp/before /tmp/after /added

# --- our own code, compiled, with the `dq` command and the package's metadata; and the user it runs as -------------------------
FROM builder AS source
ARG SOURCE_DATE_EPOCH=0
WORKDIR /srv/draft-queen
COPY pyproject.toml README.md LICENSE alembic.ini ./
# Before the source is copied, because it does not depend on it.
RUN mkdir -p app pipeline cli && touch app/__init__.py pipeline/__init__.py cli/__init__.py \
 && uv pip install --quiet --no-deps --no-index --editable .
COPY app app
COPY pipeline pipeline
COPY cli cli
COPY alembic alembic
RUN --mount=type=bind,source=docker/build,target=/tmp/build \
    --mount=type=bind,source=docker/entrypoint.sh,target=/tmp/entrypoint.sh \
    --mount=type=bind,source=docker/healthcheck.sh,target=/tmp/healthcheck.sh \
    bash /tmp/build/install-source.sh /srv/draft-queen /rootfs /tmp/entrypoint.sh /tmp/healthcheck.sh

# --- runtime: the API, the migrations and dq -----------------------------------------------------------------------------------
FROM base AS runtime
# A build with another time is another entry in the builder's cache: a build without cache would otherwise leave a second result of the next step,
# with another time, and `docker compose up` could use that and replace containers although nothing has changed.
ARG SOURCE_DATE_EPOCH=0
# Remove the installer. This is the only layer whose bytes differ between two builds: the markers of removed files have the time
# of the build (docs/decisions/0060-images.md).
RUN rm -rf /usr/local/lib/python3*/site-packages/pip* /usr/local/lib/python3*/ensurepip \
      /usr/local/share/python-wheels /usr/local/bin/pip* /usr/local/lib/python3*/idlelib /usr/local/lib/python3*/turtledemo
# The packages change rarely, so they are a separate layer below the code.
COPY --from=runtime-packages /rootfs/ /
# It includes /var/lib/draft-queen for the data set files: apart from /tmp the only folder that the process writes to. A volume is mounted there.
COPY --from=source /rootfs/ /
ENV ENVIRONMENT=production \
    HOST=0.0.0.0 \
    DATA_DIR=/var/lib/draft-queen \
    # Everything is already compiled, and the root may be read-only.
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/tmp
WORKDIR /srv/draft-queen
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/entrypoint"]
CMD ["python", "-m", "app.server"]
# Liveness, checked by bash without starting an interpreter. Whether the process can serve requests is reported by /health/ready, for load balancers.
HEALTHCHECK --interval=15s --timeout=3s --start-period=60s --start-interval=1s --retries=3 CMD ["/usr/local/bin/healthcheck", "http", "/health"]
# Last, because they change with every commit: name and revision. Every ETag contains the revision (docs/decisions/0060-images.md);
# `local` names no revision, so the process adds a fingerprint of the code to it.
ARG REVISION=local
ARG VERSION=0.1.0
ENV RELEASE=${REVISION}
LABEL org.opencontainers.image.title="Draft Queen" \
      org.opencontainers.image.description="NFL draft analytics: API, migrations and command line" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"

# --- pipeline: runtime and the data frames -------------------------------------------------------------------------------------
FROM runtime AS pipeline
COPY --from=pipeline-packages /added/ /
CMD ["python", "-m", "pipeline.worker"]
# The worker has no port: it touches a file while its event loop runs.
ENV WORKER_LIVENESS_FILE=/tmp/worker-alive
HEALTHCHECK --interval=15s --timeout=3s --start-period=60s --start-interval=1s --retries=3 CMD ["/usr/local/bin/healthcheck", "file", "/tmp/worker-alive"]
LABEL org.opencontainers.image.description="NFL draft analytics: the pipeline's worker"

# --- psql and its library, of the server's own version -------------------------------------------------------------------------
FROM ${POSTGRES_IMAGE} AS postgres-client
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
RUN mkdir -p /out/bin /out/lib && cp /usr/lib/postgresql/18/bin/psql /usr/lib/postgresql/18/bin/pg_dump /usr/lib/postgresql/18/bin/pg_isready /out/bin/ \
 && cp -L "$(ldd /usr/lib/postgresql/18/bin/psql | awk '/libpq\.so/ { print $3 }')" /out/lib/libpq.so.5

# --- dev: all tools; the source is mounted, and the environment is outside it ---------------------------------------------------
FROM builder AS dev-packages
# Two steps: packages that run all the time are compiled; tools are compiled when first used, which saves 40 MB.
RUN --mount=type=cache,target=/root/.cache/uv \
    --mount=type=bind,source=requirements,target=/tmp/requirements \
    --mount=type=bind,source=docker/build/finish-packages.sh,target=/tmp/finish-packages.sh \
    uv pip sync --quiet --require-hashes /tmp/requirements/run.txt && bash /tmp/finish-packages.sh --compile \
 && uv pip sync --quiet --require-hashes /tmp/requirements/dev.txt && bash /tmp/finish-packages.sh --dev
# `dq` and the metadata, pointing to where the source will be mounted.
WORKDIR /workspace
COPY pyproject.toml README.md LICENSE ./
COPY devloop/pyproject.toml devloop/README.md devloop/LICENSE devloop/
RUN mkdir -p app pipeline cli devloop/src/devloop \
 && touch app/__init__.py pipeline/__init__.py cli/__init__.py devloop/src/devloop/__init__.py \
 && uv pip install --quiet --no-deps --no-index --editable . --editable ./devloop \
    # Whatever id the developer has (an editor may change it after the build), they can install a package to try it.
 && chmod -R a+rwX /opt/venv

# --- git without Perl, which its package requires only for commands that are not used here (send-email, svn, web servers) ---------
FROM base AS git
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /tmp/git
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean && apt-get update -qq && apt-get download -qq git && dpkg-deb -x git_*.deb /out \
 && ln -sf ../../bin/git /out/usr/lib/git-core/git \
 && rm -f git_*.deb /out/usr/lib/git-core/git-{daemon,http-backend,http-fetch,http-push,imap-send,shell,instaweb,send-email} /out/usr/bin/scalar /out/usr/lib/git-core/scalar \
 && rm -rf /out/usr/share/doc /out/usr/share/man /out/usr/share/locale /out/usr/share/gitweb /out/usr/share/perl5 /out/usr/share/lintian

FROM base AS dev
# git's and psql's libraries; git over ssh (the agent is forwarded by the editor), curl for the documents' examples, make, less, ps.
RUN --mount=type=cache,target=/var/cache/apt,sharing=locked --mount=type=cache,target=/var/lib/apt,sharing=locked \
    rm -f /etc/apt/apt.conf.d/docker-clean && apt-get update -qq \
 && apt-get install -qq -y --no-install-recommends libcurl3t64-gnutls libpcre2-8-0 openssh-client curl make less procps \
      libgssapi-krb5-2 libldap2 libreadline8t64 liblz4-1 libzstd1 \
 # Remove a setuid program for host-based authentication, which is not used here (half a megabyte), and the installer's metadata.
 && rm -rf /usr/lib/openssh/ssh-keysign /var/log/apt /var/log/dpkg.log /var/lib/dpkg/status-old
COPY --from=git /out/ /
COPY --from=postgres-client /out/bin/ /usr/local/bin/
COPY --from=postgres-client /out/lib/ /usr/local/lib/
COPY --from=dev-packages /opt/venv /opt/venv
ARG HOST_UID=1000
ARG HOST_GID=1000
RUN --mount=type=bind,source=docker/build/make-user.sh,target=/tmp/make-user.sh ldconfig && chmod a+rwX /opt/venv \
 && bash /tmp/make-user.sh dev "${HOST_UID}" "${HOST_GID}"
COPY --chmod=755 docker/entrypoint.sh /usr/local/bin/entrypoint
COPY --chmod=755 docker/healthcheck.sh /usr/local/bin/healthcheck
# The containers must be able to report a checkout with Windows line ends.
RUN sed -i 's/\r$//' /usr/local/bin/entrypoint /usr/local/bin/healthcheck
# From a submodule's history, Git returns to the checkout by a relative path, which leads here (scripts/stack_env.sh). Existing files are kept.
ARG GIT_WORK_TREE_INSIDE=/workspace
RUN [ "$GIT_WORK_TREE_INSIDE" = /workspace ] || { rmdir "$GIT_WORK_TREE_INSIDE" 2>/dev/null; \
      if [ -e "$GIT_WORK_TREE_INSIDE" ]; then echo "Git will not work inside: $GIT_WORK_TREE_INSIDE is a folder of the image."; \
      else mkdir -p "$(dirname "$GIT_WORK_TREE_INSIDE")" && ln -s /workspace "$GIT_WORK_TREE_INSIDE"; fi; }
# The first variable tells the Makefile and the entrypoint that they are in this image; they use its environment and create none in the workspace.
ENV DRAFT_QUEEN_CONTAINER=1 \
    UV_PROJECT_ENVIRONMENT=/opt/venv \
    HISTFILE=/home/dev/.history/bash \
    WORKER_LIVENESS_FILE=/tmp/worker-alive
WORKDIR /workspace
USER dev
ENTRYPOINT ["/usr/local/bin/entrypoint"]
CMD ["bash"]

# --- files that the proxy serves itself: static files, compressed in advance, and error pages -------------------------------------
FROM base AS proxy-files
COPY app/web/static /tmp/web
COPY app/docs/static /tmp/docs
ARG SOURCE_DATE_EPOCH=0
RUN --mount=type=bind,source=docker/build/proxy-files.sh,target=/tmp/proxy-files.sh bash /tmp/proxy-files.sh /tmp/web /tmp/docs /rootfs

# --- proxy: nginx, our configuration and those files ---------------------------------------------------------------------------
FROM ${PROXY_IMAGE} AS proxy
COPY docker/proxy/nginx.conf /etc/nginx/nginx.conf
COPY docker/proxy/draft-queen /etc/nginx/draft-queen
# The image's entrypoint generates them from the environment, in a folder where a read-only root has a tmpfs.
COPY docker/proxy/templates /etc/nginx/templates
COPY --from=proxy-files /rootfs/ /
COPY --chmod=755 docker/healthcheck.sh /usr/local/bin/healthcheck
ENV NGINX_ENVSUBST_OUTPUT_DIR=/tmp \
    # nginx has its own variables: only these names are substituted.
    NGINX_ENVSUBST_FILTER=^PROXY_ \
    PROXY_HTTPS_PORT=443 \
    PROXY_RELEASE=local \
    PROXY_REQUESTS_PER_SECOND=50 \
    PROXY_REQUESTS_AT_ONCE=100 \
    PROXY_CONNECTIONS=64
EXPOSE 8080 8443
# nginx's graceful shutdown: no new connections, running requests are finished.
STOPSIGNAL SIGQUIT
HEALTHCHECK --interval=15s --timeout=3s --start-period=30s --start-interval=1s --retries=3 CMD ["/usr/local/bin/healthcheck", "http", "/", "8081"]
ARG REVISION=local
LABEL org.opencontainers.image.title="Draft Queen proxy" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}"

# --- backup: PostgreSQL's tools, of the server's version, and our scripts; without Python, so that a broken release does not affect backups --
FROM ${POSTGRES_IMAGE} AS backup
COPY docker/backup /usr/local/lib/backup
# A restore sets the passwords of the secrets in the same way as a new database.
COPY docker/postgres/init/20-roles.sh /usr/local/lib/backup/20-roles.sh
# Independent of the umask and line ends of the checkout. A volume gets its owner from the folder that it covers.
RUN sed -i 's/\r$//' /usr/local/lib/backup/* && chmod -R u=rwX,go=rX /usr/local/lib/backup && chmod 755 /usr/local/lib/backup/backup.sh \
 && ln -s ../lib/backup/backup.sh /usr/local/bin/backup && install -d -o 999 -g 999 -m 0700 /backups
# The server's own user, whose files a restore writes.
USER 999:999
# The base image stops by an interrupt, which bash does not deliver to its background processes.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/backup"]
CMD ["serve"]
HEALTHCHECK --interval=15s --timeout=3s --start-period=60s --start-interval=1s --retries=3 CMD ["/usr/local/bin/backup", "healthy"]
ARG REVISION=local
LABEL org.opencontainers.image.title="Draft Queen backups" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.revision="${REVISION}"

# --- without --target ------------------------------------------------------------------------------------------------------------
FROM runtime AS default
