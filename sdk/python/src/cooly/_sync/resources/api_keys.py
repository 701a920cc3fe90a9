"""Keys with which programs reach this API instead of a token: one's own, and those of everybody.

Made by generate/generate.py from the API's document. Do not edit.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from ... import enums, models
from ..._request import Request, new_key, segment
from ..download import Download
from ..paging import Pager
from ..resource import Resource


class ApiKeys(Resource):
    """Keys with which programs reach this API instead of a token: one's own, and those of everybody."""

    def create(
        self,
        *,
        name: str,
        scope: enums.ApiKeyScope,
        expires_at: datetime | str | None = None,
        owner: str | None = None,
        idempotency_key: str | None = None,
    ) -> models.MadeApiKey:
        """Make an API key.

        For any user, for a back end, or for oneself as an admin; those of other admins and of auditors are
        made with `cooly key`. Needs a token: an API key cannot make others (`key_not_enough`). The answer
        holds the key itself, this once; a repeat with the same `Idempotency-Key` makes no second key and
        answers without it.

        Args:
            name: What it is called.
            scope: What it may do. `auditor` is refused, and so is `admin` for another than oneself.
            expires_at: From when on it is refused; it does not expire if this is left out.
            owner: As whom it acts. Needed for a `user`; a `backend` has none, and acts for whom each
                request names.
            idempotency_key: Makes a repeat harmless, also of another process; made up and kept over retries
                if left out.
        """
        request = Request(
            "POST",
            "/admin/keys",
            body={"expires_at": expires_at, "name": name, "owner": owner, "scope": scope},
            key=new_key(idempotency_key),
        )
        answer: models.MadeApiKey = self._call(
            request,
            {201: models.MadeApiKey},
        )
        return answer

    def create_own_key(
        self,
        *,
        name: str,
        expires_at: datetime | str | None = None,
        idempotency_key: str | None = None,
    ) -> models.MadeApiKey:
        """Make an API key.

        It may do under `/v1` what you may. Needs a token: an API key cannot make others (`key_not_enough`).
        The answer holds the key itself, this once; a repeat with the same `Idempotency-Key` makes no second
        key and answers without it.

        Args:
            name: What it is called.
            expires_at: From when on it is refused; it does not expire if this is left out.
            idempotency_key: Makes a repeat harmless, also of another process; made up and kept over retries
                if left out.
        """
        request = Request(
            "POST",
            "/v1/keys",
            body={"expires_at": expires_at, "name": name},
            key=new_key(idempotency_key),
        )
        answer: models.MadeApiKey = self._call(
            request,
            {201: models.MadeApiKey},
        )
        return answer

    def get(
        self,
        id: str,
    ) -> models.ApiKey:
        """Look at an API key.

        Args:
            id: The key.
        """
        request = Request(
            "GET",
            f"/admin/keys/{segment(id)}",
            repeatable=True,
        )
        answer: models.ApiKey = self._call(
            request,
            {200: models.ApiKey},
        )
        return answer

    def list(
        self,
        *,
        owner: str | None = None,
        scope: enums.ApiKeyScope | None = None,
        state: enums.ApiKeyState | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Pager[models.ApiKey, models.ApiKeyPage]:
        """List API keys.

        Those of everybody, newest first; with those that have expired or were revoked.

        Args:
            owner: Only those that act as this user.
            scope: Only those that may do this.
            state: Only those that stand so.
            limit: How many a page.
            cursor: `next_cursor` of the page before.
        """
        request = Request(
            "GET",
            "/admin/keys",
            query={"owner": owner, "scope": scope, "state": state, "limit": limit, "cursor": cursor},
            repeatable=True,
        )
        return self._pager(
            request,
            models.ApiKeyPage,
            "items",
        )

    def download_list(
        self,
        *,
        format: Literal["csv", "ndjson"],
        owner: str | None = None,
        scope: enums.ApiKeyScope | None = None,
        state: enums.ApiKeyState | None = None,
    ) -> Download:
        """List API keys, as a file.

        Those of everybody, newest first; with those that have expired or were revoked.

        Args:
            format: The form.
            owner: Only those that act as this user.
            scope: Only those that may do this.
            state: Only those that stand so.
        """
        request = Request(
            "GET",
            "/admin/keys",
            query={"owner": owner, "scope": scope, "state": state, "format": format},
            repeatable=True,
        )
        return self._download(
            request,
        )

    def list_own_keys(
        self,
        *,
        state: enums.ApiKeyState | None = None,
        limit: int | None = None,
        cursor: str | None = None,
    ) -> Pager[models.ApiKey, models.ApiKeyPage]:
        """List your API keys.

        Newest first; with those that have expired or were revoked.

        Args:
            state: Only those that stand so.
            limit: How many a page.
            cursor: `next_cursor` of the page before.
        """
        request = Request(
            "GET",
            "/v1/keys",
            query={"state": state, "limit": limit, "cursor": cursor},
            repeatable=True,
        )
        return self._pager(
            request,
            models.ApiKeyPage,
            "items",
        )

    def download_own_keys(
        self,
        *,
        format: Literal["csv", "ndjson"],
        state: enums.ApiKeyState | None = None,
    ) -> Download:
        """List your API keys, as a file.

        Newest first; with those that have expired or were revoked.

        Args:
            format: The form.
            state: Only those that stand so.
        """
        request = Request(
            "GET",
            "/v1/keys",
            query={"state": state, "format": format},
            repeatable=True,
        )
        return self._download(
            request,
        )

    def revoke(
        self,
        id: str,
        *,
        reason: str | None = None,
    ) -> models.ApiKey:
        """Revoke an API key.

        From the answer on, every server refuses it; event streams that it opened end within seconds. It
        cannot be taken back. Harmless to repeat: who revoked it first, and why, stays.

        Args:
            id: The key.
            reason: Why.
        """
        request = Request(
            "POST",
            f"/admin/keys/{segment(id)}/revoke",
            body={"reason": reason},
            repeatable=True,
        )
        answer: models.ApiKey = self._call(
            request,
            {200: models.ApiKey},
        )
        return answer

    def revoke_own_key(
        self,
        id: str,
    ) -> models.ApiKey:
        """Revoke one of your API keys.

        From the answer on, every server refuses it; event streams that it opened end within seconds. It
        cannot be taken back. Harmless to repeat.

        Args:
            id: The key.
        """
        request = Request(
            "POST",
            f"/v1/keys/{segment(id)}/revoke",
            repeatable=True,
        )
        answer: models.ApiKey = self._call(
            request,
            {200: models.ApiKey},
        )
        return answer

