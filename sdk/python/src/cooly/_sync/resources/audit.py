"""The log itself, and its proof.

Made by generate/generate.py from the API's document. Do not edit.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from ... import enums, models
from ..._request import Request, segment
from ..download import Download
from ..paging import Pager
from ..resource import Resource


class Audit(Resource):
    """The log itself, and its proof."""

    def export_events(
        self,
        *,
        format: enums.ExportFormat | None = None,
        dataset: enums.ExportDataset | None = None,
        user: str | None = None,
        since: date | datetime | str | None = None,
        until: date | datetime | str | None = None,
    ) -> Download:
        """Export the log.

        Every column of every event as it is stored, of one moment, streamed. For an auditor or an admin.

        Args:
            format: How it is written; NDJSON if left out.
            dataset: `events`, which it is if left out, or only the `seals` that cover them. NDJSON has
                both.
            user: Only the account of this user, ordered by stream and version.
            since: From this position, instant (`recorded_at`) or day on.
            until: Up to this position, instant or day, which is not included.
        """
        request = Request(
            "GET",
            "/audit/export",
            query={"format": format, "dataset": dataset, "user": user, "since": since, "until": until},
            repeatable=True,
        )
        return self._download(
            request,
        )

    def get_outstanding(
        self,
        *,
        at: date | datetime | str | None = None,
        source: enums.CreditSource | None = None,
    ) -> models.OutstandingCredits:
        """What is outstanding.

        All credits that are owed to users, by where they came from and by how many days ago they were given.
        Refused if adding up takes more than 10 s.

        Args:
            at: Before this position, instant or day (UTC); now if left out.
            source: Only credits that came from here.
        """
        request = Request(
            "GET",
            "/audit/outstanding",
            query={"at": at, "source": source},
            repeatable=True,
        )
        answer: models.OutstandingCredits = self._call(
            request,
            {200: models.OutstandingCredits},
        )
        return answer

    def download_outstanding(
        self,
        *,
        format: Literal["csv", "parquet"],
        at: date | datetime | str | None = None,
        source: enums.CreditSource | None = None,
    ) -> Download:
        """What is outstanding, as a file.

        All credits that are owed to users, by where they came from and by how many days ago they were given.
        Refused if adding up takes more than 10 s.

        Args:
            format: The form.
            at: Before this position, instant or day (UTC); now if left out.
            source: Only credits that came from here.
        """
        request = Request(
            "GET",
            "/audit/outstanding",
            query={"at": at, "source": source, "format": format},
            repeatable=True,
        )
        return self._download(
            request,
        )

    def get_recognised(
        self,
        *,
        from_: date | datetime | str | None = None,
        to: date | datetime | str | None = None,
        source: enums.CreditSource | None = None,
    ) -> models.RecognisedRevenue:
        """What became revenue.

        Credits that were burned, less those that were given back, and credits that expired unspent
        (breakage), by day and by where they came from. `from` belongs to the interval and `to` does not.
        Refused if adding up takes more than 10 s.

        Args:
            from_: From this position, instant or day (UTC) on; from the beginning if left out.
            to: Up to this position, instant or day, which is not included; up to now if left out.
            source: Only credits that came from here.
        """
        request = Request(
            "GET",
            "/audit/recognised",
            query={"from": from_, "to": to, "source": source},
            repeatable=True,
        )
        answer: models.RecognisedRevenue = self._call(
            request,
            {200: models.RecognisedRevenue},
        )
        return answer

    def download_recognised(
        self,
        *,
        format: Literal["csv", "parquet"],
        from_: date | datetime | str | None = None,
        to: date | datetime | str | None = None,
        source: enums.CreditSource | None = None,
    ) -> Download:
        """What became revenue, as a file.

        Credits that were burned, less those that were given back, and credits that expired unspent
        (breakage), by day and by where they came from. `from` belongs to the interval and `to` does not.
        Refused if adding up takes more than 10 s.

        Args:
            format: The form.
            from_: From this position, instant or day (UTC) on; from the beginning if left out.
            to: Up to this position, instant or day, which is not included; up to now if left out.
            source: Only credits that came from here.
        """
        request = Request(
            "GET",
            "/audit/recognised",
            query={"from": from_, "to": to, "source": source, "format": format},
            repeatable=True,
        )
        return self._download(
            request,
        )

    def get_seal(
        self,
        number: int,
    ) -> models.WholeSeal:
        """Read a seal and what is under it.

        Args:
            number: Its number.
        """
        request = Request(
            "GET",
            f"/audit/seals/{segment(number)}",
            repeatable=True,
        )
        answer: models.WholeSeal = self._call(
            request,
            {200: models.WholeSeal},
        )
        return answer

    def get_trial_balance(
        self,
        *,
        from_: date | datetime | str | None = None,
        to: date | datetime | str | None = None,
    ) -> models.TrialBalance:
        """The trial balance.

        Of all accounts together, between any two positions or instants: what was outstanding, what was
        granted, spent, refunded, adjusted, expired and voided, what is held, and whether it adds up to the
        last digit. `from` belongs to the interval and `to` does not, so intervals that meet add up. An
        instant stands for the first event recorded at it or later. Refused if adding up takes more than 10 s.

        Args:
            from_: From this position, instant or day (UTC) on; from the beginning if left out.
            to: Up to this position, instant or day, which is not included; up to now if left out.
        """
        request = Request(
            "GET",
            "/audit/trial-balance",
            query={"from": from_, "to": to},
            repeatable=True,
        )
        answer: models.TrialBalance = self._call(
            request,
            {200: models.TrialBalance},
        )
        return answer

    def download_trial_balance(
        self,
        *,
        format: Literal["csv", "parquet"],
        from_: date | datetime | str | None = None,
        to: date | datetime | str | None = None,
    ) -> Download:
        """The trial balance, as a file.

        Of all accounts together, between any two positions or instants: what was outstanding, what was
        granted, spent, refunded, adjusted, expired and voided, what is held, and whether it adds up to the
        last digit. `from` belongs to the interval and `to` does not, so intervals that meet add up. An
        instant stands for the first event recorded at it or later. Refused if adding up takes more than 10 s.

        Args:
            format: The form.
            from_: From this position, instant or day (UTC) on; from the beginning if left out.
            to: Up to this position, instant or day, which is not included; up to now if left out.
        """
        request = Request(
            "GET",
            "/audit/trial-balance",
            query={"from": from_, "to": to, "format": format},
            repeatable=True,
        )
        return self._download(
            request,
        )

    def list_events(
        self,
        *,
        user: str | None = None,
        account: str | None = None,
        job: str | None = None,
        type: str | None = None,
        actor: str | None = None,
        cause: str | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        after: int | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Pager[models.LogEvent, models.EventPage]:
        """Read the log.

        In order of position, with everything that is hashed.

        Args:
            user: Only events of this user's account.
            account: Only events of this account.
            job: Only events about this generation; with `user` or `account`.
            type: Only events of this type; several are separated by commas.
            actor: Only events by this actor, such as `admin:ops`.
            cause: Only events that this led to: an API key, an action on many dead letters, an event or a
                message; with `user`, `account` or `since`.
            since: Only events recorded at this instant or later.
            until: Only events recorded before this instant.
            after: Only events after this position.
            limit: How many a page.
            cursor: `next_cursor` of the page before.
        """
        request = Request(
            "GET",
            "/audit/events",
            query={
                "user": user,
                "account": account,
                "job": job,
                "type": type,
                "actor": actor,
                "cause": cause,
                "since": since,
                "until": until,
                "after": after,
                "limit": limit,
                "cursor": cursor,
            },
            repeatable=True,
        )
        return self._pager(
            request,
            models.EventPage,
            "items",
        )

    def download_events(
        self,
        *,
        format: Literal["csv", "ndjson"],
        user: str | None = None,
        account: str | None = None,
        job: str | None = None,
        type: str | None = None,
        actor: str | None = None,
        cause: str | None = None,
        since: datetime | str | None = None,
        until: datetime | str | None = None,
        after: int | None = None,
    ) -> Download:
        """Read the log, as a file.

        In order of position, with everything that is hashed.

        Args:
            format: The form.
            user: Only events of this user's account.
            account: Only events of this account.
            job: Only events about this generation; with `user` or `account`.
            type: Only events of this type; several are separated by commas.
            actor: Only events by this actor, such as `admin:ops`.
            cause: Only events that this led to: an API key, an action on many dead letters, an event or a
                message; with `user`, `account` or `since`.
            since: Only events recorded at this instant or later.
            until: Only events recorded before this instant.
            after: Only events after this position.
        """
        request = Request(
            "GET",
            "/audit/events",
            query={
                "user": user,
                "account": account,
                "job": job,
                "type": type,
                "actor": actor,
                "cause": cause,
                "since": since,
                "until": until,
                "after": after,
                "format": format,
            },
            repeatable=True,
        )
        return self._download(
            request,
        )

    def list_seal_keys(
        self,
    ) -> models.SealKeys:
        """List the keys that signed seals.

        For comparison with the keys that you know: a key that the database names proves nothing by itself.
        """
        request = Request(
            "GET",
            "/audit/seals/keys",
            repeatable=True,
        )
        answer: models.SealKeys = self._call(
            request,
            {200: models.SealKeys},
        )
        return answer

    def download_seal_keys(
        self,
        *,
        format: Literal["csv", "ndjson"],
    ) -> Download:
        """List the keys that signed seals, as a file.

        For comparison with the keys that you know: a key that the database names proves nothing by itself.

        Args:
            format: The form.
        """
        request = Request(
            "GET",
            "/audit/seals/keys",
            query={"format": format},
            repeatable=True,
        )
        return self._download(
            request,
        )

    def list_seals(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Pager[models.Seal, models.SealPage]:
        """List the seals.

        Args:
            limit: How many a page.
            cursor: `next_cursor` of the page before.
        """
        request = Request(
            "GET",
            "/audit/seals",
            query={"limit": limit, "cursor": cursor},
            repeatable=True,
        )
        return self._pager(
            request,
            models.SealPage,
            "items",
        )

    def download_seals(
        self,
        *,
        format: Literal["csv", "ndjson"],
    ) -> Download:
        """List the seals, as a file.

        Args:
            format: The form.
        """
        request = Request(
            "GET",
            "/audit/seals",
            query={"format": format},
            repeatable=True,
        )
        return self._download(
            request,
        )

    def prove_event(
        self,
        position: int,
    ) -> Any:
        """Prove an event.

        Answers a document of the form `cooly-proof/1`: the event, its path in the tree of its block, and the
        seal. `cooly proof verify` checks it without a database. The position of an event is in `GET
        /audit/events`.

        Args:
            position: Its place in the log.
        """
        request = Request(
            "GET",
            f"/audit/events/{segment(position)}/proof",
            repeatable=True,
        )
        answer: Any = self._call(
            request,
            {200: Any},
        )
        return answer

    def verify_account(
        self,
        user: str,
    ) -> models.Proof:
        """Prove an account.

        Computes every hash, state and balance of the account again, from its events alone, and compares each
        event with its leaf in the sealed blocks.

        Args:
            user: The user, as in the `sub` of its token.
        """
        request = Request(
            "GET",
            f"/audit/accounts/{segment(user)}/verify",
            repeatable=True,
        )
        answer: models.Proof = self._call(
            request,
            {200: models.Proof},
        )
        return answer

    def verify_log(
        self,
    ) -> Download:
        """Prove the whole log.

        What `cooly verify --log-only` proves, but for rights and keys: every hash, stored state, balance, lot
        and job of every account, and then every seal with its signature. Read models are not looked at. Whose
        keys signed is told and not judged: compare them with those that you know. The answer is streamed.
        """
        request = Request(
            "GET",
            "/audit/verify",
            repeatable=True,
        )
        return self._download(
            request,
        )

