import io

import numpy as np
import pytest
from PIL import Image

import pdf_files
from server_process import png
from tendigits.server.tasks import Picture

GREY = np.full((20, 20), 255, np.uint8)


def test_the_size_of_a_picture_is_that_of_its_file_or_of_its_levels() -> None:
    assert Picture("-", b"1234").size == 4
    assert Picture("-", GREY).size == 400


@pytest.mark.parametrize("big", [False, True])
def test_only_pdfs_and_tiffs_can_have_pages(big: bool) -> None:
    tiff = io.BytesIO()
    Image.fromarray(GREY).save(tiff, "TIFF", big_tiff=big)
    for content in (tiff.getvalue(), pdf_files.scanned(Image.fromarray(GREY))):
        assert Picture("-", content).can_have_pages
    for other in (png(GREY), b"", b"II", GREY):
        assert not Picture("-", other).can_have_pages
