"""The JSON of what was read: that of `tendigits read --json`, and the table of a page."""

from typing import Self

from pydantic import BaseModel, ConfigDict, Field

from tendigits.reading.schemas import PictureResult
from tendigits.reading.table import Table, as_csv


class UnreadableCellResponse(BaseModel):
    """A cell that is empty because its number could not be read."""

    model_config = ConfigDict(frozen=True)

    row: int = Field(ge=1, description="Its row, from 1, from top to bottom.")
    column: int = Field(ge=1, description="Its column, from 1, from left to right.")
    text: str = Field(description="What was read, with `?` for a digit that is rejected.")


class TableResponse(BaseModel):
    """The numbers of a page in rows and columns."""

    model_config = ConfigDict(frozen=True)

    rows: list[list[str | None]] = Field(
        description="The text of each cell, row by row, all of the same length; null where there "
        "is no number, or an unreadable one."
    )
    unreadable: list[UnreadableCellResponse] = Field(
        description="The cells whose number could not be read, or not with enough confidence."
    )

    @classmethod
    def from_table(cls, table: Table) -> Self:
        """Return the JSON of a table."""
        return cls(
            rows=[[text or None for text in row] for row in table.rows],
            unreadable=[
                UnreadableCellResponse(row=cell.row, column=cell.column, text=cell.text)
                for cell in table.unreadable
            ],
        )

    def as_csv(self) -> str:
        """Return the rows as CSV, as `tendigits read --table` writes them."""
        return as_csv([[text or "" for text in row] for row in self.rows])


class ReadResponse(PictureResult):
    """What was read in one picture or page, or why it could not be read."""

    table: TableResponse | None = Field(
        default=None, description="The numbers in rows and columns; only if it is requested."
    )

    def with_table(self, table: Table) -> Self:
        """Return the same result with a table."""
        return self.model_copy(update={"table": TableResponse.from_table(table)})
