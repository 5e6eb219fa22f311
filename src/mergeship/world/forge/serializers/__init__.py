"""Answers in GitHub's shape."""

from mergeship.world.forge.serializers.actions import (
    artifact,
    asset,
    check_run,
    combined,
    download,
    job,
    release,
    run,
    runner,
    status,
)  # fmt: skip
from mergeship.world.forge.serializers.common import account, error, label, time
from mergeship.world.forge.serializers.pulls import comment, edited, file, pull_request, review, whole
from mergeship.world.forge.serializers.repository import (
    app,
    branch,
    branch_policy,
    collaborator,
    environment,
    installation,
    permission,
    protection,
    repository,
    secret,
)  # fmt: skip

__all__ = [
    "account", "app", "artifact", "asset", "branch",
    "branch_policy", "check_run", "collaborator", "combined", "comment",
    "download", "edited", "environment", "error", "file", "installation", "job", "label", "permission", "protection",
    "pull_request", "release", "repository", "review", "run", "runner", "secret", "status", "time", "whole",
]  # fmt: skip
