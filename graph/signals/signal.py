"""What a signal is: a kind of key that accounts may share, and the sentence that explains it."""

from dataclasses import dataclass
from enum import StrEnum


class Family(StrEnum):
    """Kinds of evidence that are independent of each other: strangers who agree in one do not tend to in another."""

    PAYMENT = "payment"
    DEVICE = "device"
    MAIL = "mail"
    NETWORK = "network"
    CLIENT = "client"
    PROMPT = "prompt"
    PHRASE = "phrase"
    FAILOVER = "failover"


# What somebody else can show of a victim's keys without the victim's doing: his own traffic through the same address,
# with the same client, with copied prompts, under a look-alike mail name. Only a key that an account took up after
# another member had it (`followed`) counts against the account in these families.
TOUCHABLE = frozenset({Family.MAIL, Family.NETWORK, Family.CLIENT, Family.PROMPT, Family.PHRASE, Family.FAILOVER})

# Families that admit nobody by themselves: whole towns, offices and software ecosystems share these.
CIRCUMSTANTIAL = frozenset({Family.NETWORK, Family.CLIENT, Family.MAIL})

# Evidence of one hand: possession of the same thing, or one conversation going on elsewhere at once.
ONE_HAND = frozenset({Family.PAYMENT, Family.DEVICE, Family.FAILOVER})

# What is asked, told by exact prompts and by phrases. A prompt shows in both, so only the stronger of the two counts.
CONTENT = frozenset({Family.PROMPT, Family.PHRASE})


@dataclass(frozen=True)
class Signal:
    """A kind of key.

    `key` is a SQL expression over a row of the event table `table` (it may be an UNNEST), taken
    where `where` holds; the table `addressed` is every sign-up and request.
    `unit` says what has one vote: the `key` itself; the `event` that showed it first, of slots the commonest value said
    with it (values that appear together are one phrase, however many keys it makes); or the address `block`
    (neighbouring addresses are one network).
    `daily`: whether `account_key_days` keeps its keys; the others are read from the events by each run.
    `sentence` may use {holders}. `examples` are (row, keys drawn) pairs that tests and documentation use.
    """

    kind: str
    family: Family
    table: str
    key: str
    where: str
    sentence: str
    unit: str = "key"
    daily: bool = True
    examples: tuple[tuple[dict[str, object], tuple[str, ...]], ...] = ()
