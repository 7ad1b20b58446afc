"""Values of plainly written records, a field at a time: as the parser reads them, since it or less than it accepts."""

import contextlib
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.contract.arrow import ARROW_TYPES, SLOTS
from pipeline.contract.events import MINHASH_SLOTS
from pipeline.decode.bytetext import ByteText, Flags, Positions, Spans
from pipeline.decode.walk import Written

# What msgspec and Arrow read alike; other ways to write a time are msgspec's.
TIME = r"^2\d{3}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|\+00:00)$"
MOST_DIGITS = 10  # of 32 bits

# A column of values and whether each is good; where one is not, the column is of no use.
Read = tuple[pa.Array, Flags]


class Reader(NamedTuple):
    """How a field's values are written, if they are not null, and what reads them."""

    written: Written
    arrow: pa.DataType
    read: Callable[[ByteText, Spans], Read]


def reader_of(kind: Any) -> Reader | None:
    """The reader of a stored field of this type; None where only the parser reads it."""
    info = msgspec.inspect.type_info(kind)
    while isinstance(info, msgspec.inspect.Metadata | msgspec.inspect.UnionType):
        info = info.types[0] if isinstance(info, msgspec.inspect.UnionType) else info.type
    decoder = msgspec.json.Decoder(list[kind])
    match info:
        case msgspec.inspect.StrType(min_length=least, max_length=most):
            return Reader(Written.TEXT, pa.string(), functools.partial(_texts, least=least or 0, most=most or 2**31))
        case msgspec.inspect.LiteralType(values=choices):
            return Reader(
                Written.TEXT, pa.string(), functools.partial(_choices, choices=pa.array(choices, pa.string()))
            )
        case msgspec.inspect.DateTimeType():
            return Reader(Written.TEXT, ARROW_TYPES["timestamp"], functools.partial(_times, decoder=decoder))
        case msgspec.inspect.IntType():
            return Reader(Written.BARE, pa.int64(), functools.partial(_parsed, decoder=decoder, arrow=pa.int64()))
        case msgspec.inspect.FloatType():
            return Reader(Written.BARE, pa.float64(), functools.partial(_parsed, decoder=decoder, arrow=pa.float64()))
        case msgspec.inspect.ListType():
            return Reader(Written.BARE, SLOTS, functools.partial(_slots, decoder=decoder))
    return None


def _texts(text: ByteText, spans: Spans, least: int, most: int) -> Read:
    lengths = spans.ends - spans.begins  # of ASCII: as many bytes as characters
    return text.pieces(spans), (lengths >= least) & (lengths <= most)


def _choices(text: ByteText, spans: Spans, choices: pa.StringArray) -> Read:
    pieces = text.pieces(spans)
    return pieces, pc.is_in(pieces, value_set=choices).to_numpy(zero_copy_only=False)


def _parsed(text: ByteText, spans: Spans, decoder: msgspec.json.Decoder[list[Any]], arrow: pa.DataType) -> Read:
    """Have the parser read the pieces, as one list of them.

    A piece has no quotation mark or is one text, and `decoder` allows no list in the list. So there are as many values
    as pieces only if each is one value.
    """
    octets, _ = text.listed(spans)
    try:
        values = decoder.decode(b"[" + octets[:-1].tobytes() + b"]")
        if len(values) == len(spans.begins):
            return pa.array(values, arrow), np.ones(len(values), np.bool_)
    except msgspec.MsgspecError:
        pass
    return _one_by_one(text, spans, decoder, arrow)


def _one_by_one(text: ByteText, spans: Spans, decoder: msgspec.json.Decoder[list[Any]], arrow: pa.DataType) -> Read:
    values = [None] * len(spans.begins)
    good = np.zeros(len(values), np.bool_)
    for number, piece in enumerate(text.pieces(spans).to_pylist()):
        with contextlib.suppress(msgspec.MsgspecError, ValueError):
            [values[number]] = decoder.decode(f"[{piece}]")  # ValueError: more than one
            good[number] = True
    return pa.array(values, arrow), good


def _times(text: ByteText, spans: Spans, decoder: msgspec.json.Decoder[list[Any]]) -> Read:
    pieces = text.pieces(spans)
    if pc.all(pc.match_substring_regex(pieces, TIME)).as_py():
        with contextlib.suppress(pa.ArrowInvalid):  # a day or an hour that there is not
            return pieces.cast(ARROW_TYPES["timestamp"]), np.ones(len(pieces), np.bool_)
    return _parsed(text, Spans(spans.begins - 1, spans.ends + 1), decoder, ARROW_TYPES["timestamp"])


def _slots(text: ByteText, spans: Spans, decoder: msgspec.json.Decoder[list[Any]]) -> Read:
    """Lists of 16 numbers of 32 bits, by NumPy where all are plain."""
    bracketed = (text.octets[spans.begins] == ord("[")) & (text.octets[spans.ends - 1] == ord("]"))
    if bracketed.all():
        octets, closes = text.listed(Spans(spans.begins + 1, spans.ends - 1))
        if _are_slots(octets, closes):
            values = np.fromstring(octets.tobytes(), np.int64, sep=",")
            if values.max() < 2**32:
                return pa.FixedSizeListArray.from_arrays(values.astype(np.uint32), type=SLOTS), bracketed
    return _one_by_one(text, spans, decoder, SLOTS)


def _are_slots(octets: npt.NDArray[np.uint8], closes: Positions) -> bool:
    """Whether there are 16 numbers up to each of `closes`, a comma behind each and at most one blank before it."""
    commas = np.flatnonzero(octets == ord(","))
    if len(commas) != MINHASH_SLOTS * len(closes) or (commas[MINHASH_SLOTS - 1 :: MINHASH_SLOTS] != closes).any():
        return False
    begins = np.concatenate(([0], commas[:-1] + 1))
    begins += octets[begins] == ord(" ")
    lengths = commas - begins
    # All else is a comma or a blank before a number: so if there are as many digits, it is digits.
    digits = np.count_nonzero(octets - np.uint8(ord("0")) < 10)
    leading_zeros = (octets[begins] == ord("0")) & (lengths > 1)
    return bool(
        (lengths > 0).all() and lengths.max() <= MOST_DIGITS and digits == lengths.sum() and not leading_zeros.any()
    )
