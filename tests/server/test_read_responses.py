from tendigits.images import Box
from tendigits.reading.results import Reading
from tendigits.reading.table import Table, UnreadableCell
from tendigits.server.read_responses import ReadResponse

TABLE = Table((("12", ""), ("", "3.5")), (UnreadableCell(2, 1, Box(0, 0, 9, 9), "4?"),))


def test_cells_without_a_readable_number_are_null() -> None:
    response = ReadResponse.from_reading("-", Reading(())).with_table(TABLE)
    assert response.to_dict()["table"] == {
        "rows": [["12", None], [None, "3.5"]],
        "unreadable": [{"row": 2, "column": 1, "text": "4?"}],
    }


def test_a_table_is_the_csv_of_the_command_line() -> None:
    response = ReadResponse.from_reading("-", Reading(())).with_table(TABLE)
    assert response.table is not None
    assert response.table.as_csv() == "12,\n,3.5\n"


def test_a_response_has_no_table_unless_it_is_requested() -> None:
    assert "table" not in ReadResponse.from_reading("-", Reading(())).to_dict()
