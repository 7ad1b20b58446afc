"""Network and country of an address, from databases in MaxMind's format (maxmind.github.io/MaxMind-DB).

The fields read are those of GeoLite2-ASN and GeoLite2-Country, which other makers' files share.
"""

import itertools
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from pipeline.errors import UsageError
from pipeline.privacy.address import Address

ASN, COUNTRY = ("autonomous_system_number",), ("country", "iso_code")
LOOKED_THROUGH = 1000  # records of a database that may lack the field before it is taken for the wrong one


class Places:
    """Looks addresses up in two databases, of which either may be unnamed.

    Raises UsageError if a database is missing, torn, or of another kind.
    """

    def __init__(self, asn_database: str, country_database: str) -> None:
        self._asn = Database("asn_database", asn_database, ASN) if asn_database else None
        self._country = Database("country_database", country_database, COUNTRY) if country_database else None

    def check(self) -> None:
        """Raise UsageError if a database has nothing to say of networks or countries."""
        for database in (self._asn, self._country):
            if database:
                database.check()

    def columns(self, addresses: Sequence[Address]) -> dict[str, pa.Array]:
        """Return the columns that a database is named for; null where it does not know the address."""
        wholes = [address.whole for address in addresses]
        columns = {}
        if self._asn:
            columns["asn"] = pa.array(self._asn.values(wholes), pa.int64())
        if self._country:
            columns["ip_country"] = pa.array(self._country.values(wholes), pa.string())
        return columns


class Database:
    """One database, read for the value at `path`."""

    def __init__(self, setting: str, file: str, path: tuple[str, ...]) -> None:
        try:
            import maxminddb
        except ModuleNotFoundError:
            raise UsageError(f"{setting} needs maxminddb", remedy="pip install 'hydratrace[geo]'") from None
        self._name, self._path, self._broken = f"{setting} {file}", path, maxminddb.InvalidDatabaseError
        try:
            self._reader: Any = maxminddb.open_database(file)
        except OSError as error:
            raise UsageError(f"cannot read {self._name}: {error.strerror or error}") from None
        except maxminddb.InvalidDatabaseError:
            raise self._unusable("is no database in MaxMind's format") from None
        self._only_v4 = self._reader.metadata().ip_version == 4

    def check(self) -> None:
        """Raise UsageError if no record has a value at `path`."""
        try:
            records = itertools.islice(self._reader, LOOKED_THROUGH)
            if any(self._value(record) is not None for _, record in records):
                return
        except self._broken:
            raise self._unusable("is torn") from None
        raise self._unusable(f"has no {'.'.join(self._path)}: it is a {self._reader.metadata().database_type}")

    def values(self, addresses: Sequence[str]) -> list[Any]:
        """Value of each address, each distinct one looked up once."""
        try:
            found = {address: self._value(self._record(address)) for address in set(addresses)}
        except self._broken:
            raise self._unusable("is torn") from None
        return [found[address] for address in addresses]

    def _record(self, address: str) -> Any:
        return None if self._only_v4 and ":" in address else self._reader.get(address)

    def _value(self, record: Any) -> Any:
        for key in self._path:
            record = record.get(key) if isinstance(record, dict) else None
        return record

    def _unusable(self, why: str) -> UsageError:
        return UsageError(f"{self._name} {why}", remedy="name another file, or none")
