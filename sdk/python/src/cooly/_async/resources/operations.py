"""Health, metrics and what else operators need.

Made by generate/generate.py from the API's document. Do not edit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ... import enums, models
from ..._request import Request, segment
from ..resource import AsyncResource


class AsyncOperations(AsyncResource):
    """Health, metrics and what else operators need."""

    async def get_metrics(
        self,
    ) -> str:
        """Counters for Prometheus.

        Needs the token of an admin or an auditor unless the server was started with open metrics.
        """
        request = Request(
            "GET",
            "/metrics",
            repeatable=True,
        )
        answer: str = await self._call(
            request,
            {200: str},
        )
        return answer

    async def is_live(
        self,
    ) -> models.Health:
        """Whether the process runs."""
        request = Request(
            "GET",
            "/health/live",
            repeatable=True,
        )
        answer: models.Health = await self._call(
            request,
            {200: models.Health},
        )
        return answer

    async def is_ready(
        self,
    ) -> models.Health:
        """Whether it can serve.

        The database answers, its clock and this server's agree, the keys of tokens are there, and the server
        is not shutting down.
        """
        request = Request(
            "GET",
            "/health/ready",
            repeatable=True,
        )
        answer: models.Health = await self._call(
            request,
            {200: models.Health},
        )
        return answer

    async def issue_dev_token(
        self,
        *,
        role: enums.RoleName,
        sub: str | None = None,
    ) -> models.IssuedToken:
        """A token for trying things out.

        Only on a server that was started for development; everywhere else there is nothing at this address.

        Args:
            role: What it may do.
            sub: Whom it speaks for; `demo`, `admin` or `auditor` if left out.
        """
        request = Request(
            "POST",
            "/dev/token",
            body={"role": role, "sub": sub},
        )
        answer: models.IssuedToken = await self._call(
            request,
            {200: models.IssuedToken},
        )
        return answer

    async def report_task(
        self,
        provider: str,
        account: str,
        reference: str,
        body: Mapping[str, Any],
        *,
        mac: str,
    ) -> models.Reported:
        """Tell that something happened to a task.

        For providers, at the address that they were given with the task, signed as they sign: fal with
        `X-Fal-Webhook-Signature`, Replicate with `webhook-signature`, others as the catalogue describes. What
        it says is not believed: the provider is asked. The same report again changes nothing.

        Args:
            provider: The provider, as the catalogue calls it.
            account: The account of the generation.
            reference: The attempt.
            mac: Shows that the address was given out for this attempt.
        """
        request = Request(
            "POST",
            f"/v1/webhooks/{segment(provider)}/{segment(account)}/{segment(reference)}",
            query={"mac": mac},
            body=body,
        )
        answer: models.Reported = await self._call(
            request,
            {200: models.Reported},
        )
        return answer

