"""What the forge enforces: classic branch protection and rulesets, on pushes and on merges.

Source: https://docs.github.com/repositories/configuring-branches-and-merges-in-your-repository
"""

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import msgspec

Json = dict[str, Any]
_ROLES = {5: {"admin"}, 4: {"admin", "write"}, 2: {"admin"}}
"""The repository roles by their numbers, as far as the forge has them: admin, write, maintain."""
ON_PUSH = {
    "pull_request": "Changes must be made through a pull request.",
    "required_status_checks": "Required status checks are expected.",
    "non_fast_forward": "Cannot force-push to this branch",
    "deletion": "Cannot delete this branch",
    "required_linear_history": "This branch must not contain merge commits.",
    "update": "Cannot update this protected ref.",
    "creation": "Cannot create ref due to creations being restricted.",
}
"""What GitHub says to a push that breaks a rule."""


class Rule(msgspec.Struct, frozen=True):
    """One rule about refs of a pattern."""

    pattern: str
    but: tuple[str, ...]
    """Patterns of refs that it is not about."""
    kind: str
    parameters: Json
    classic: bool
    ruleset: int
    bypass: frozenset[str]
    """Roles that need not obey."""

    def is_about(self, ref: str) -> bool:
        """Whether a ref has to obey it."""
        return fnmatchcase(ref, self.pattern) and not any(fnmatchcase(ref, pattern) for pattern in self.but)


class Rules:
    """Everything that is enforced."""

    def __init__(self) -> None:
        self.classic: dict[str, Json] = {}
        """By branch, as it was written."""
        self.rulesets: dict[int, Json] = {}
        self._number = 0

    def add(self, ruleset: Json) -> int:
        """A new ruleset, as it was written."""
        self._number += 1
        self.rulesets[self._number] = ruleset
        return self._number

    def about(self, ref: str) -> list[Rule]:
        """The rules about one ref."""
        return [rule for rule in self.all() if rule.is_about(ref)]

    def all(self) -> Iterator[Rule]:
        """Every rule that is active, with what it is about."""
        for branch, written in self.classic.items():
            everybody = frozenset[str]()
            admins = everybody if written["enforce_admins"] else frozenset({"admin"})
            for kind, parameters in _of_classic(written):
                whom = everybody if kind in {"non_fast_forward", "deletion"} else admins
                yield Rule(f"refs/heads/{branch}", (), kind, parameters, classic=True, ruleset=0, bypass=whom)
        for number, ruleset in self.rulesets.items():
            if ruleset["enforcement"] != "active":
                continue
            bypass = frozenset(
                role for actor in ruleset.get("bypass_actors", ()) if actor["actor_type"] == "RepositoryRole"
                for role in _ROLES.get(actor.get("actor_id"), ())
            )  # fmt: skip
            named = ruleset["conditions"]["ref_name"]
            every = {"~DEFAULT_BRANCH": "refs/heads/main", "~ALL": f"refs/{_KINDS[ruleset['target']]}/*"}
            but = tuple(every.get(ref, ref) for ref in named.get("exclude", ()))
            for included in named["include"]:
                for rule in ruleset["rules"]:
                    parameters = rule.get("parameters", {})
                    yield Rule(every.get(included, included), but, rule["type"], parameters, False, number, bypass)

    def lines(self) -> str:
        """The rules for the hook that every push goes through: pattern, exceptions, kind, who is free, style, words."""
        return "".join(
            f"{rule.pattern} {':'.join(rule.but) or '-'} {rule.kind} {','.join(sorted(rule.bypass)) or '-'} "
            f"{'GH006' if rule.classic else 'GH013'} "
            f"{ON_PUSH[rule.kind]}\n"
            for rule in self.all()
            if rule.kind in ON_PUSH
        )


_KINDS = {"branch": "heads", "tag": "tags"}


def _of_classic(written: Json) -> Iterator[tuple[str, Json]]:
    reviews, checks = written["required_pull_request_reviews"], written["required_status_checks"]
    if reviews is not None:
        yield "pull_request", reviews
    if checks is not None:
        named = checks.get("checks") or [{"context": context} for context in checks.get("contexts", ())]
        required = [
            {"context": check["context"]} | ({"integration_id": check["app_id"]} if check.get("app_id") else {})
            for check in named
        ]
        yield "required_status_checks", {
            "strict_required_status_checks_policy": checks["strict"], "required_status_checks": required,
        }  # fmt: skip
    if written.get("required_linear_history"):
        yield "required_linear_history", {}
    if not written.get("allow_force_pushes"):
        yield "non_fast_forward", {}
    if not written.get("allow_deletions"):
        yield "deletion", {}


HOOK = r"""#!/bin/sh
# git's update hook: ref, old, new. The rules are written by the forge, one a line.
refused="$GIT_DIR/mergeship-refuses-tags"
case "$1" in refs/tags/*) if [ -f "$refused" ]; then cat "$refused" >&2; exit 1; fi ;; esac
zero=$(echo "$2" | tr '0-9a-f' 0)
case "$1" in refs/heads/*)
  if [ "$MERGESHIP_WORKFLOWS" = no ] && [ "$3" != "$zero" ]; then
    changed=$(git diff --name-only refs/heads/main..."$3" -- .github/workflows | head -n 1)
    if [ -n "$changed" ]; then
      echo "error: refusing to allow a GitHub App to create or update workflow \`$changed\` " \
        "without \`workflows\` permission" >&2
      exit 1
    fi
  fi ;;
esac
[ -f "$GIT_DIR/mergeship-rules" ] || exit 0
while read -r pattern but kind free code words; do
  case "$1" in $pattern) ;; *) continue ;; esac
  excepted=no
  IFS=:
  set -f
  for one in $but; do case "$1" in $one) excepted=yes ;; esac; done
  set +f
  unset IFS
  [ "$excepted" = no ] || continue
  case ",$free," in *",$MERGESHIP_ROLE,"*) continue ;; esac
  case "$kind" in
    deletion) [ "$3" = "$zero" ] || continue ;;
    required_linear_history)
      [ "$3" != "$zero" ] || continue
      [ -n "$(git rev-list --min-parents=2 -n 1 "$3" --not --all)" ] || continue ;;
    non_fast_forward)
      [ "$2" != "$zero" ] && [ "$3" != "$zero" ] || continue
      git merge-base --is-ancestor "$2" "$3" && continue ;;
    update) [ "$2" != "$zero" ] && [ "$3" != "$zero" ] || continue ;;
    creation) [ "$2" = "$zero" ] || continue ;;
    *) [ "$3" != "$zero" ] || continue ;;
  esac
  if [ "$code" = GH006 ]; then
    echo "error: GH006: Protected branch update failed for $1." >&2
    echo "error: $words" >&2
  else
    echo "error: GH013: Repository rule violations found for $1." >&2
    echo "" >&2
    echo "- $words" >&2
  fi
  exit 1
done < "$GIT_DIR/mergeship-rules"
exit 0
"""
"""GitHub's words: `Protected branch update failed`, `Repository rule violations found`."""
