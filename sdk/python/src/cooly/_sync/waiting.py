"""Waiting for the end of a generation.

Made by generate/generate.py from its twin in `_async`. Do not edit.
"""

from __future__ import annotations

import time
import time as clock

from .. import models
from .._request import Request, segment
from ..errors import WaitTimeoutError
from .resources.generations import Generations

LONGEST = 30.0
"""The most that the server waits for one request."""

GOING_ON = ("queued", "running")
ENDED = ("succeeded", "failed", "dead", "cancelled", "discarded")


class WaitingGenerations(Generations):
    def wait(
        self, id: str | models.Generation | models.PaidGeneration, timeout: float = 600.0
    ) -> models.Generation:
        """Waits until a generation has ended, and returns it as it is then; look at its `status`.

        Args:
            id: The generation, or its id.
            timeout: Seconds after which `WaitTimeoutError` is raised; the generation goes on.
        """
        name = id if isinstance(id, str) else id.id
        end, pause = clock.monotonic() + timeout, 0.2
        while True:
            left = end - clock.monotonic()
            asked = clock.monotonic()
            generation = self._look(name, max(0.0, min(LONGEST, left)))
            if ended(generation):
                return generation
            if clock.monotonic() >= end:
                raise WaitTimeoutError(f"{name} is {generation.status} after {timeout:g} s; wait again, or cancel it")
            if clock.monotonic() - asked < 1:
                # Too many wait at the server, so it answers at once.
                time.sleep(min(pause, max(0.0, end - clock.monotonic())))
                pause = min(pause * 2, 5.0)

    def _look(self, id: str, seconds: float) -> models.Generation:
        request = Request("GET", f"/v1/generations/{segment(id)}", wait=seconds or None, repeatable=True)
        generation: models.Generation = self._call(request, {200: models.Generation})
        return generation


def ended(generation: models.Generation) -> bool:
    """A status that this SDK does not know is an end if the server says when it was."""
    if generation.status in ENDED:
        return True
    return generation.status not in GOING_ON and generation.finished_at is not None
