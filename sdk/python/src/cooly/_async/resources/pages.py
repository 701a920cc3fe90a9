"""Signing in on the pages of this server. Programs need none of it.

Made by generate/generate.py from the API's document. Do not edit.
"""

from __future__ import annotations


from ..resource import AsyncResource


class AsyncPages(AsyncResource):
    """Signing in on the pages of this server. Programs need none of it."""


