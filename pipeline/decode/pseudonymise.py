"""From fields as sent to columns as stored: canonical forms, tokens, keyed slots. Works on one batch at a time."""

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contract.arrow import ARROW_TYPES
from pipeline.contract.events import MINHASH_SLOTS
from pipeline.contract.storage import Kind, Storage
from pipeline.privacy.address import Address
from pipeline.privacy.address import canonical as canonical_address
from pipeline.privacy.email import canonical as canonical_email
from pipeline.privacy.places import Places
from pipeline.privacy.tokens import Tokens

Values = Sequence[Any]


class Coded(NamedTuple):
    """A column as its distinct values, and for each row the number of its own: work is done once for each of them."""

    codes: pa.Int32Array
    distinct: list[Any]

    def spread(self, of_distinct: pa.Array) -> pa.Array:
        """The column that has `of_distinct[n]` in the rows of value n, and null where there is no value."""
        return of_distinct.take(self.codes)

    def take(self, rows: Sequence[int]) -> "Coded":
        """The column of these rows only."""
        kept = self.codes.take(pa.array(rows, pa.int64())).dictionary_encode()
        return Coded(kept.indices, [self.distinct[code] for code in kept.dictionary.to_pylist()])


def coded(values: Values) -> Coded:
    """Number the distinct ones of some texts; None has no number."""
    encoded = pa.array(values, pa.string()).dictionary_encode()
    return Coded(encoded.indices, encoded.dictionary.to_pylist())


def token_column(tokens: Tokens, storage: Storage, values: Values, recipes: Values) -> pa.Array:
    """Tokens of texts (None stays None); versioned tokens also depend on the row's recipe."""
    assert storage.kind is not None
    if not storage.versioned:
        return _tokens(tokens, storage.kind, values)
    used = [recipe for recipe in dict.fromkeys(recipes) if recipe is not None]
    if len(used) == 1:
        return _tokens(tokens, f"{storage.kind}/{used[0]}", values)
    rows = list(zip(values, recipes, strict=True))
    of_recipes = [
        _tokens(tokens, f"{storage.kind}/{recipe}", [value if own == recipe else None for value, own in rows])
        for recipe in used
    ]
    return pc.coalesce(*of_recipes) if used else pa.nulls(len(values), pa.string())


def email_columns(tokens: Tokens, values: Values) -> dict[str, pa.Array]:
    """Columns of an e-mail address."""
    sent = coded(values)
    emails = [canonical_email(value) for value in sent.distinct]
    columns = {
        "email_key": tokens.array(Kind.EMAIL, [email.whole for email in emails]),
        "email_local_key": tokens.array(Kind.EMAIL_LOCAL, [email.local for email in emails]),
        "email_domain": pa.array([email.domain for email in emails], pa.string()),
        "email_shape": pa.array([email.shape for email in emails], pa.string()),
    }
    return {name: sent.spread(column) for name, column in columns.items()}


def parse_addresses(values: Values) -> Coded:
    """Canonical addresses; None among the distinct where a text is none. Each distinct text is parsed once."""
    sent = coded(values)
    return Coded(sent.codes, [canonical_address(value) for value in sent.distinct])


def ip_columns(tokens: Tokens, addresses: Coded, places: Places | None = None) -> dict[str, pa.Array]:
    """Columns of an IP address; its network and country where there are databases of them."""
    distinct: list[Address] = addresses.distinct
    columns = {
        "ip_key": tokens.array(Kind.IP, [address.whole for address in distinct]),
        "ip_64_key": _tokens(tokens, Kind.IP_64, [address.net64 for address in distinct]),
        "ip_prefix": pa.array([address.prefix for address in distinct], pa.string()),
        "asn": pa.nulls(len(distinct), pa.int64()),
        "ip_country": pa.nulls(len(distinct), pa.string()),
    }
    columns |= places.columns(distinct) if places else {}
    return {name: addresses.spread(column) for name, column in columns.items()}


def slot_column(tokens: Tokens, minhashes: Values, recipes: Values) -> pa.Array:
    """Keyed MinHash slots as list<int64>; None stays None."""
    present = np.array([minhash is not None for minhash in minhashes], dtype=bool)
    sent = itertools.chain.from_iterable(minhash for minhash in minhashes if minhash is not None)
    slots = np.fromiter(sent, np.uint32).reshape(-1, MINHASH_SLOTS)
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
    """Token of each value, made once for each distinct one; None stays None."""
    sent = coded(values)
    return sent.spread(tokens.array(kind, sent.distinct))
