"""Generations that used up their attempts: why, and what to do about them.

Made by generate/generate.py from the API's document. Do not edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, overload

from ... import enums, models, requests
from ..._request import Request, new_key, segment
from ..._values import CreditsInput
from ..download import AsyncDownload
from ..paging import AsyncPager
from ..resource import AsyncResource


class AsyncDeadLetters(AsyncResource):
    """Generations that used up their attempts: why, and what to do about them."""

    async def abort_bulk_action(
        self,
        id: str,
    ) -> models.BulkRun:
        """End an action.

        What was not begun is left alone; what was done stays done. Harmless to repeat.

        Args:
            id: The action.
        """
        request = Request(
            "POST",
            f"/admin/dlq/bulk-actions/{segment(id)}/abort",
            repeatable=True,
        )
        answer: models.BulkRun = await self._call(
            request,
            {200: models.BulkRun},
        )
        return answer

    @overload
    async def act(
        self,
        *,
        action: enums.Deed,
        at_most: int | None = None,
        canary: int | None = None,
        dry_run: bool = False,
        filter: requests.DeadFilter | None = None,
        ids: Sequence[str] | None = None,
        pause_above_percent: int | None = None,
        rate: int | None = None,
        reason: str | None = None,
        runs: Sequence[int] | None = None,
        respond_async: Literal[False] = False,
        idempotency_key: str | None = None,
    ) -> models.BulkOutcome: ...

    @overload
    async def act(
        self,
        *,
        action: enums.Deed,
        at_most: int | None = None,
        canary: int | None = None,
        dry_run: Literal[False] = False,
        filter: requests.DeadFilter | None = None,
        ids: Sequence[str] | None = None,
        pause_above_percent: int | None = None,
        rate: int | None = None,
        reason: str | None = None,
        runs: Sequence[int] | None = None,
        respond_async: Literal[True],
        idempotency_key: str | None = None,
    ) -> models.BulkRun: ...

    @overload
    async def act(
        self,
        *,
        action: enums.Deed,
        at_most: int | None = None,
        canary: int | None = None,
        dry_run: bool,
        filter: requests.DeadFilter | None = None,
        ids: Sequence[str] | None = None,
        pause_above_percent: int | None = None,
        rate: int | None = None,
        reason: str | None = None,
        runs: Sequence[int] | None = None,
        respond_async: bool,
        idempotency_key: str | None = None,
    ) -> models.BulkOutcome | models.BulkRun: ...

    async def act(
        self,
        *,
        action: enums.Deed,
        at_most: int | None = None,
        canary: int | None = None,
        dry_run: bool = False,
        filter: requests.DeadFilter | None = None,
        ids: Sequence[str] | None = None,
        pause_above_percent: int | None = None,
        rate: int | None = None,
        reason: str | None = None,
        runs: Sequence[int] | None = None,
        respond_async: bool = False,
        idempotency_key: str | None = None,
    ) -> models.BulkOutcome | models.BulkRun:
        """Retry or give up many dead letters.

        With `Prefer: respond-async`, which is the way to go: those that match now, and no others, are written
        down, and a worker goes through them at `rate` a second, first the `canary`; see how far it is at its
        `Location`. Without, at most 10,000 at once, inside the request; harmless to repeat, since what was
        done already does not match any more. By a `filter` that takes whatever matches while it goes on: name
        `ids` and `runs` to act on what you looked at, or `at_most`.

        Args:
            action: What to do.
            at_most: Do nothing if more than so many match `filter`: what a dry run counted, so that nothing
                happens to one that nobody saw.
            canary: So many are done first and their ends waited for; 10 if left out, 0 for none.
            dry_run: Only say what would be done.
            filter: All that match; either this or `ids`. An empty filter matches every dead letter.
            ids: These; either this or `filter`.
            pause_above_percent: It pauses by itself once more of a hundred ended badly; 50 if left out, 100
                for never.
            rate: Most a second; 10 if left out.
            reason: Why; written beside every event. Needed with `Prefer: respond-async`, as what follows
                goes with it alone.
            runs: The `run` of each of `ids` that was looked at, in the same order: those that have been run
                again since are left alone as `run_stale`.
            respond_async: Let a worker do it; the answer tells where to look.
            idempotency_key: Makes a repeat harmless, also of another process; made up and kept over retries
                if left out.
        """
        request = Request(
            "POST",
            "/admin/dlq/bulk-actions",
            body={
                "action": action,
                "at_most": at_most,
                "canary": canary,
                "dry_run": dry_run or None,
                "filter": filter,
                "ids": ids,
                "pause_above_percent": pause_above_percent,
                "rate": rate,
                "reason": reason,
                "runs": runs,
            },
            respond_async=respond_async,
            key=new_key(idempotency_key) if respond_async else idempotency_key,
            repeatable=True,
        )
        answer: models.BulkOutcome | models.BulkRun = await self._call(
            request,
            {200: models.BulkOutcome, 202: models.BulkRun},
        )
        return answer

    async def clean_up(
        self,
        *,
        older_than: str,
        dry_run: bool | None = None,
    ) -> models.BulkOutcome:
        """Give up old dead letters.

        Refunds their users. Nothing is deleted from the log. At most 10,000 at once, inside the request; for
        more, order an action that discards those that are `older_than`, with `Prefer: respond-async`.

        Args:
            older_than: Those that died at least so long ago, such as `7d`.
            dry_run: Only say what would be done.
        """
        request = Request(
            "POST",
            "/admin/dlq/cleanup",
            body={"dry_run": dry_run, "older_than": older_than},
        )
        answer: models.BulkOutcome = await self._call(
            request,
            {200: models.BulkOutcome},
        )
        return answer

    async def discard(
        self,
        id: str,
        *,
        run: int | None = None,
    ) -> models.GivenUp:
        """Give up a dead letter.

        Refunds its user. Nothing is deleted from the log. Harmless to repeat.

        Args:
            id: The generation.
            run: The `run` that was looked at: if it has been run again since, nothing is done and the
                answer is `run_stale`. Left out, it is the run that is dead now, whichever that is.
        """
        request = Request(
            "DELETE",
            f"/admin/dlq/messages/{segment(id)}",
            query={"run": run},
            repeatable=True,
        )
        answer: models.GivenUp = await self._call(
            request,
            {200: models.GivenUp},
        )
        return answer

    async def get(
        self,
        id: str,
    ) -> models.DeadStory:
        """Look at a dead letter.

        With every event of its life, and so with why each attempt failed.

        Args:
            id: The generation.
        """
        request = Request(
            "GET",
            f"/admin/dlq/messages/{segment(id)}",
            repeatable=True,
        )
        answer: models.DeadStory = await self._call(
            request,
            {200: models.DeadStory},
        )
        return answer

    async def get_bulk_action(
        self,
        id: str,
    ) -> models.BulkRun:
        """See how far an action is.

        Args:
            id: The action.
        """
        request = Request(
            "GET",
            f"/admin/dlq/bulk-actions/{segment(id)}",
            repeatable=True,
        )
        answer: models.BulkRun = await self._call(
            request,
            {200: models.BulkRun},
        )
        return answer

    async def get_generation_story(
        self,
        id: str,
        *,
        if_none_match: str | None = None,
    ) -> models.GenerationStory:
        """Look at any generation.

        Everything that is known of it, in every state and for ever, also after it was retried and made: what
        was asked for, what was paid, held and given back, every attempt, every event, what its user reads
        now. Read from the log, so it is never stale.

        Args:
            id: The generation.
            if_none_match: The `ETag` of the state that is known already.
        """
        request = Request(
            "GET",
            f"/admin/generations/{segment(id)}",
            headers={"If-None-Match": if_none_match},
            repeatable=True,
            reads_own_writes=True,
        )
        answer: models.GenerationStory = await self._call(
            request,
            {200: models.GenerationStory},
        )
        return answer

    async def get_incident(
        self,
        incident: str,
    ) -> models.IncidentStory:
        """Look at an incident.

        With what was decided about it, by whom and when.

        Args:
            incident: The incident.
        """
        request = Request(
            "GET",
            f"/admin/dlq/incidents/{segment(incident)}",
            repeatable=True,
        )
        answer: models.IncidentStory = await self._call(
            request,
            {200: models.IncidentStory},
        )
        return answer

    def get_output_of_generation(
        self,
        id: str,
        index: int,
        *,
        if_none_match: str | None = None,
        range: str | None = None,
        if_range: str | None = None,
    ) -> AsyncDownload:
        """Get the bytes of an output of any generation.

        As its user gets them: all of them, or one range.

        Args:
            id: The generation.
            index: Which of its outputs, from 0.
            if_none_match: The `ETag` of what is known already.
            range: `bytes=0-1023`, `bytes=1024-` or `bytes=-1024`. Of several ranges the whole is the
                answer.
            if_range: The range counts only if this is the `ETag` still; else the whole is the answer.
        """
        request = Request(
            "GET",
            f"/admin/generations/{segment(id)}/outputs/{segment(index)}",
            headers={"If-None-Match": if_none_match, "Range": range, "If-Range": if_range},
            repeatable=True,
        )
        return self._download(
            request,
        )

    async def ignore_incident(
        self,
        incident: str,
        *,
        expected_revision: int,
        more: int | None = None,
        reason: str | None = None,
        until: datetime | str | None = None,
    ) -> models.IncidentView:
        """Ignore an incident for a while.

        Until an instant, or until so many more that died of it wait; then it is open again by itself.
        Harmless to repeat.

        Args:
            incident: The incident.
            expected_revision: The `revision` that was looked at, 0 if nothing was decided before: if
                something was since, nothing is done and the answer is `incident_stale`.
            more: Until so many more generations that died of it wait; either this or `until`.
            reason: Why.
            until: Until this instant; either this or `more`.
        """
        request = Request(
            "POST",
            f"/admin/dlq/incidents/{segment(incident)}/ignore",
            body={"expected_revision": expected_revision, "more": more, "reason": reason, "until": until},
            repeatable=True,
        )
        answer: models.IncidentView = await self._call(
            request,
            {200: models.IncidentView},
        )
        return answer

    def list(
        self,
        *,
        user: str | None = None,
        user_contains: str | None = None,
        kind: enums.GenerationKind | None = None,
        provider: str | None = None,
        model: str | None = None,
        class_: enums.FailureClass | None = None,
        code: str | None = None,
        incident: str | None = None,
        q: str | None = None,
        min_attempts: int | None = None,
        min_credits: CreditsInput | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        sort: enums.Sort | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> AsyncPager[models.DeadGeneration, models.DeadPage]:
        """List dead letters.

        Newest first, unless another order is asked for.

        Args:
            user: Only those of this user.
            user_contains: Only those of users whose id has this part.
            kind: Only those of this kind.
            provider: Only those that were asked last of this provider, as far as the log tells.
            model: Only those made by this model.
            class_: Only those whose failure is of this class.
            code: Only those with this failure code.
            incident: Only those of this incident.
            q: Only those with this text in the message of the failure or in the prompt, in capitals or not.
            min_attempts: Only those with so many attempts in the run that died, or more.
            min_credits: Only those for which so many credits are taken or set aside, or more.
            since: Only those that died at this instant or later.
            until: Only those that died before this instant.
            sort: `newest` first, `oldest` first, or those with most `credits` first.
            limit: How many a page.
            cursor: `next_cursor` of the page before.
        """
        request = Request(
            "GET",
            "/admin/dlq/messages",
            query={
                "user": user,
                "user_contains": user_contains,
                "kind": kind,
                "provider": provider,
                "model": model,
                "class": class_,
                "code": code,
                "incident": incident,
                "q": q,
                "min_attempts": min_attempts,
                "min_credits": min_credits,
                "since": since,
                "until": until,
                "sort": sort,
                "limit": limit,
                "cursor": cursor,
            },
            repeatable=True,
            reads_own_writes=True,
        )
        return self._pager(
            request,
            models.DeadPage,
            "items",
        )

    def download_list(
        self,
        *,
        format: Literal["csv", "ndjson"],
        user: str | None = None,
        user_contains: str | None = None,
        kind: enums.GenerationKind | None = None,
        provider: str | None = None,
        model: str | None = None,
        class_: enums.FailureClass | None = None,
        code: str | None = None,
        incident: str | None = None,
        q: str | None = None,
        min_attempts: int | None = None,
        min_credits: CreditsInput | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        sort: enums.Sort | None = None,
    ) -> AsyncDownload:
        """List dead letters, as a file.

        Newest first, unless another order is asked for.

        Args:
            format: The form.
            user: Only those of this user.
            user_contains: Only those of users whose id has this part.
            kind: Only those of this kind.
            provider: Only those that were asked last of this provider, as far as the log tells.
            model: Only those made by this model.
            class_: Only those whose failure is of this class.
            code: Only those with this failure code.
            incident: Only those of this incident.
            q: Only those with this text in the message of the failure or in the prompt, in capitals or not.
            min_attempts: Only those with so many attempts in the run that died, or more.
            min_credits: Only those for which so many credits are taken or set aside, or more.
            since: Only those that died at this instant or later.
            until: Only those that died before this instant.
            sort: `newest` first, `oldest` first, or those with most `credits` first.
        """
        request = Request(
            "GET",
            "/admin/dlq/messages",
            query={
                "user": user,
                "user_contains": user_contains,
                "kind": kind,
                "provider": provider,
                "model": model,
                "class": class_,
                "code": code,
                "incident": incident,
                "q": q,
                "min_attempts": min_attempts,
                "min_credits": min_credits,
                "since": since,
                "until": until,
                "sort": sort,
                "format": format,
            },
            repeatable=True,
            reads_own_writes=True,
        )
        return self._download(
            request,
        )

    def list_bulk_action_items(
        self,
        id: str,
        *,
        outcome: enums.BulkItemOutcome | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> AsyncPager[models.BulkItem, models.BulkItemPage]:
        """List the generations of an action.

        In its order: what died first comes first.

        Args:
            id: The action.
            outcome: Only those of which this became.
            limit: How many a page.
            cursor: `next_cursor` of the page before.
        """
        request = Request(
            "GET",
            f"/admin/dlq/bulk-actions/{segment(id)}/items",
            query={"outcome": outcome, "limit": limit, "cursor": cursor},
            repeatable=True,
        )
        return self._pager(
            request,
            models.BulkItemPage,
            "items",
        )

    def download_bulk_action_items(
        self,
        id: str,
        *,
        format: Literal["csv", "ndjson"],
        outcome: enums.BulkItemOutcome | None = None,
    ) -> AsyncDownload:
        """List the generations of an action, as a file.

        In its order: what died first comes first.

        Args:
            id: The action.
            format: The form.
            outcome: Only those of which this became.
        """
        request = Request(
            "GET",
            f"/admin/dlq/bulk-actions/{segment(id)}/items",
            query={"outcome": outcome, "format": format},
            repeatable=True,
        )
        return self._download(
            request,
        )

    def list_bulk_actions(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> AsyncPager[models.BulkRun, models.BulkRunPage]:
        """List actions on many dead letters.

        Newest first: those ordered with `Prefer: respond-async`.

        Args:
            limit: How many a page.
            cursor: `next_cursor` of the page before.
        """
        request = Request(
            "GET",
            "/admin/dlq/bulk-actions",
            query={"limit": limit, "cursor": cursor},
            repeatable=True,
        )
        return self._pager(
            request,
            models.BulkRunPage,
            "items",
        )

    def download_bulk_actions(
        self,
        *,
        format: Literal["csv", "ndjson"],
    ) -> AsyncDownload:
        """List actions on many dead letters, as a file.

        Newest first: those ordered with `Prefer: respond-async`.

        Args:
            format: The form.
        """
        request = Request(
            "GET",
            "/admin/dlq/bulk-actions",
            query={"format": format},
            repeatable=True,
        )
        return self._download(
            request,
        )

    def list_incidents(
        self,
        *,
        state: enums.IncidentState | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> AsyncPager[models.IncidentView, models.IncidentPage]:
        """List incidents.

        Dead letters that share a cause: kind, provider, model, class, code, and message without ids, numbers,
        addresses and quoted values. What matters comes first: `regressed`, `open`, `ignored`, `resolved`;
        then what is rising, and what has most credits at stake. An incident of which no dead letter waits is
        told while it is among the two hundred that were decided about last.

        Args:
            state: Only those that stand so.
            limit: How many a page.
            cursor: `next_cursor` of the page before.
        """
        request = Request(
            "GET",
            "/admin/dlq/incidents",
            query={"state": state, "limit": limit, "cursor": cursor},
            repeatable=True,
            reads_own_writes=True,
        )
        return self._pager(
            request,
            models.IncidentPage,
            "items",
        )

    def download_incidents(
        self,
        *,
        format: Literal["csv", "ndjson"],
        state: enums.IncidentState | None = None,
    ) -> AsyncDownload:
        """List incidents, as a file.

        Dead letters that share a cause: kind, provider, model, class, code, and message without ids, numbers,
        addresses and quoted values. What matters comes first: `regressed`, `open`, `ignored`, `resolved`;
        then what is rising, and what has most credits at stake. An incident of which no dead letter waits is
        told while it is among the two hundred that were decided about last.

        Args:
            format: The form.
            state: Only those that stand so.
        """
        request = Request(
            "GET",
            "/admin/dlq/incidents",
            query={"state": state, "format": format},
            repeatable=True,
            reads_own_writes=True,
        )
        return self._download(
            request,
        )

    async def pause_bulk_action(
        self,
        id: str,
    ) -> models.BulkRun:
        """Pause an action.

        From the answer on, nothing more of it is begun. Harmless to repeat.

        Args:
            id: The action.
        """
        request = Request(
            "POST",
            f"/admin/dlq/bulk-actions/{segment(id)}/pause",
            repeatable=True,
        )
        answer: models.BulkRun = await self._call(
            request,
            {200: models.BulkRun},
        )
        return answer

    async def reopen_incident(
        self,
        incident: str,
        *,
        expected_revision: int,
        reason: str | None = None,
    ) -> models.IncidentView:
        """Take an incident up again.

        One that is ignored or resolved is open from now on. Harmless to repeat.

        Args:
            incident: The incident.
            expected_revision: The `revision` that was looked at, 0 if nothing was decided before: if
                something was since, nothing is done and the answer is `incident_stale`.
            reason: Why.
        """
        request = Request(
            "POST",
            f"/admin/dlq/incidents/{segment(incident)}/reopen",
            body={"expected_revision": expected_revision, "reason": reason},
            repeatable=True,
        )
        answer: models.IncidentView = await self._call(
            request,
            {200: models.IncidentView},
        )
        return answer

    async def resolve_incident(
        self,
        incident: str,
        *,
        expected_revision: int,
        reason: str | None = None,
    ) -> models.IncidentView:
        """Say that an incident is mended.

        Its dead letters stay; retry or give them up with a bulk action. The next generation that dies of it
        makes it `regressed`. Harmless to repeat.

        Args:
            incident: The incident.
            expected_revision: The `revision` that was looked at, 0 if nothing was decided before: if
                something was since, nothing is done and the answer is `incident_stale`.
            reason: Why.
        """
        request = Request(
            "POST",
            f"/admin/dlq/incidents/{segment(incident)}/resolve",
            body={"expected_revision": expected_revision, "reason": reason},
            repeatable=True,
        )
        answer: models.IncidentView = await self._call(
            request,
            {200: models.IncidentView},
        )
        return answer

    async def resume_bulk_action(
        self,
        id: str,
    ) -> models.BulkRun:
        """Go on with an action that is paused.

        One that paused by itself goes on past its canary, and only what ends badly from here on counts.
        Harmless to repeat.

        Args:
            id: The action.
        """
        request = Request(
            "POST",
            f"/admin/dlq/bulk-actions/{segment(id)}/resume",
            repeatable=True,
        )
        answer: models.BulkRun = await self._call(
            request,
            {200: models.BulkRun},
        )
        return answer

    async def retry(
        self,
        id: str,
        *,
        run: int | None = None,
    ) -> models.Revived:
        """Run a dead letter again.

        Args:
            id: The generation.
            run: The `run` that was looked at: if it has been run again since, nothing is done and the
                answer is `run_stale`. Left out, it is the run that is dead now, whichever that is.
        """
        request = Request(
            "POST",
            f"/admin/dlq/messages/{segment(id)}/retry",
            query={"run": run},
        )
        answer: models.Revived = await self._call(
            request,
            {202: models.Revived},
        )
        return answer

