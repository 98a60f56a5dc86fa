import hashlib

import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tendigits.classifiers.model_file import has_valid_checksum, shipped_models, with_checksum


@pytest.mark.parametrize("name", shipped_models())
def test_shipped_models_are_whole_and_the_seal_is_a_part_of_their_metadata(name: str) -> None:
    content = shipped_models()[name].read_bytes()
    assert has_valid_checksum(content)
    said = {each.key: each.value for each in onnx.load_from_string(content).metadata_props}
    sealed = content[: content.rindex(b"\x72")]
    assert said["tendigits.sha256"] == hashlib.sha256(sealed).hexdigest()


@given(st.binary(max_size=300), st.data())
def test_a_byte_more_less_or_changed_breaks_the_seal(content: bytes, data: st.DataObject) -> None:
    whole = with_checksum(content)
    assert has_valid_checksum(whole)
    at = data.draw(st.integers(0, len(whole) - 1))
    other = data.draw(st.integers(1, 255))
    changed = whole[:at] + bytes([whole[at] ^ other]) + whole[at + 1 :]
    for broken in (changed, whole[:at] + whole[at + 1 :], whole[:at], whole + b"\0", content):
        assert broken == whole or not has_valid_checksum(broken)
