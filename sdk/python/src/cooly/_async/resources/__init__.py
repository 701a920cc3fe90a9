"""One class for each subject of the API.

Made by generate/generate.py from the API's document. Do not edit.
"""

from .accounts import AsyncAccounts
from .api_keys import AsyncApiKeys
from .audit import AsyncAudit
from .credits import AsyncCredits
from .dead_letters import AsyncDeadLetters
from .generations import AsyncGenerations
from .operations import AsyncOperations
from .webhooks import AsyncWebhooks

__all__ = [
    "AsyncAccounts",
    "AsyncApiKeys",
    "AsyncAudit",
    "AsyncCredits",
    "AsyncDeadLetters",
    "AsyncGenerations",
    "AsyncOperations",
    "AsyncWebhooks",
]
