"""Accounts of all users.

Made by generate/generate.py from the API's document. Do not edit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Literal

from ... import enums, models, requests
from ..._request import Request, new_key, segment
from ..._values import CreditsInput
from ..download import Download
from ..paging import Pager
from ..resource import Resource
from ..upload import Upload


class Accounts(Resource):
    """Accounts of all users."""

    def adjust_credits(
        self,
        user: str,
        *,
        amount: CreditsInput,
        reason: str,
        clamp: bool | None = None,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.MadeAdjustment:
        """Correct a balance.

        Up or down; opens the account if need be. Never below what is available: more than that is refused, or
        with `clamp` as much is taken as is there.

        Args:
            user: The user, as in the `sub` of its token.
            amount: By how much, with a sign; not zero.
            reason: Why; the user reads it in the history.
            clamp: Take what is there if that is less than `amount`, instead of refusing.
            dry_run: Only say what this would do: the answer is 200, and nothing is written.
            idempotency_key: Makes a repeat harmless, also of another process; made up and kept over retries
                if left out.
        """
        request = Request(
            "POST",
            f"/admin/accounts/{segment(user)}/adjustments",
            body={"amount": amount, "clamp": clamp, "dry_run": dry_run, "reason": reason},
            key=new_key(idempotency_key),
        )
        answer: models.MadeAdjustment = self._call(
            request,
            {200: models.MadeAdjustment, 201: models.MadeAdjustment},
        )
        return answer

    def capture_hold(
        self,
        user: str,
        hold: int,
        *,
        amount: CreditsInput,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.MadeCapture:
        """Spend a hold.

        Wholly or in part; the rest comes back. It ends the hold.

        Args:
            user: The user, as in the `sub` of its token.
            hold: The hold: its `id`.
            amount: How many; more than zero, at most what is held. The rest comes back.
            dry_run: Only say what this would do: the answer is 200, and nothing is written.
            idempotency_key: Makes a repeat harmless, also of another process; made up and kept over retries
                if left out.
        """
        request = Request(
            "POST",
            f"/admin/accounts/{segment(user)}/holds/{segment(hold)}/capture",
            body={"amount": amount, "dry_run": dry_run},
            key=new_key(idempotency_key),
        )
        answer: models.MadeCapture = self._call(
            request,
            {200: models.MadeCapture, 201: models.MadeCapture},
        )
        return answer

    def get(
        self,
        user: str,
        *,
        as_of: datetime | str | None = None,
        expiring_within: str | None = None,
    ) -> models.AccountDetail:
        """Look at an account.

        Read from the log, so it is never stale, and any moment of the past can be asked for.

        Args:
            user: The user, as in the `sub` of its token.
            as_of: How it was at this instant, or right after this position of the log.
            expiring_within: How soon a lot must expire to be in `expiring_soon`; `7d` if left out.
        """
        request = Request(
            "GET",
            f"/admin/accounts/{segment(user)}",
            query={"as_of": as_of, "expiring_within": expiring_within},
            repeatable=True,
        )
        answer: models.AccountDetail = self._call(
            request,
            {200: models.AccountDetail},
        )
        return answer

    def get_overview(
        self,
    ) -> models.Overview:
        """The whole system at a glance."""
        request = Request(
            "GET",
            "/admin/overview",
            repeatable=True,
        )
        answer: models.Overview = self._call(
            request,
            {200: models.Overview},
        )
        return answer

    def get_statement(
        self,
        user: str,
        *,
        from_: date | datetime | str | None = None,
        until: date | datetime | str | None = None,
        zone: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Pager[models.StatementEntry, models.Statement]:
        """The statement of an account.

        As its user gets it.

        Args:
            user: The user, as in the `sub` of its token.
            from_: Where the period begins: a day or an instant; the month in which it ends if left out.
            until: Where it ends; this day or instant does not belong to it. The end of the current month if
                left out.
            zone: Whose days and clock: a time zone of the IANA data base, such as `Europe/Berlin`; `UTC` if
                left out.
            limit: How many entries a page of JSON.
            cursor: `next_cursor` of the page before; JSON only.
        """
        request = Request(
            "GET",
            f"/admin/accounts/{segment(user)}/statement",
            query={"from": from_, "until": until, "zone": zone, "limit": limit, "cursor": cursor},
            repeatable=True,
        )
        return self._pager(
            request,
            models.Statement,
            "entries",
        )

    def download_statement(
        self,
        user: str,
        *,
        format: Literal["csv", "html"],
        from_: date | datetime | str | None = None,
        until: date | datetime | str | None = None,
        zone: str | None = None,
    ) -> Download:
        """The statement of an account, as a file.

        As its user gets it.

        Args:
            user: The user, as in the `sub` of its token.
            format: The form.
            from_: Where the period begins: a day or an instant; the month in which it ends if left out.
            until: Where it ends; this day or instant does not belong to it. The end of the current month if
                left out.
            zone: Whose days and clock: a time zone of the IANA data base, such as `Europe/Berlin`; `UTC` if
                left out.
        """
        request = Request(
            "GET",
            f"/admin/accounts/{segment(user)}/statement",
            query={"from": from_, "until": until, "zone": zone, "format": format},
            repeatable=True,
        )
        return self._download(
            request,
        )

    def grant_credits(
        self,
        user: str,
        *,
        amount: CreditsInput,
        reason: str,
        dry_run: bool | None = None,
        effective_at: datetime | str | None = None,
        expires_at: datetime | str | None = None,
        metadata: Mapping[str, str] | None = None,
        priority: int | None = None,
        source: enums.CreditSource | None = None,
        idempotency_key: str | None = None,
    ) -> models.MadeGrant:
        """Grant credits.

        Opens the account if need be. Each grant is a lot with its own terms.

        Args:
            user: The user, as in the `sub` of its token.
            amount: How many; more than zero.
            reason: Why; the user reads it in the history.
            dry_run: Only say what this would do: the answer is 200, and nothing is written.
            effective_at: From when they can be spent; at once if left out.
            expires_at: From when they are gone; never if left out.
            metadata: Whatever you want to find again: at most 16 strings, names up to 40 and values up to
                500 bytes.
            priority: When they are spent among the others: 0 first, 100 last; 50 if left out. Among equals,
                what expires soonest goes first, then what was given first.
            source: Where they come from; `other` if left out.
            idempotency_key: Makes a repeat harmless, also of another process; made up and kept over retries
                if left out.
        """
        request = Request(
            "POST",
            f"/admin/accounts/{segment(user)}/grants",
            body={
                "amount": amount,
                "dry_run": dry_run,
                "effective_at": effective_at,
                "expires_at": expires_at,
                "metadata": metadata,
                "priority": priority,
                "reason": reason,
                "source": source,
            },
            key=new_key(idempotency_key),
        )
        answer: models.MadeGrant = self._call(
            request,
            {200: models.MadeGrant, 201: models.MadeGrant},
        )
        return answer

    def grant_in_bulk(
        self,
        lines: bytes | Iterable[requests.BulkGrantLine] | Iterable[bytes],
        *,
        dry_run: bool | None = None,
        idempotency_key: str,
        content_type: str = "application/x-ndjson",
    ) -> Upload:
        """Grant credits to many.

        Up to 100,000 lines of at most 64 KiB, read as they come. Each line is a grant of its own: a bad one
        refuses only itself, and none is granted twice under one `Idempotency-Key`, however often and in
        whatever order the lines are sent.

        Args:
            dry_run: Only say what would become of the lines.
            idempotency_key: Names this upload; the same one makes a repeat harmless, line by line.
            content_type: What the lines are, where they are bytes: `application/x-ndjson` or `text/csv`.
        """
        request = Request(
            "POST",
            "/admin/grants/bulk",
            query={"dry_run": dry_run},
            key=idempotency_key,
        )
        return self._upload(
            request,
            lines,
            content_type,
        )

    def hold_credits(
        self,
        user: str,
        *,
        amount: CreditsInput,
        reason: str,
        dry_run: bool | None = None,
        expires_at: datetime | str | None = None,
        idempotency_key: str | None = None,
    ) -> models.MadeHold:
        """Set credits aside.

        For work whose price is known only afterwards: capture what it cost, or release the hold.

        Args:
            user: The user, as in the `sub` of its token.
            amount: How many; more than zero. The most that can be captured.
            reason: What for.
            dry_run: Only say what this would do: the answer is 200, and nothing is written.
            expires_at: From when they come back by themselves; never if left out.
            idempotency_key: Makes a repeat harmless, also of another process; made up and kept over retries
                if left out.
        """
        request = Request(
            "POST",
            f"/admin/accounts/{segment(user)}/holds",
            body={"amount": amount, "dry_run": dry_run, "expires_at": expires_at, "reason": reason},
            key=new_key(idempotency_key),
        )
        answer: models.MadeHold = self._call(
            request,
            {200: models.MadeHold, 201: models.MadeHold},
        )
        return answer

    def list(
        self,
        *,
        search: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Pager[models.AccountRow, models.AccountPage]:
        """List accounts.

        Args:
            search: Only users that begin like this.
            limit: How many a page.
            cursor: `next_cursor` of the page before.
        """
        request = Request(
            "GET",
            "/admin/accounts",
            query={"search": search, "limit": limit, "cursor": cursor},
            repeatable=True,
            reads_own_writes=True,
        )
        return self._pager(
            request,
            models.AccountPage,
            "items",
        )

    def download_list(
        self,
        *,
        format: Literal["csv", "ndjson"],
        search: str | None = None,
    ) -> Download:
        """List accounts, as a file.

        Args:
            format: The form.
            search: Only users that begin like this.
        """
        request = Request(
            "GET",
            "/admin/accounts",
            query={"search": search, "format": format},
            repeatable=True,
            reads_own_writes=True,
        )
        return self._download(
            request,
        )

    def list_holds(
        self,
        user: str,
    ) -> models.HoldList:
        """List open holds.

        Read from the log, so it is never stale. All of them, on one page.

        Args:
            user: The user, as in the `sub` of its token.
        """
        request = Request(
            "GET",
            f"/admin/accounts/{segment(user)}/holds",
            repeatable=True,
        )
        answer: models.HoldList = self._call(
            request,
            {200: models.HoldList},
        )
        return answer

    def download_holds(
        self,
        user: str,
        *,
        format: Literal["csv", "ndjson"],
    ) -> Download:
        """List open holds, as a file.

        Read from the log, so it is never stale. All of them, on one page.

        Args:
            user: The user, as in the `sub` of its token.
            format: The form.
        """
        request = Request(
            "GET",
            f"/admin/accounts/{segment(user)}/holds",
            query={"format": format},
            repeatable=True,
        )
        return self._download(
            request,
        )

    def order_credits(
        self,
        *,
        commands: Sequence[requests.CreditCommand],
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.CreditBatchMade:
        """Many orders at once.

        Of any accounts, carried out one after the other, all or none: if one is refused, nothing is written,
        and the problem names its place.

        Args:
            commands: In the order in which they are carried out.
            dry_run: Only say what this would do: the answer is 200, and nothing is written.
            idempotency_key: Makes a repeat harmless, also of another process; made up and kept over retries
                if left out.
        """
        request = Request(
            "POST",
            "/admin/credits/batch",
            body={"commands": commands, "dry_run": dry_run},
            key=new_key(idempotency_key),
        )
        answer: models.CreditBatchMade = self._call(
            request,
            {200: models.CreditBatchMade, 201: models.CreditBatchMade},
        )
        return answer

    def refund_generation(
        self,
        user: str,
        *,
        job_id: str,
        reason: str,
        amount: CreditsInput | None = None,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.MadeRefund:
        """Refund a generation.

        Wholly or in part, whatever became of it, and never more than is charged for it. The credits come back
        to the lots that they were taken from.

        Args:
            user: The user, as in the `sub` of its token.
            job_id: The generation.
            reason: Why.
            amount: How many credits, at most what is charged for it; all of that if left out.
            dry_run: Only say what this would do: the answer is 200, and nothing is written.
            idempotency_key: Makes a repeat harmless, also of another process; made up and kept over retries
                if left out.
        """
        request = Request(
            "POST",
            f"/admin/accounts/{segment(user)}/refunds",
            body={"amount": amount, "dry_run": dry_run, "job_id": job_id, "reason": reason},
            key=new_key(idempotency_key),
        )
        answer: models.MadeRefund = self._call(
            request,
            {200: models.MadeRefund, 201: models.MadeRefund},
        )
        return answer

    def release_hold(
        self,
        user: str,
        hold: int,
        *,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.MadeRelease:
        """Give back a hold.

        Nothing of it is spent. It ends the hold.

        Args:
            user: The user, as in the `sub` of its token.
            hold: The hold: its `id`.
            dry_run: Only say what this would do: the answer is 200, and nothing is written.
            idempotency_key: Makes a repeat harmless, also of another process; made up and kept over retries
                if left out.
        """
        request = Request(
            "POST",
            f"/admin/accounts/{segment(user)}/holds/{segment(hold)}/release",
            query={"dry_run": dry_run},
            key=new_key(idempotency_key),
        )
        answer: models.MadeRelease = self._call(
            request,
            {200: models.MadeRelease, 201: models.MadeRelease},
        )
        return answer

    def void_lot(
        self,
        user: str,
        lot: int,
        *,
        reason: str,
        dry_run: bool | None = None,
        idempotency_key: str | None = None,
    ) -> models.MadeVoid:
        """Take back a grant.

        Takes what is left of the lot, and whatever comes back to it later. What was spent of it stays spent.

        Args:
            user: The user, as in the `sub` of its token.
            lot: The lot: its `id`.
            reason: Why; the user reads it in the history.
            dry_run: Only say what this would do: the answer is 200, and nothing is written.
            idempotency_key: Makes a repeat harmless, also of another process; made up and kept over retries
                if left out.
        """
        request = Request(
            "POST",
            f"/admin/accounts/{segment(user)}/lots/{segment(lot)}/void",
            body={"dry_run": dry_run, "reason": reason},
            key=new_key(idempotency_key),
        )
        answer: models.MadeVoid = self._call(
            request,
            {200: models.MadeVoid, 201: models.MadeVoid},
        )
        return answer

