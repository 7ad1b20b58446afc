import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.decode.reasons import Reason
from pipeline.decode.structure import depth, inspect

KNOWN = frozenset({"ip", "email"})
# What a quadratic reading would take hours for takes 0.3 s on the machine it was measured on.
LINEAR_SECONDS = 10
MIB = 2**20


@pytest.mark.parametrize(
    ("value", "reason", "path"),
    [
        (b'{"ip":1,"ip":2}', Reason.DUPLICATE_KEY, "$.ip"),
        (b'{"ip":1,"\\u0069p":2}', Reason.DUPLICATE_KEY, "$.ip"),
        (b'{"ip":1 ,\n\t"x":[] , "ip" : 1}', Reason.DUPLICATE_KEY, "$.ip"),
        (b'{"secret":1,"secret":2}', Reason.DUPLICATE_KEY, "$"),
        (b'{"a":{"ip":1,"ip":2}}', Reason.DUPLICATE_KEY, "$"),
        (b'{"ip":1,"a":[{"b":1},{"b":1,"b":2}]}', Reason.DUPLICATE_KEY, "$"),
        (b'{"ip":1,"ip":2,"email":1,"email":2}', Reason.DUPLICATE_KEY, "$.email"),
        (b'{"x":NaN}', Reason.NON_FINITE, "$"),
        (b'{"x":-Infinity}', Reason.NON_FINITE, "$"),
        (b'{"x":1e400}', Reason.NON_FINITE, "$"),
        (b'{"x":' + b"9" * 5000 + b"}", Reason.NON_FINITE, "$"),
        (b'{"x":' + b"[" * 64 + b"]" * 64 + b"}", Reason.TOO_DEEP, "$"),
        (b'{"x":' * 200_000, Reason.TOO_DEEP, "$"),
        (b'{"x":"\n"}', Reason.NOT_JSON, "$"),
        (b'{"x":01}', Reason.NOT_JSON, "$"),
        (b"{} {}", Reason.NOT_JSON, "$"),
        ('{"x":1}'.encode("utf-16"), Reason.NOT_JSON, "$"),
    ],
)
def test_broken_structure_is_named(value, reason, path):
    problem = inspect(value, KNOWN)
    assert problem is not None
    assert (problem.reason, problem.path) == (reason, path)


@pytest.mark.parametrize(
    "value",
    [
        b'{"ip":1,"a":{"ip":2},"b":[{"ip":3},{"ip":4}]}',
        b'{"x":' + b"[" * 63 + b"]" * 63 + b"}",
        b'{"x":"' + b"[{" * 100 + b'\\"]"}',
        b'{"x":1e308,"y":1e-400}',
    ],
)
def test_sound_structure_passes(value):
    assert inspect(value, KNOWN) is None


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b'"' + b'\\"' * MIB, id="unclosed string of escaped quotes"),
        pytest.param(b'"' * MIB, id="quotes"),
        pytest.param(b"[" * MIB, id="brackets"),
        pytest.param(b"{" + b",".join(b'"k%d":1' % n for n in range(90_000)) + b',"k1":2}', id="many keys, one twice"),
        pytest.param(b"{" + b",".join([b'"ip":1'] * 90_000) + b"}", id="one key many times"),
        pytest.param(b"[" + b"1" * MIB + b"]", id="digits"),
    ],
)
def test_a_hostile_mebibyte_is_read_in_linear_time(value):
    began = time.process_time()
    inspect(value[:MIB], KNOWN)
    assert time.process_time() - began < LINEAR_SECONDS


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=30,
)


def nesting(value):
    inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(nesting, inner), default=0)


@given(json_values)
def test_depth_counts_what_nests_and_not_what_is_quoted(value):
    assert depth(json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")) == nesting(value)
