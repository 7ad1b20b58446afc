"""From fields as sent to columns as stored: canonical forms, tokens, keyed slots. Works on one batch at a time."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from pipeline.contract.arrow import ARROW_TYPES
from pipeline.contract.events import MINHASH_SLOTS
from pipeline.contract.storage import Kind, Storage
from pipeline.privacy.address import Address
from pipeline.privacy.address import canonical as canonical_address
from pipeline.privacy.email import canonical as canonical_email
from pipeline.privacy.places import Places
from pipeline.privacy.tokens import Tokens

Values = Sequence[Any]


def token_column(tokens: Tokens, storage: Storage, values: Values, recipes: Values) -> pa.Array:
    """Tokens of texts (None stays None); versioned tokens also depend on the row's recipe."""
    assert storage.kind is not None
    if not storage.versioned:
        return _tokens(tokens, storage.kind, values)
    used = [recipe for recipe in dict.fromkeys(recipes) if recipe is not None]
    if len(used) == 1:
        return _tokens(tokens, f"{storage.kind}/{used[0]}", values)
    made: list[str | None] = [None] * len(values)
    for recipe in used:
        rows = [row for row, other in enumerate(recipes) if other == recipe]
        for row, token in zip(
            rows, _mapped(tokens, f"{storage.kind}/{recipe}", [values[r] for r in rows]), strict=True
        ):
            made[row] = token
    return pa.array(made, pa.string())


def email_columns(tokens: Tokens, values: Values) -> dict[str, pa.Array]:
    """Columns of an e-mail address."""
    emails = [canonical_email(value) for value in values]
    return {
        "email_key": _tokens(tokens, Kind.EMAIL, [email.whole for email in emails]),
        "email_local_key": _tokens(tokens, Kind.EMAIL_LOCAL, [email.local for email in emails]),
        "email_domain": pa.array([email.domain for email in emails], pa.string()),
        "email_shape": pa.array([email.shape for email in emails], pa.string()),
    }


def parse_addresses(values: Values) -> list[Address | None]:
    """Canonical addresses; None where a value is none. Each distinct text is parsed once."""
    parsed = {value: canonical_address(value) for value in set(values)}
    return [parsed[value] for value in values]


def ip_columns(tokens: Tokens, addresses: Sequence[Address], places: Places | None = None) -> dict[str, pa.Array]:
    """Columns of an IP address; its network and country where there are databases of them."""
    columns = {
        "ip_key": _tokens(tokens, Kind.IP, [address.whole for address in addresses]),
        "ip_64_key": _tokens(tokens, Kind.IP_64, [address.net64 for address in addresses]),
        "ip_prefix": pa.array([address.prefix for address in addresses], pa.string()),
        "asn": pa.nulls(len(addresses), pa.int64()),
        "ip_country": pa.nulls(len(addresses), pa.string()),
    }
    return columns | places.columns(addresses) if places else columns


def slot_column(tokens: Tokens, minhashes: Values, recipes: Values) -> pa.Array:
    """Keyed MinHash slots as list<int64>; None stays None."""
    present = np.array([minhash is not None for minhash in minhashes], dtype=bool)
    slots = np.array([minhash for minhash in minhashes if minhash is not None], dtype=np.uint32)
    slots = slots.reshape(-1, MINHASH_SLOTS)
    used = [recipe for recipe in dict.fromkeys(recipes) if recipe is not None]
    if len(used) == 1:
        keyed = tokens.slots(slots, used[0])
    else:
        keyed = np.empty(slots.shape, dtype=np.int64)
        of_rows = np.array(recipes, dtype=object)[present]
        for recipe in used:
            rows = of_rows == recipe
            keyed[rows] = tokens.slots(slots[rows], recipe)
    offsets = np.concatenate(([0], np.cumsum(present, dtype=np.int32) * MINHASH_SLOTS)).astype(np.int32)
    mask = None if present.all() else pa.array(~present)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), pa.array(keyed.ravel()), mask=mask)


def clear_column(values: Values, column_type: str) -> pa.Array:
    """Values as they are."""
    return pa.array(values, ARROW_TYPES[column_type])


def _tokens(tokens: Tokens, kind: str, values: Values) -> pa.Array:
    return pa.array(_mapped(tokens, kind, values), pa.string())


def _mapped(tokens: Tokens, kind: str, values: Values) -> list[str | None]:
    """Token of each value, made once for each distinct one; None stays None."""
    distinct = [value for value in dict.fromkeys(values) if value is not None]
    made: dict[str | None, str | None] = dict(zip(distinct, tokens.tokens(kind, distinct), strict=True))
    made[None] = None
    return [made[value] for value in values]
