"""Rows of plain data as Parquet: columns with declared types, cells packed into one file each."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from io import BytesIO
from numbers import Integral, Real
from pathlib import Path
from typing import Any, get_args, get_origin

import pyarrow as pa
import pyarrow.parquet as pq

from cumulant_theory.errors import ConfigError, OutputError

from ..files import replaced

__all__ = ["Columns", "Finish", "pack", "read_table", "schema", "table_file", "unpack"]

Columns = Mapping[str, Any]
Finish = Callable[[pa.Table], Mapping[str, Any]]

_PLAIN = {
    str: (pa.string(), lambda v: isinstance(v, str), str),
    bool: (pa.bool_(), lambda v: isinstance(v, bool), bool),
    int: (pa.int64(), lambda v: isinstance(v, Integral) and not isinstance(v, bool), int),
    float: (pa.float64(), lambda v: isinstance(v, Real) and not isinstance(v, bool), float),
}
_ROWS = 1 << 17


def schema(columns: Columns) -> pa.Schema:
    """Arrow schema of declared columns, the name of the cell in front.

    Parameters
    ----------
    columns
        Name -> ``str``, ``int``, ``float``, ``bool``, ``list[...]`` or ``dict[str, ...]`` of
        these.

    Raises
    ------
    ConfigError
        If a type is none of them, or a column takes the name ``cell``.

    Examples
    --------
    >>> schema({"depth": int, "risk": float, "tags": list[str]}).types
    [DataType(string), DataType(int64), DataType(double), ListType(list<item: string>)]
    """
    if "cell" in columns:
        raise ConfigError("a table has its column 'cell' already; leave it out of the columns")
    return pa.schema([
        ("cell", pa.string()), *((name, _arrow(kind, name)) for name, kind in columns.items()),
    ])


def _arrow(kind: Any, column: str) -> pa.DataType:
    if kind in _PLAIN:
        return _PLAIN[kind][0]
    arguments = get_args(kind)
    if get_origin(kind) is list:
        return pa.list_(_arrow(arguments[0], column))
    if get_origin(kind) is dict and arguments[0] is str:
        return pa.map_(pa.string(), _arrow(arguments[1], column))
    raise ConfigError(
        f"column '{column}': {kind!r} is no type of a column; use str, int, float, bool, "
        "list[...] or dict[str, ...]"
    )


def _checked(value: Any, kind: Any) -> Any:
    """The value as the declared type; Arrow itself would cut 1.5 to the integer 1."""
    if value is None:
        return None
    if getattr(value, "ndim", None) == 0:
        value = value.item()
    if kind in _PLAIN:
        _, fits, convert = _PLAIN[kind]
        if not fits(value):
            raise TypeError
        return convert(value)
    inner = get_args(kind)[-1]
    if get_origin(kind) is dict:
        if not isinstance(value, Mapping):
            raise TypeError
        return {_checked(k, str): _checked(v, inner) for k, v in value.items()}
    if not isinstance(value, (list, tuple)):
        raise TypeError
    return [_checked(v, inner) for v in value]


def _struct(
    cell: str, table: str, columns: Columns, rows: Sequence[Mapping[str, Any]]
) -> pa.StructArray:
    for row in rows:
        unknown = [k for k in row if k not in columns]
        if unknown:
            raise ConfigError(
                f"table '{table}' has no column {', '.join(map(repr, unknown))}; declared are "
                f"{', '.join(columns)}"
            )
    fields = list(schema(columns))
    arrays = [pa.array([cell] * len(rows), pa.string())]
    for field, (name, kind) in zip(fields[1:], columns.items(), strict=True):
        values = []
        for k, row in enumerate(rows):
            try:
                values.append(_checked(row.get(name), kind))
            except (TypeError, ValueError, OverflowError):
                shown = kind.__name__ if isinstance(kind, type) and not get_args(kind) else kind
                raise ConfigError(
                    f"table '{table}', row {k}, column '{name}': {row[name]!r} is no {shown}"
                ) from None
        try:
            arrays.append(pa.array(values, field.type))
        except (pa.ArrowInvalid, OverflowError) as error:
            raise ConfigError(f"table '{table}', column '{name}': {error}") from None
    return pa.StructArray.from_arrays(arrays, fields=fields)


def pack(
    cell: str, tables: Mapping[str, Columns], rows: Mapping[str, Sequence[Mapping[str, Any]]],
    notes: Mapping[str, str],
) -> bytes:
    """All tables of one cell as one Parquet file: one row, a column of rows for each table.

    Parameters
    ----------
    cell
        Name, put in front of every row.
    tables
        Declared columns of each table.
    rows
        Of each table; a missing entry or None is null.
    notes
        Kept in the file beside the data.

    Raises
    ------
    ConfigError
        If tables, columns or types differ from the declared ones.

    Examples
    --------
    >>> data = pack("a", {"t": {"n": int, "x": float}}, {"t": [{"n": 1, "x": 2}, {"n": 2}]}, {})
    >>> tables, notes = unpack(data)
    >>> tables["t"].to_pylist()
    [{'cell': 'a', 'n': 1, 'x': 2.0}, {'cell': 'a', 'n': 2, 'x': None}]
    """
    if not isinstance(rows, Mapping) or set(rows) != set(tables):
        found = ", ".join(rows) if isinstance(rows, Mapping) else repr(rows)
        raise ConfigError(
            f"the work must give the tables {', '.join(tables)}; it gave {found or 'none'}"
        )
    columns = {}
    for name, declared in tables.items():
        values = _struct(cell, name, declared, rows[name])
        columns[name] = pa.ListArray.from_arrays(pa.array([0, len(values)], pa.int32()), values)
    table = pa.table(columns).replace_schema_metadata(dict(notes))
    buffer = BytesIO()
    pq.write_table(table, buffer, write_page_checksum=True)
    return buffer.getvalue()


def unpack(data: bytes) -> tuple[dict[str, pa.Table], dict[str, str]]:
    """Tables and notes of a packed cell.

    Raises
    ------
    pyarrow.ArrowException, OSError
        If the bytes are cut or changed.
    """
    found = pq.ParquetFile(BytesIO(data), page_checksum_verification=True).read(use_threads=False)
    metadata = found.schema.metadata or {}
    notes = {k.decode(): v.decode() for k, v in metadata.items()}
    return {
        name: pa.Table.from_struct_array(found[name].combine_chunks().flatten())
        for name in found.column_names
    }, notes


@contextmanager
def table_file(
    path: Path, form: pa.Schema, finish: Finish | None = None
) -> Iterator[Callable[[pa.Table], None]]:
    """A Parquet file that takes its place when all parts were added.

    Parameters
    ----------
    path
        Where.
    form
        Its schema.
    finish
        Gives columns that take the place of others, from the table as a whole, which then has to
        fit into memory.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    parts: list[pa.Table] = []

    with replaced(path) as handle, pq.ParquetWriter(
        handle, form, write_page_checksum=True
    ) as writer:
        def write() -> None:
            whole = pa.concat_tables(parts).combine_chunks() if parts else form.empty_table()
            parts.clear()
            if finish is not None:
                whole = _replaced(whole, finish(whole))
            writer.write_table(whole)

        def add(part: pa.Table) -> None:
            parts.append(part)
            if finish is None and sum(p.num_rows for p in parts) >= _ROWS:
                write()

        yield add
        write()


def _replaced(table: pa.Table, columns: Mapping[str, Any]) -> pa.Table:
    for name, values in columns.items():
        k = table.schema.get_field_index(name)
        try:
            array = pa.array(values).cast(table.schema.field(k).type)
            table = table.set_column(k, table.schema.field(k), array)
        except (pa.ArrowInvalid, pa.ArrowTypeError, IndexError) as error:
            raise ConfigError(f"finish: column '{name}' cannot be replaced: {error}") from None
    return table


def read_table(path: Path) -> pa.Table:
    """A table of a finished sweep.

    Raises
    ------
    OutputError
        If there is none, or it is damaged.
    """
    try:
        with path.open("rb") as handle:
            return pq.ParquetFile(handle, page_checksum_verification=True).read()
    except FileNotFoundError:
        raise OutputError(f"{path} does not exist; run the sweep to its end first") from None
    except (OSError, ValueError, pa.ArrowException) as error:
        why = " ".join(str(error).split())
        raise OutputError(
            f"{path} is damaged ({why}); resuming the sweep writes it again"
        ) from None
