"""The names in ``.env`` that the compose files read: what is published where, and under whose name.

Processes do not read them, except `make run`, which reads the debug ports. They are declared here so that `.env.example`,
docs/settings.md, ``dq doctor`` and the check for misspelt settings agree.
``make up`` and the dev container's first step write them into ``.env`` (``scripts/stack.sh env``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class ComposeVariable:
    """One name with its default (of the first instance) and what it means.

    ``is_port``: published on the loopback, moves with INSTANCE. ``may_be_empty``: an empty value is complete.
    """

    name: str
    default: str
    description: str
    is_port: bool = False
    may_be_empty: bool = False


#: Every further instance publishes its ports this much higher.
PORT_STEP: Final = 200
#: The last INSTANCE whose ports do not collide with another's.
MOST_INSTANCES: Final = 20

COMPOSE_VARIABLES: Final = (
    ComposeVariable("COMPOSE_FILE", "compose.dev.yaml", "The file that plain `docker compose` reads in this folder."),
    ComposeVariable("COMPOSE_PROFILES", "", "Additional profiles to start; `make tools` writes `tools` here.", may_be_empty=True),
    ComposeVariable("INSTANCE", "1", "Number of this stack on this machine; `make up INSTANCE=2` moves every port up by 200."),
    ComposeVariable(
        "COMPOSE_PROJECT_NAME", "", "Name of the stack: its containers, volumes and network begin with it. `make up` generates it."
    ),
    ComposeVariable("HOST_UID", "1000", "Your user id, which owns files created in containers. Written at every `make up`."),
    ComposeVariable("HOST_GID", "1000", "Your group id. Written at every `make up`."),
    ComposeVariable(
        "CHECKOUT_DIR", "", "Path of this checkout on the host, by which editors find its container. Written at every `make up`."
    ),
    ComposeVariable("GIT_COMMON_DIR", "", "Where Git keeps the history of a worktree or submodule. Written at every `make up`."),
    ComposeVariable("GIT_COMMON_DIR_INSIDE", "", "Where Git looks for it in the containers."),
    ComposeVariable(
        "GIT_WORK_TREE_INSIDE",
        "",
        "Where Git looks for a submodule's checkout in the containers; the image has a link to /workspace there.",
    ),
    ComposeVariable("API_PORT", "8000", "Port of API and pages.", is_port=True),
    ComposeVariable("API_DEBUG_PORT", "5678", "Port for a debugger of the API, in the containers and in `make run`.", is_port=True),
    ComposeVariable("PIPELINE_DEBUG_PORT", "5679", "Port for a debugger of the pipeline.", is_port=True),
    ComposeVariable("PGADMIN_PORT", "5050", "Port of pgAdmin.", is_port=True),
    ComposeVariable("POSTGRES_PORT", "5432", "Port of PostgreSQL.", is_port=True),
    ComposeVariable("REDIS_PORT", "6379", "Port of Redis.", is_port=True),
    ComposeVariable("ADMINER_PORT", "8081", "Port of Adminer (profile `tools`).", is_port=True),
    ComposeVariable("REDIS_COMMANDER_PORT", "8082", "Port of the Redis browser (profile `tools`).", is_port=True),
    ComposeVariable("POSTGRES_PASSWORD", "draft_queen", "Password of the development database, set when its volume is created."),
)

#: What compose.prod.yaml takes from ``.env``. Never written there by ``make up``: in the example these are commented out.
PRODUCTION_VARIABLES: Final = (
    ComposeVariable(
        "SECRETS_DIR",
        "",
        "Folder of the secrets. `make secrets` creates ./secrets and writes its name here; Compose refuses to start without it.",
    ),
    ComposeVariable(
        "IMAGE_PREFIX",
        "",
        "Prefix of image names, such as a registry, before `runtime`, `pipeline`, `proxy` and `backup`; default: the project's name.",
    ),
    ComposeVariable(
        "IMAGE_TAG",
        "local",
        "Tag of the images that plain Compose starts, and their revision label. Requires PULL_POLICY; `make deploy` needs neither.",
    ),
    ComposeVariable(
        "PULL_POLICY",
        "build",
        "Source of our images for plain Compose: `build` from the checkout, or pull IMAGE_TAG (`missing`, `always`).",
    ),
    ComposeVariable("BIND_ADDRESS", "0.0.0.0", "Address of this machine at which the proxy is published."),  # noqa: S104 - a public service
    ComposeVariable("HTTP_PORT", "80", "Port of plain HTTP, which redirects to HTTPS_PORT."),
    ComposeVariable("HTTPS_PORT", "443", "Port of API and pages, with TLS."),
    ComposeVariable("REQUESTS_PER_SECOND", "50", "Sustained rate of requests per client address; more are refused with 429."),
    ComposeVariable("REQUESTS_AT_ONCE", "100", "Burst of requests per client address before REQUESTS_PER_SECOND applies."),
    ComposeVariable("CONNECTIONS_PER_ADDRESS", "64", "Maximum number of concurrent requests per client address."),
    ComposeVariable("API_REPLICAS", "2", "Number of API containers."),
    ComposeVariable("PIPELINE_REPLICAS", "2", "Number of workers; one load runs at a time."),
    ComposeVariable("BACKUP_EVERY_SECONDS", "86400", "Seconds between two backups; each is restored and compared."),
    ComposeVariable("BACKUP_KEEP_DAYS", "7", "Days for which backups are kept; the last two verified ones are always kept."),
    ComposeVariable(
        "BACKUP_WARNING_HOURS", "26", "Readiness warns when the last verified backup is older (BACKUP_MAX_AGE_HOURS of the API)."
    ),
    ComposeVariable("PROXY_CPUS", "1.0", "Maximum number of processors for the proxy, at most as many as the machine has."),
    ComposeVariable("PROXY_MEMORY", "192m", "Maximum memory for the proxy."),
    ComposeVariable("API_CPUS", "1.0", "Maximum number of processors for one API container."),
    ComposeVariable("API_MEMORY", "512m", "Maximum memory for one API container."),
    ComposeVariable("PIPELINE_CPUS", "1.0", "Maximum number of processors for one worker."),
    ComposeVariable("PIPELINE_MEMORY", "1g", "Maximum memory for one worker."),
    ComposeVariable("DB_CPUS", "1.0", "Maximum number of processors for PostgreSQL."),
    ComposeVariable("DB_MEMORY", "1g", "Maximum memory for PostgreSQL; docker/postgres/production.conf is written for 1 GB."),
    ComposeVariable("BACKUP_CPUS", "1.0", "Maximum number of processors for backups and restores."),
    ComposeVariable("BACKUP_MEMORY", "512m", "Maximum memory for backups and restores."),
    ComposeVariable("REDIS_CPUS", "0.5", "Maximum number of processors for Redis."),
    ComposeVariable("REDIS_MEMORY", "256m", "Maximum memory for Redis, which stores at most half of that."),
)
