"""A back end that sells pictures for credits: grant, buy on behalf of a customer, wait, download, reconcile.

    COOLY_URL=http://127.0.0.1:8080 COOLY_ADMIN_TOKEN=… python sell_a_picture.py alice order-1 "a lighthouse in fog"
"""

from __future__ import annotations

import os
import sys
from decimal import Decimal
from pathlib import Path

from cooly import Cooly, InsufficientCreditsError


class Shop:
    def __init__(self, url: str, admin_token: str) -> None:
        self.admin = Cooly(url, admin_token)
        # What this shop believes to have sold, in its own database: orders and what they cost.
        self.orders: dict[str, Decimal] = {}

    def customer(self, user: str) -> Cooly:
        # Your identity provider issues tokens of customers; a server on loopback hands them out to try it.
        token = self.admin.operations.issue_dev_token(role="user", sub=user).token
        return self.admin.with_options(token=token)

    def top_up(self, user: str, amount: Decimal, invoice: str) -> None:
        # The key is the invoice, so however often it is paid out, it is granted once.
        key = f"invoice-{invoice}"
        self.admin.accounts.grant_credits(user, amount=amount, reason=f"invoice {invoice}", idempotency_key=key)

    def sell(self, user: str, order: str, prompt: str, folder: Path) -> Path | None:
        generations = self.customer(user).generations
        bought = generations.create(model="sim-image", prompt=prompt, idempotency_key=f"order-{order}")
        done = generations.wait(bought, timeout=300)
        self.orders[done.id] = Decimal(done.charged)
        if done.status != "succeeded":
            return None  # refunded, or an operator decides
        file = folder / f"{order}.png"
        generations.get_output(done.id, 0).save(file)
        return file

    def reconcile(self, user: str) -> Decimal:
        """Compares the statement with the orders, and returns what the customer has left."""
        pager = self.customer(user).credits.get_statement()
        spent: dict[str, Decimal] = {}
        for entry in pager:
            if entry.generation_id:
                spent[entry.generation_id] = spent.get(entry.generation_id, Decimal(0)) - Decimal(entry.amount)
        for order, charged in self.orders.items():
            if spent.get(order) != charged:
                raise SystemExit(f"{order} was sold for {charged}, but the statement says {spent.get(order)}")
        return Decimal(pager.page().closing.balance)


def main(user: str, order: str, prompt: str) -> None:
    shop = Shop(os.environ["COOLY_URL"], os.environ["COOLY_ADMIN_TOKEN"])
    try:
        shop.sell(user, order, prompt, Path())
    except InsufficientCreditsError:
        shop.top_up(user, Decimal("10"), invoice=f"for-{order}")
        # The refused order has not used up its key, so this is the same order once more.
        shop.sell(user, order, prompt, Path())
    print(f"{user} has {shop.reconcile(user)} credits left")


if __name__ == "__main__":
    main(*sys.argv[1:4])
