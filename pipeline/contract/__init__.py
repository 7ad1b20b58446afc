"""The event contract: the only package that knows the fields of events and the columns of tables.

`events` and `tables` define; `schema` walks the definitions; `arrow`, `delta`, `ddl` and `document` draw from the walk.
"""
