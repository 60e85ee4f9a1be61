"""Tables as lists of objects, to stand in a JSON report."""

from typing import Any

from rbrctl.reports.tables import Table


def json_rows(table: Table) -> list[dict[str, Any]]:
    """Return each row as ``{column key: value}``; an interval is a list of two numbers."""
    return [
        {
            column.key: list(cell.value) if isinstance(cell.value, tuple) else cell.value
            for column, cell in zip(table.columns, row, strict=True)
        }
        for row in table.cells()
    ]
