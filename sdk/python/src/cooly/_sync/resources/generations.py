"""Buy generations and follow them.

Made by generate/generate.py from the API's document. Do not edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Literal, overload

from ... import enums, models, requests
from ..._request import Request, new_key, segment
from ..._values import CreditsInput
from ..download import Download
from ..events import EventStream
from ..paging import Pager
from ..resource import Resource


class Generations(Resource):
    """Buy generations and follow them."""

    def cancel(
        self,
        id: str,
        *,
        max_kept: CreditsInput | None = None,
    ) -> models.CancelledGeneration:
        """Cancel a generation.

        Stops it if it has not ended, and gives the credits back. Once its provider has begun, a part of the
        price may be kept: `late_cancel` of the model says how much, `cancel_keeps` of the generation what it
        comes to now. Harmless to repeat.

        Args:
            id: The generation.
            max_kept: The most that may be kept, such as the `cancel_keeps` that a person was shown: if it
                would be more by now, nothing is done and the answer is `cancel_keeps_more`. Left out, whatever
                the terms say is accepted.
        """
        request = Request(
            "POST",
            f"/v1/generations/{segment(id)}/cancel",
            query={"max_kept": max_kept},
            repeatable=True,
        )
        answer: models.CancelledGeneration = self._call(
            request,
            {200: models.CancelledGeneration},
        )
        return answer

    @overload
    def create(
        self,
        *,
        model: str,
        prompt: str,
        count: int | None = None,
        dry_run: Literal[False] = False,
        kind: enums.GenerationKind | None = None,
        params: requests.GenerationParamsInput | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> models.PaidGeneration: ...

    @overload
    def create(
        self,
        *,
        model: str,
        prompt: str,
        count: int | None = None,
        dry_run: Literal[True],
        kind: enums.GenerationKind | None = None,
        params: requests.GenerationParamsInput | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> models.PurchaseQuote: ...

    @overload
    def create(
        self,
        *,
        model: str,
        prompt: str,
        count: int | None = None,
        dry_run: bool,
        kind: enums.GenerationKind | None = None,
        params: requests.GenerationParamsInput | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> models.PaidGeneration | models.PurchaseQuote: ...

    def create(
        self,
        *,
        model: str,
        prompt: str,
        count: int | None = None,
        dry_run: bool = False,
        kind: enums.GenerationKind | None = None,
        params: requests.GenerationParamsInput | None = None,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> models.PaidGeneration | models.PurchaseQuote:
        """Buy a generation.

        Takes the price and queues the work, or does neither. A price that depends on what is made is only set
        aside: `cost` is the most that it can be, and what it was is taken when the generation is done.

        Args:
            model: The model, from `GET /v1/models`.
            prompt: What to make. Taken as it is, blanks and all.
            count: How many outputs; 1 if left out.
            dry_run: Only say what this would do: the answer is 200, and nothing is written.
            kind: What the model makes; only to be sure.
            params: Optional wishes.
            wait: Wait up to so many seconds (at most 30) for the end, before the answer comes.
            idempotency_key: Makes a repeat harmless, also of another process; made up and kept over retries
                if left out.
        """
        request = Request(
            "POST",
            "/v1/generations",
            body={
                "count": count,
                "dry_run": dry_run or None,
                "kind": kind,
                "model": model,
                "params": params,
                "prompt": prompt,
            },
            wait=wait,
            key=new_key(idempotency_key),
        )
        answer: models.PaidGeneration | models.PurchaseQuote = self._call(
            request,
            {200: models.PaidGeneration | models.PurchaseQuote, 202: models.PaidGeneration},
        )
        return answer

    @overload
    def create_batch(
        self,
        *,
        items: Sequence[requests.NewGeneration],
        dry_run: Literal[False] = False,
        idempotency_key: str | None = None,
    ) -> models.PaidBatch: ...

    @overload
    def create_batch(
        self,
        *,
        items: Sequence[requests.NewGeneration],
        dry_run: Literal[True],
        idempotency_key: str | None = None,
    ) -> models.BatchQuote: ...

    @overload
    def create_batch(
        self,
        *,
        items: Sequence[requests.NewGeneration],
        dry_run: bool,
        idempotency_key: str | None = None,
    ) -> models.BatchQuote | models.PaidBatch: ...

    def create_batch(
        self,
        *,
        items: Sequence[requests.NewGeneration],
        dry_run: bool = False,
        idempotency_key: str | None = None,
    ) -> models.BatchQuote | models.PaidBatch:
        """Buy many generations at once.

        All or none: if the credits do not cover them all, nothing is taken and nothing queued.

        Args:
            items: Each as it would be bought alone.
            dry_run: Only say what this would do: the answer is 200, and nothing is written.
            idempotency_key: Makes a repeat harmless, also of another process; made up and kept over retries
                if left out.
        """
        request = Request(
            "POST",
            "/v1/generations/batch",
            body={"dry_run": dry_run or None, "items": items},
            key=new_key(idempotency_key),
        )
        answer: models.BatchQuote | models.PaidBatch = self._call(
            request,
            {200: models.BatchQuote, 202: models.PaidBatch},
        )
        return answer

    def follow(
        self,
        *,
        last_event_id: int | None = None,
    ) -> EventStream[models.Generation]:
        """Follow your generations.

        Args:
            last_event_id: The last event that was seen: the stream goes on after it.
        """
        request = Request(
            "GET",
            "/v1/events",
            last_event_id=last_event_id,
            repeatable=True,
        )
        return self._events(
            request,
            models.Generation,
        )

    def get(
        self,
        id: str,
        *,
        if_none_match: str | None = None,
        wait: float | None = None,
    ) -> models.Generation:
        """Look at a generation.

        Read from the log, so it is never stale.

        Args:
            id: The generation.
            if_none_match: The `ETag` of the state that is known already.
            wait: Wait up to so many seconds (at most 30) for the end, before the answer comes.
        """
        request = Request(
            "GET",
            f"/v1/generations/{segment(id)}",
            headers={"If-None-Match": if_none_match},
            wait=wait,
            repeatable=True,
        )
        answer: models.Generation = self._call(
            request,
            {200: models.Generation},
        )
        return answer

    def get_output(
        self,
        id: str,
        index: int,
        *,
        if_none_match: str | None = None,
        range: str | None = None,
        if_range: str | None = None,
    ) -> Download:
        """Get the bytes of an output.

        All of them, or one range: clips can be shown from anywhere, and a download that broke off goes on.

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
            f"/v1/generations/{segment(id)}/outputs/{segment(index)}",
            headers={"If-None-Match": if_none_match, "Range": range, "If-Range": if_range},
            repeatable=True,
        )
        return self._download(
            request,
        )

    def get_output_thumbnail(
        self,
        id: str,
        index: int,
    ) -> Download:
        """Get a small copy of an output.

        A JPEG of at most 320 pixels a side. There is none of clips, of very large pictures, and of older
        outputs.

        Args:
            id: The generation.
            index: Which of its outputs, from 0.
        """
        request = Request(
            "GET",
            f"/v1/generations/{segment(id)}/outputs/{segment(index)}/thumbnail",
            repeatable=True,
        )
        return self._download(
            request,
        )

    def list(
        self,
        *,
        status: enums.GenerationStatus | None = None,
        kind: enums.GenerationKind | None = None,
        model: str | None = None,
        from_: date | datetime | str | None = None,
        until: date | datetime | str | None = None,
        q: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Pager[models.Generation, models.GenerationPage]:
        """List your generations.

        Newest first. All filters that are given must hold.

        Args:
            status: Only those in this status.
            kind: Only those of this kind.
            model: Only those made by this model.
            from_: Only those bought since then: a day (UTC) or an instant.
            until: Only those bought before then: a day (UTC) or an instant.
            q: Only those with this text in their prompt; small letters and capitals are the same, beyond
                ASCII in the ways people write them.
            limit: How many a page.
            cursor: `next_cursor` of the page before.
        """
        request = Request(
            "GET",
            "/v1/generations",
            query={
                "status": status,
                "kind": kind,
                "model": model,
                "from": from_,
                "until": until,
                "q": q,
                "limit": limit,
                "cursor": cursor,
            },
            repeatable=True,
            reads_own_writes=True,
        )
        return self._pager(
            request,
            models.GenerationPage,
            "items",
        )

    def download_list(
        self,
        *,
        format: Literal["csv", "ndjson"],
        status: enums.GenerationStatus | None = None,
        kind: enums.GenerationKind | None = None,
        model: str | None = None,
        from_: date | datetime | str | None = None,
        until: date | datetime | str | None = None,
        q: str | None = None,
    ) -> Download:
        """List your generations, as a file.

        Newest first. All filters that are given must hold.

        Args:
            format: The form.
            status: Only those in this status.
            kind: Only those of this kind.
            model: Only those made by this model.
            from_: Only those bought since then: a day (UTC) or an instant.
            until: Only those bought before then: a day (UTC) or an instant.
            q: Only those with this text in their prompt; small letters and capitals are the same, beyond
                ASCII in the ways people write them.
        """
        request = Request(
            "GET",
            "/v1/generations",
            query={
                "status": status,
                "kind": kind,
                "model": model,
                "from": from_,
                "until": until,
                "q": q,
                "format": format,
            },
            repeatable=True,
            reads_own_writes=True,
        )
        return self._download(
            request,
        )

    def retry(
        self,
        id: str,
        *,
        wait: float | None = None,
        idempotency_key: str | None = None,
    ) -> models.PaidGeneration:
        """Run a generation again.

        For one that failed, was cancelled or was given up, and so was refunded: debits its price again and
        queues it. One that used up its attempts is paid for and waits for an operator.

        Args:
            id: The generation.
            wait: Wait up to so many seconds (at most 30) for the end, before the answer comes.
            idempotency_key: Makes a repeat harmless, also of another process; made up and kept over retries
                if left out.
        """
        request = Request(
            "POST",
            f"/v1/generations/{segment(id)}/retry",
            wait=wait,
            key=new_key(idempotency_key),
        )
        answer: models.PaidGeneration = self._call(
            request,
            {200: models.PaidGeneration, 202: models.PaidGeneration},
        )
        return answer

