"""Where customers are told what happens, and what they were told.

Made by generate/generate.py from the API's document. Do not edit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from ... import enums, models
from ..._request import Request, new_key, segment
from ..download import Download
from ..paging import Pager
from ..resource import Resource


class Webhooks(Resource):
    """Where customers are told what happens, and what they were told."""

    def change(
        self,
        webhook: str,
        *,
        description: str | None = None,
        enabled: bool | None = None,
        events: Sequence[enums.WebhookEvent] | None = None,
        url: str | None = None,
    ) -> models.Webhook:
        """Change an endpoint.

        Its address, its events, its note, or whether anything is sent to it. Harmless to repeat.

        Args:
            webhook: The endpoint.
            description: A note for people.
            enabled: `false` sends nothing more; what happens meanwhile is not for it, what waits goes on
                waiting. `true` sends again, what waits at once.
            events: What it is told from now on.
            url: Where messages go. What waits goes there too, at once.
        """
        request = Request(
            "POST",
            f"/admin/webhooks/{segment(webhook)}",
            body={"description": description, "enabled": enabled, "events": events, "url": url},
            repeatable=True,
        )
        answer: models.Webhook = self._call(
            request,
            {200: models.Webhook},
        )
        return answer

    def create(
        self,
        *,
        events: Sequence[enums.WebhookEvent],
        url: str,
        description: str | None = None,
        user: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.MadeWebhook:
        """Make an endpoint.

        It is told what happens from now on, each message signed as Standard Webhooks describes it, at least
        once and in order for each user. What is not answered with a 2xx within 10 s is sent again at growing
        intervals for three days.

        Args:
            events: What it is told.
            url: Where messages go: `https://`, and out in public.
            description: A note for people.
            user: Only about this user; about all if left out.
            idempotency_key: Makes a repeat harmless, also of another process; made up and kept over retries
                if left out.
        """
        request = Request(
            "POST",
            "/admin/webhooks",
            body={"description": description, "events": events, "url": url, "user": user},
            key=new_key(idempotency_key),
        )
        answer: models.MadeWebhook = self._call(
            request,
            {201: models.MadeWebhook},
        )
        return answer

    def delete(
        self,
        webhook: str,
    ) -> models.Webhook:
        """Take an endpoint away.

        Nothing more is sent to it, and what it was told is deleted. Answers with the endpoint as it was.

        Args:
            webhook: The endpoint.
        """
        request = Request(
            "DELETE",
            f"/admin/webhooks/{segment(webhook)}",
            repeatable=True,
        )
        answer: models.Webhook = self._call(
            request,
            {200: models.Webhook},
        )
        return answer

    def get(
        self,
        webhook: str,
    ) -> models.Webhook:
        """Look at an endpoint.

        Args:
            webhook: The endpoint.
        """
        request = Request(
            "GET",
            f"/admin/webhooks/{segment(webhook)}",
            repeatable=True,
        )
        answer: models.Webhook = self._call(
            request,
            {200: models.Webhook},
        )
        return answer

    def get_delivery(
        self,
        webhook: str,
        message: str,
    ) -> models.WebhookDeliveryStory:
        """Look at a delivery.

        With what is sent.

        Args:
            webhook: The endpoint.
            message: The message.
        """
        request = Request(
            "GET",
            f"/admin/webhooks/{segment(webhook)}/deliveries/{segment(message)}",
            repeatable=True,
        )
        answer: models.WebhookDeliveryStory = self._call(
            request,
            {200: models.WebhookDeliveryStory},
        )
        return answer

    def get_secret(
        self,
        webhook: str,
    ) -> models.WebhookSecret:
        """Look at the secret of an endpoint.

        Args:
            webhook: The endpoint.
        """
        request = Request(
            "GET",
            f"/admin/webhooks/{segment(webhook)}/secret",
            repeatable=True,
        )
        answer: models.WebhookSecret = self._call(
            request,
            {200: models.WebhookSecret},
        )
        return answer

    def list(
        self,
        *,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Pager[models.Webhook, models.WebhookPage]:
        """List endpoints.

        Newest first.

        Args:
            limit: How many a page.
            cursor: `next_cursor` of the page before.
        """
        request = Request(
            "GET",
            "/admin/webhooks",
            query={"limit": limit, "cursor": cursor},
            repeatable=True,
        )
        return self._pager(
            request,
            models.WebhookPage,
            "items",
        )

    def download_list(
        self,
        *,
        format: Literal["csv", "ndjson"],
    ) -> Download:
        """List endpoints, as a file.

        Newest first.

        Args:
            format: The form.
        """
        request = Request(
            "GET",
            "/admin/webhooks",
            query={"format": format},
            repeatable=True,
        )
        return self._download(
            request,
        )

    def list_deliveries(
        self,
        webhook: str,
        *,
        outcome: enums.WebhookOutcome | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Pager[models.WebhookDelivery, models.WebhookDeliveryPage]:
        """List what an endpoint was told.

        Newest first. What became of nothing more is kept for 30 days.

        Args:
            webhook: The endpoint.
            outcome: Only those of which this became.
            limit: How many a page.
            cursor: `next_cursor` of the page before.
        """
        request = Request(
            "GET",
            f"/admin/webhooks/{segment(webhook)}/deliveries",
            query={"outcome": outcome, "limit": limit, "cursor": cursor},
            repeatable=True,
        )
        return self._pager(
            request,
            models.WebhookDeliveryPage,
            "items",
        )

    def download_deliveries(
        self,
        webhook: str,
        *,
        format: Literal["csv", "ndjson"],
        outcome: enums.WebhookOutcome | None = None,
    ) -> Download:
        """List what an endpoint was told, as a file.

        Newest first. What became of nothing more is kept for 30 days.

        Args:
            webhook: The endpoint.
            format: The form.
            outcome: Only those of which this became.
        """
        request = Request(
            "GET",
            f"/admin/webhooks/{segment(webhook)}/deliveries",
            query={"outcome": outcome, "format": format},
            repeatable=True,
        )
        return self._download(
            request,
        )

    def redeliver_message(
        self,
        webhook: str,
        message: str,
    ) -> models.WebhookDelivery:
        """Send a delivery again.

        Under the same id. One that waits for its next attempt is sent now; one that waits for an earlier
        message goes on waiting.

        Args:
            webhook: The endpoint.
            message: The message.
        """
        request = Request(
            "POST",
            f"/admin/webhooks/{segment(webhook)}/deliveries/{segment(message)}/redeliver",
        )
        answer: models.WebhookDelivery = self._call(
            request,
            {200: models.WebhookDelivery},
        )
        return answer

    def replay(
        self,
        webhook: str,
        *,
        after: int,
        until: int | None = None,
        with_delivered: bool | None = None,
    ) -> models.Webhook:
        """Tell an endpoint a part of the log again.

        What it would have been told by its events as they are now, under the same ids: what was given up,
        what was never written down because the endpoint was disabled or not there yet, and with
        `with_delivered` what was delivered. What waits goes on waiting. Without it `after` cannot lie before
        what was delivered so long ago that nobody knows it any more.

        Args:
            webhook: The endpoint.
            after: What comes after this position; `disabled.position` is where an endpoint was disabled.
            until: Up to this position; up to now if left out.
            with_delivered: Send also what was delivered.
        """
        request = Request(
            "POST",
            f"/admin/webhooks/{segment(webhook)}/replay",
            body={"after": after, "until": until, "with_delivered": with_delivered},
        )
        answer: models.Webhook = self._call(
            request,
            {200: models.Webhook},
        )
        return answer

    def rotate_secret(
        self,
        webhook: str,
    ) -> models.WebhookSecret:
        """Give an endpoint another secret.

        For 24 hours messages are signed with the one before too, and there can be no third one.

        Args:
            webhook: The endpoint.
        """
        request = Request(
            "POST",
            f"/admin/webhooks/{segment(webhook)}/secret",
        )
        answer: models.WebhookSecret = self._call(
            request,
            {200: models.WebhookSecret},
        )
        return answer

    def test(
        self,
        webhook: str,
    ) -> models.WebhookDelivery:
        """Send a test.

        A message `webhook.test`, signed and sent as any other; look at the delivery for what was answered.

        Args:
            webhook: The endpoint.
        """
        request = Request(
            "POST",
            f"/admin/webhooks/{segment(webhook)}/test",
        )
        answer: models.WebhookDelivery = self._call(
            request,
            {200: models.WebhookDelivery},
        )
        return answer

