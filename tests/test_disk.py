import os
from pathlib import Path

from mergeship.disk import remove_tree


def test_a_folder_goes_however_deep_it_is(tmp_path: Path) -> None:
    """T23: the code of a pull request makes one that a recursion does not come to the end of."""
    folder = tmp_path / "deep"
    folder.mkdir()
    inside = os.open(folder, os.O_RDONLY)
    for _ in range(3_000):
        os.mkdir("x", dir_fd=inside)
        inside, above = os.open("x", os.O_RDONLY, dir_fd=inside), inside
        os.close(above)
    os.close(inside)
    remove_tree(folder)
    assert not folder.exists()
    remove_tree(folder)
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "kept")
    (tmp_path / "kept").mkdir()
    remove_tree(link)
    assert (tmp_path / "kept").is_dir()
