"""The training of the zoo's editor of portraits, with few faces."""

from __future__ import annotations

import pytest
import torch

from cfwidgets.models.attgan_editor import AttGANEditor
from cfwidgets.zoo.recipes.portrait_editor import EDITED, faces, judge, main, training

pytestmark = pytest.mark.slow


def test_faces_to_learn_editing_from():
    pixels, has = faces(201)
    assert pixels.shape == (201, 3, 64, 64)
    assert pixels.dtype == torch.uint8
    assert has.shape == (201, 13)
    assert len(EDITED) == 13
    male = has[:, EDITED.index("Male")]
    assert male.tolist() == [place % 2 == 0 for place in range(201)]  # in turn
    assert has.float().mean(0).min() > 0.05  # nothing is rare
    blond = has[:, EDITED.index("Blond_Hair")].float()
    assert abs(blond[male].mean() - blond[~male].mean()) < 0.2  # hair colour tells nothing about it
    again, same = faces(4, first=0)
    assert torch.equal(again[0], pixels[0])
    assert torch.equal(same[0], has[0])
    assert not torch.equal(faces(4, first=500)[0], again)


def test_the_judge_learns_what_is_easy_to_see():
    pixels, has = faces(300)
    network = judge(pixels, has, epochs=20)
    others, truth = faces(60, first=5000)
    with torch.no_grad():
        told = network(others.float() / 255) > 0
    right = (told == truth).float().mean(0)
    assert right[EDITED.index("Pale_Skin")] > 0.8
    assert right.mean() > 0.67


def test_the_command_writes_an_editor_and_its_card(tmp_path):
    words = ["--faces", "40", "--updates", "2", "--tested", "20", "--to", str(tmp_path)]
    main([*words, "--checkpoint", str(tmp_path / "on")])
    editor = AttGANEditor.load(tmp_path / "portraits_editor.safetensors")
    assert editor.attributes == EDITED
    assert editor.size == (64, 64)
    pixels, has = faces(2, first=9000)
    painted = editor.decode(editor.encode(pixels[0] / 255), has[:1].float())
    assert painted.shape == (1, 3, 64, 64)
    card = (tmp_path / "portraits_editor.md").read_text(encoding="utf-8")
    assert all(f"| {name} |" in card for name in EDITED)
    assert "--updates 2 --seed 0`: 2 updates" in card
    assert "nan" not in card.lower().replace("nan ", "")
    first = (tmp_path / "portraits_editor.safetensors").read_bytes()
    main([*words, "--checkpoint", str(tmp_path / "on")])  # goes on from the end
    assert (tmp_path / "portraits_editor.safetensors").read_bytes() == first


def test_how_it_is_trained():
    assert training(7, 3).updates == 7
    assert training(7, 3).seed == 3
    with pytest.raises(ValueError, match="updates"):
        training(0)
