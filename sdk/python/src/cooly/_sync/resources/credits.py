"""What the caller holds, did and can buy.

Made by generate/generate.py from the API's document. Do not edit.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal

from ... import models
from ..._request import Request
from ..download import Download
from ..paging import Pager
from ..resource import Resource


class Credits(Resource):
    """What the caller holds, did and can buy."""

    def get(
        self,
        *,
        as_of: datetime | str | None = None,
        expiring_within: str | None = None,
    ) -> models.Balance:
        """Your balance.

        Read from the log, so it is never stale, and any moment of the past can be asked for.

        Args:
            as_of: How it was at this instant, or right after the event of yours at this position of the
                log.
            expiring_within: How soon a lot must expire to be in `expiring_soon`; `7d` if left out.
        """
        request = Request(
            "GET",
            "/v1/credits",
            query={"as_of": as_of, "expiring_within": expiring_within},
            repeatable=True,
        )
        answer: models.Balance = self._call(
            request,
            {200: models.Balance},
        )
        return answer

    def get_statement(
        self,
        *,
        from_: date | datetime | str | None = None,
        until: date | datetime | str | None = None,
        zone: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Pager[models.StatementEntry, models.Statement]:
        """Your statement.

        What you held at the start of a period, everything that happened, and what you hold at its end: as
        JSON, as CSV, or as a page to print. Made from the log, and only handed out if it adds up. At most 400
        days and 50,000 entries.

        Args:
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
            "/v1/credits/statement",
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
        *,
        format: Literal["csv", "html"],
        from_: date | datetime | str | None = None,
        until: date | datetime | str | None = None,
        zone: str | None = None,
    ) -> Download:
        """Your statement, as a file.

        What you held at the start of a period, everything that happened, and what you hold at its end: as
        JSON, as CSV, or as a page to print. Made from the log, and only handed out if it adds up. At most 400
        days and 50,000 entries.

        Args:
            format: The form.
            from_: Where the period begins: a day or an instant; the month in which it ends if left out.
            until: Where it ends; this day or instant does not belong to it. The end of the current month if
                left out.
            zone: Whose days and clock: a time zone of the IANA data base, such as `Europe/Berlin`; `UTC` if
                left out.
        """
        request = Request(
            "GET",
            "/v1/credits/statement",
            query={"from": from_, "until": until, "zone": zone, "format": format},
            repeatable=True,
        )
        return self._download(
            request,
        )

    def get_usage(
        self,
        *,
        from_: date | str | None = None,
        to: date | str | None = None,
        zone: str | None = None,
    ) -> models.UsageReport:
        """What you used.

        By day, kind and model; the last 30 days unless a range of at most 366 days is named. `spent` less
        `refunded` is what your balance lost to generations; what is only set aside is not in it.

        Args:
            from_: First day.
            to: Last day.
            zone: Whose days: a time zone of the IANA data base, such as `Europe/Berlin`; `UTC` if left out.
        """
        request = Request(
            "GET",
            "/v1/usage",
            query={"from": from_, "to": to, "zone": zone},
            repeatable=True,
            reads_own_writes=True,
        )
        answer: models.UsageReport = self._call(
            request,
            {200: models.UsageReport},
        )
        return answer

    def download_usage(
        self,
        *,
        format: Literal["csv", "ndjson"],
        from_: date | str | None = None,
        to: date | str | None = None,
        zone: str | None = None,
    ) -> Download:
        """What you used, as a file.

        By day, kind and model; the last 30 days unless a range of at most 366 days is named. `spent` less
        `refunded` is what your balance lost to generations; what is only set aside is not in it.

        Args:
            format: The form.
            from_: First day.
            to: Last day.
            zone: Whose days: a time zone of the IANA data base, such as `Europe/Berlin`; `UTC` if left out.
        """
        request = Request(
            "GET",
            "/v1/usage",
            query={"from": from_, "to": to, "zone": zone, "format": format},
            repeatable=True,
            reads_own_writes=True,
        )
        return self._download(
            request,
        )

    def list_history(
        self,
        *,
        type: str | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Pager[models.BalanceChange, models.HistoryPage]:
        """How your balance came about.

        Newest first.

        Args:
            type: Only changes of this type, such as `credits.granted`.
            limit: How many a page.
            cursor: `next_cursor` of the page before.
        """
        request = Request(
            "GET",
            "/v1/credits/history",
            query={"type": type, "limit": limit, "cursor": cursor},
            repeatable=True,
            reads_own_writes=True,
        )
        return self._pager(
            request,
            models.HistoryPage,
            "items",
        )

    def download_history(
        self,
        *,
        format: Literal["csv", "ndjson"],
        type: str | None = None,
    ) -> Download:
        """How your balance came about, as a file.

        Newest first.

        Args:
            format: The form.
            type: Only changes of this type, such as `credits.granted`.
        """
        request = Request(
            "GET",
            "/v1/credits/history",
            query={"type": type, "format": format},
            repeatable=True,
            reads_own_writes=True,
        )
        return self._download(
            request,
        )

    def list_models(
        self,
    ) -> models.ModelList:
        """The models on offer."""
        request = Request(
            "GET",
            "/v1/models",
            repeatable=True,
        )
        answer: models.ModelList = self._call(
            request,
            {200: models.ModelList},
        )
        return answer

    def download_models(
        self,
        *,
        format: Literal["csv", "ndjson"],
    ) -> Download:
        """The models on offer, as a file.

        Args:
            format: The form.
        """
        request = Request(
            "GET",
            "/v1/models",
            query={"format": format},
            repeatable=True,
        )
        return self._download(
            request,
        )

