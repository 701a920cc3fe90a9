"""One class for each subject of the API.

Made by generate/generate.py from the API's document. Do not edit.
"""

from .accounts import Accounts
from .api_keys import ApiKeys
from .audit import Audit
from .credits import Credits
from .dead_letters import DeadLetters
from .generations import Generations
from .operations import Operations
from .webhooks import Webhooks

__all__ = [
    "Accounts",
    "ApiKeys",
    "Audit",
    "Credits",
    "DeadLetters",
    "Generations",
    "Operations",
    "Webhooks",
]
