"""Runs, checks, artifacts, runners and releases in GitHub's shape.

Source: https://docs.github.com/rest/actions, https://docs.github.com/rest/releases
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mergeship.world.forge.fake_repository import FakeRepository
from mergeship.world.forge.records import Asset, Check, Release, Run, SelfHostedRunner
from mergeship.world.forge.serializers.common import account, maybe_time, time
from mergeship.world.forge.serializers.repository import app, repository


def artifact(repo: FakeRepository, base: str, run: str, number: int, folder: Path) -> dict[str, Any]:
    """An artifact of a run."""
    url = f"{base}/api/v3/repos/{repo.name}/actions/artifacts/{number}"
    made = datetime.fromtimestamp(int(folder.stat().st_mtime), UTC)
    return {
        "id": number,
        "node_id": f"A_{number}",
        "name": folder.name,
        "size_in_bytes": sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()),
        "url": url,
        "archive_download_url": f"{url}/zip",
        "expired": False,
        "created_at": time(made),
        "updated_at": time(made),
        "expires_at": time(made + timedelta(days=90)),
        "workflow_run": {"id": int(run), "repository_id": 1, "head_repository_id": 1, "head_branch": "main"},
    }


def status(repo: FakeRepository, base: str, sha: str, name: str, check: Check) -> dict[str, Any]:
    """A commit's status."""
    when = time(repo.clock())
    return {
        "url": f"{base}/api/v3/repos/{repo.name}/statuses/{sha}", "avatar_url": None, "id": 1, "node_id": "SC_1",
        "state": check.conclusion or "pending", "description": None, "target_url": None, "context": name,
        "created_at": when, "updated_at": when, "creator": account(base, "maintainer"),
    }  # fmt: skip


def combined(repo: FakeRepository, base: str, sha: str) -> dict[str, Any]:
    """All statuses of a commit together."""
    statuses = {name: check for name, check in repo.checks.get(sha, {}).items() if not check.run}
    states = {check.conclusion or "pending" for check in statuses.values()}
    state = "failure" if "failure" in states else "success" if states == {"success"} else "pending"
    url = f"{base}/api/v3/repos/{repo.name}/commits/{sha}"
    return {
        "state": state, "sha": sha, "total_count": len(statuses), "url": f"{url}/status", "commit_url": url,
        "statuses": [
            {key: value for key, value in status(repo, base, sha, name, check).items() if key != "creator"}
            for name, check in statuses.items()
        ],
        "repository": repository(repo, base, whole=False),
    }  # fmt: skip


def check_run(repo: FakeRepository, base: str, sha: str, name: str, check: Check) -> dict[str, Any]:
    """A check run of a commit."""
    url, when = f"{base}/api/v3/repos/{repo.name}/check-runs/1", time(repo.clock())
    done = bool(check.conclusion)
    return {
        "id": 1, "node_id": "CR_1", "head_sha": sha, "name": name, "url": url, "html_url": url, "details_url": url,
        "status": "completed" if done else "in_progress", "conclusion": check.conclusion or None, "started_at": when,
        "completed_at": when if done else None, "external_id": "", "check_suite": {"id": 1}, "pull_requests": [],
        "output": {
            "title": None, "summary": None, "text": None, "annotations_count": 0,
            "annotations_url": f"{url}/annotations",
        },
        "app": app(base, check.app, "github-actions", repo.clock()),
    }  # fmt: skip


def run(repo: FakeRepository, base: str, of: Run) -> dict[str, Any]:
    """A run of a workflow."""
    url, when = f"{base}/api/v3/repos/{repo.name}/actions/runs/{of.number}", time(of.began)
    whole = repository(repo, base, whole=False)
    links = ("jobs", "logs", "check_suite", "cancel", "rerun", "artifacts", "workflow")
    person = {"name": "Maintainer", "email": "maintainer@example.org"}
    return {
        "id": of.number, "node_id": f"WR_{of.number}", "name": Path(of.workflow).name, "path": of.workflow,
        "head_branch": of.branch, "head_sha": of.commit, "run_number": of.number, "run_attempt": 1,
        "display_title": of.event, "event": of.event, "status": "completed" if of.conclusion else "in_progress",
        "conclusion": of.conclusion, "workflow_id": 1, "url": url,
        "html_url": f"{base}/{repo.name}/actions/runs/{of.number}", "created_at": when, "updated_at": when,
        **{f"{name}_url": f"{url}/{name}" for name in links}, "pull_requests": [], "repository": whole,
        "head_repository": {**whole, "full_name": of.repository or repo.name},
        "actor": account(base, of.actor), "triggering_actor": account(base, of.actor),
        "head_commit": {
            "id": of.commit, "tree_id": of.commit, "message": "", "timestamp": when, "author": person,
            "committer": person,
        },
    }  # fmt: skip


def job(repo: FakeRepository, base: str, of: Run, number: int, name: str) -> dict[str, Any]:
    """A job of a run."""
    identity, when = of.number * 100 + number, time(of.began)
    url = f"{base}/api/v3/repos/{repo.name}/actions/jobs/{identity}"
    state = of.jobs[name]
    done, taken = state not in {"queued", "in_progress"}, state not in {"queued", "skipped"}
    return {
        "id": identity, "run_id": of.number, "run_url": f"{base}/api/v3/repos/{repo.name}/actions/runs/{of.number}",
        "node_id": f"JO_{identity}", "head_sha": of.commit, "url": url, "html_url": url, "run_attempt": 1,
        "status": "completed" if done else state, "conclusion": state if done else None, "created_at": when,
        "started_at": when, "completed_at": when if done else None, "name": name, "steps": [], "check_run_url": url,
        "labels": ["self-hosted"], "runner_id": 1 if taken else None, "runner_name": "runner" if taken else None,
        "runner_group_id": 1 if taken else None, "runner_group_name": "Default" if taken else None,
        "workflow_name": Path(of.workflow).name, "head_branch": of.branch,
    }  # fmt: skip


def runner(machine: SelfHostedRunner) -> dict[str, Any]:
    """A self-hosted runner."""
    return {
        "id": machine.number, "name": machine.name, "os": "linux", "status": "online" if machine.online else "offline",
        "busy": machine.busy, "ephemeral": machine.ephemeral, "version": machine.version,
        "labels": [{"id": number, "name": name, "type": "read-only"} for number, name in enumerate(machine.labels)],
    }  # fmt: skip


def download(base: str, version: str, system: str, architecture: str) -> dict[str, Any]:
    """Where the runner's program is."""
    name = f"actions-runner-{system}-{architecture}-{version}.tar.gz"
    return {
        "os": system, "architecture": architecture, "download_url": f"{base}/downloads/{name}", "filename": name,
        "sha256_checksum": "0" * 64,
    }  # fmt: skip


def release(repo: FakeRepository, base: str, of: Release) -> dict[str, Any]:
    """A release."""
    url, page = f"{base}/api/v3/repos/{repo.name}/releases/{of.number}", f"{base}/{repo.name}/releases"
    return {
        "id": of.number, "node_id": f"RE_{of.number}", "url": url, "html_url": f"{page}/tag/{of.tag}",
        "assets_url": f"{url}/assets", "tarball_url": None, "zipball_url": None, "tag_name": of.tag,
        "upload_url": f"{base}/api/uploads/repos/{repo.name}/releases/{of.number}/assets{{?name,label}}",
        "target_commitish": of.target, "name": of.name, "body": of.body, "draft": of.draft,
        "prerelease": of.prerelease, "created_at": time(of.created), "published_at": maybe_time(of.published),
        "author": account(base, of.author), "assets": [asset(repo, base, of, file) for file in of.assets],
    }  # fmt: skip


def asset(repo: FakeRepository, base: str, release: Release, file: Asset) -> dict[str, Any]:
    """A file of a release."""
    page = f"{base}/{repo.name}/releases/download/{release.tag}/{file.name}"
    return {
        "id": file.number, "node_id": f"RA_{file.number}", "name": file.name, "label": None, "state": "uploaded",
        "url": f"{base}/api/v3/repos/{repo.name}/releases/assets/{file.number}", "content_type": file.kind,
        "size": file.size, "digest": f"sha256:{file.sha256}", "download_count": 0, "uploader": account(base, file.by),
        "browser_download_url": page, "created_at": time(file.when), "updated_at": time(file.when),
    }  # fmt: skip
