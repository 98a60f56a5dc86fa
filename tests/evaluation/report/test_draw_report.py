from pathlib import Path

from drawn import colours


def test_no_picture_of_a_report_is_blank(full_report: Path) -> None:
    pictures = list(full_report.glob("*.png"))
    assert len(pictures) == 12
    assert [picture.name for picture in pictures if colours(picture) < 10] == []
