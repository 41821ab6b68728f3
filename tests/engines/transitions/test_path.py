"""The way between two candidates: where it leads, and that it is painted the same in any order."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from cfwidgets import zoo
from cfwidgets.attribution import attribute
from cfwidgets.engines.transitions.path import Ends, Path, PathMaker, interpolated, require_phases
from cfwidgets.networks import BigGAN

WRONG, TARGET = 9, 4


def ends(start, end, size=3):
    c = torch.eye(size)
    return Ends((torch.tensor(start), torch.tensor(end)), (c[0], c[1]))


def parts(phases):
    return torch.arange(phases) / (phases - 1)


@pytest.fixture(scope="module")
def maker():
    torch.manual_seed(0)
    generator = BigGAN(size=32, classes=10, channels=2, latent_size=8).eval()
    return PathMaker(zoo.classifier("digits", device="cpu"), generator, WRONG, TARGET, "rap")


@pytest.fixture(scope="module")
def far(maker):
    z, c = maker.generator.sample(2, seed=1), torch.eye(10)
    mixed = 0.7 * c[WRONG] + 0.3 * c[3]
    return Ends((z[0], z[1]), (mixed, c[TARGET]))


def whole(maker, ends, phases):
    return [path for _, path in maker.paths(ends, (5, 2), phases) if path is not None][-1]


@pytest.mark.parametrize("interpolation", ["linear", "spherical"])
@pytest.mark.parametrize("phases", [2, 3, 1000])
def test_the_ends_are_met_exactly(interpolation, phases):
    torch.manual_seed(1)
    z, c = torch.randn(2, 64), torch.rand(2, 10).softmax(dim=1)
    found_z, found_c = interpolated(Ends((z[0], z[1]), (c[0], c[1])), parts(phases), interpolation)
    assert torch.equal(found_z[[0, -1]], z)
    assert torch.equal(found_c[[0, -1]], c)


@pytest.mark.parametrize("interpolation", ["linear", "spherical"])
def test_the_ends_are_met_without_rounding(interpolation):
    z = torch.tensor([[1e6, 1.0], [1e-3, 1e-6]])
    c = torch.tensor([[1.0, 0.0], [1e-9, 1.0]])
    assert c[0, 0] + (c[1, 0] - c[0, 0]) != c[1, 0]
    found_z, found_c = interpolated(Ends((z[0], z[1]), (c[0], c[1])), parts(3), interpolation)
    assert torch.equal(found_z[[0, -1]], z)
    assert torch.equal(found_c[[0, -1]], c)


def test_a_linear_path_is_the_papers():
    along = parts(1000)
    assert along[0] == 0
    assert along[999] == 1
    z, c = interpolated(ends([0.0, -2.0], [1.0, 2.0]), along, "linear")
    alpha = torch.arange(1000, dtype=torch.float64) / 999
    assert torch.allclose(z[:, 0].double(), alpha, atol=1e-6)
    assert torch.allclose(z[:, 1].double(), 4 * alpha - 2, atol=1e-6)
    assert torch.allclose(c[:, 1].double(), alpha, atol=1e-6)
    assert torch.allclose(c[:, 0].double(), 1 - alpha, atol=1e-6)
    assert (c[:, 2] == 0).all()


@given(
    st.lists(st.floats(0, 1, width=32), min_size=4, max_size=4),
    st.lists(st.floats(0, 1, width=32), min_size=4, max_size=4),
    st.integers(2, 1500),
    st.sampled_from(["linear", "spherical"]),
)
def test_class_vectors_stay_on_the_simplex(a, b, phases, interpolation):
    vectors = [torch.tensor(one) + torch.tensor([1e-3, 0, 0, 0]) for one in (a, b)]
    c = tuple(vector / vector.sum() for vector in vectors)
    _, found = interpolated(Ends((torch.ones(2), -torch.ones(2)), c), parts(phases), interpolation)
    assert (found >= 0).all()
    assert torch.allclose(found.sum(dim=1), torch.ones(phases), atol=1e-5)


def test_a_spherical_path_is_an_arc():
    z, _ = interpolated(ends([3.0, 0.0], [0.0, 3.0]), parts(4), "spherical")
    third = math.pi / 6
    assert torch.allclose(z[1], 3 * torch.tensor([math.cos(third), math.sin(third)]), atol=1e-6)
    assert torch.allclose(z[2], 3 * torch.tensor([math.sin(third), math.cos(third)]), atol=1e-6)


def test_the_length_goes_linearly_on_a_spherical_path():
    z, _ = interpolated(ends([1.0, 0.0], [0.0, 3.0]), parts(5), "spherical")
    assert torch.allclose(z.norm(dim=1), torch.tensor([1, 1.5, 2, 2.5, 3]))
    assert torch.allclose(torch.atan2(z[:, 1], z[:, 0]), torch.linspace(0, math.pi / 2, 5), atol=1e-6)
    straight, _ = interpolated(ends([1.0, 0.0], [0.0, 3.0]), parts(5), "linear")
    assert straight[2].tolist() == [0.5, 1.5]


@pytest.mark.parametrize(
    ("start", "end"),
    [
        ([1.0, 2.0], [2.0, 4.0]),
        ([1.0, 2.0], [1.0, 2.0]),
        ([1.0, 2.0], [-1.0, -2.0]),
        ([0.0, 0.0], [1.0, 2.0]),
        ([1.0, 2.0], [0.0, 0.0]),
        ([0.0, 0.0], [0.0, 0.0]),
    ],
)
def test_where_there_is_no_one_arc_the_path_is_straight(start, end):
    z, _ = interpolated(ends(start, end), parts(5), "spherical")
    straight, _ = interpolated(ends(start, end), parts(5), "linear")
    assert z.isfinite().all()
    assert torch.equal(z, straight)


def test_too_many_phases_are_refused_with_the_memory_that_they_would_take():
    with pytest.raises(
        ValueError, match=r"100,000 phases of 32 x 32 pixels .* take 0\.7 GiB; at most 74,898"
    ):
        require_phases(100_000, 32, 32)
    require_phases(74_898, 32, 32)
    with pytest.raises(ValueError, match="at most 74,898"):
        require_phases(74_899, 32, 32)
    require_phases(1000, 224, 224)


@pytest.mark.parametrize("phases", [1, 0, -5, 2.0, True])
def test_fewer_than_two_phases_are_refused(phases):
    with pytest.raises(ValueError, match="phases must be a whole number of at least 2"):
        require_phases(phases, 32, 32)


def test_a_path_is_painted_coarsely_and_then_whole(maker, far):
    steps = list(maker.paths(far, (5, 2), 100))
    fractions = [fraction for fraction, _ in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    coarse, path = (found for _, found in steps if found is not None)
    assert len(coarse.at) == 33
    assert not coarse.complete
    assert coarse.at[[0, -1]].tolist() == [0, 99]
    assert (coarse.at.diff() >= 3).all()
    assert (coarse.at.diff() <= 4).all()
    assert path.complete
    assert path.at.tolist() == list(range(100))
    assert (path.ends, path.phases) == ((5, 2), 100)
    for name in ("frames", "wrong", "target", "predicted", "maps"):
        assert torch.equal(getattr(coarse, name), getattr(path, name)[coarse.at]), name


def test_a_path_is_that_which_is_painted_at_once(maker, far):
    path = whole(maker, far, 70)
    z, c = interpolated(far, parts(70), "linear")
    with torch.no_grad():
        images = maker.generator.generate(z, c)
    assert path.frames.dtype == torch.uint8
    assert (path.frames.float() / 255 - images).abs().max() < 0.5 / 255 + 1e-5
    p = maker.clf.probabilities(images)
    assert torch.allclose(path.wrong, p[:, WRONG], atol=1e-5)
    assert torch.allclose(path.target, p[:, TARGET], atol=1e-5)
    assert torch.equal(path.predicted, p.argmax(dim=1))


def test_maps_are_those_of_attribute(maker, far):
    path = whole(maker, far, 5)
    images = maker.paint(*interpolated(far, parts(5), "linear"))
    assert path.maps.shape == (5, 2, 32, 32)
    assert path.maps.dtype == torch.float16
    for place, target in enumerate((WRONG, TARGET)):
        expected = attribute(maker.clf, images, target, "rap").maps
        assert expected.abs().max() > 0
        assert torch.allclose(path.maps[:, place].float(), expected, rtol=1e-2, atol=1e-4)


def test_settings_of_the_method_arrive(maker, far):
    other = replace(maker, method="occlusion", options={"window": 16, "stride": 16})
    images = maker.paint(*interpolated(far, parts(2), "linear"))
    expected = attribute(maker.clf, images, WRONG, "occlusion", window=16, stride=16).maps
    assert torch.allclose(whole(other, far, 2).maps[:, 0].float(), expected, rtol=1e-2, atol=1e-4)


def test_there_may_be_no_maps(maker, far):
    plain = replace(maker, method=None)
    assert whole(plain, far, 5).maps is None
    assert plain.maps(torch.rand(1, 3, 32, 32), [0]) is None


def test_two_phases_are_the_ends(maker, far):
    path = whole(maker, far, 2)
    assert path.at.tolist() == [0, 1]
    assert path.complete
    with torch.no_grad():
        images = maker.generator.generate(torch.stack(far.z), torch.stack(far.c))
    assert (path.frames.float() / 255 - images).abs().max() < 0.5 / 255 + 1e-5
    assert path.strip == [0, 1]


def test_many_images_are_painted_some_at_a_time(maker):
    sizes = []

    class Counting:
        classes, latent_size = 10, 2

        def generate(self, z, c):
            sizes.append(len(z))
            return z[:, :1, None, None].expand(-1, 3, 32, 32)

        def sample(self, n, seed=0): ...

    z = torch.linspace(0, 1, 70)[:, None].repeat(1, 2)
    images = replace(maker, generator=Counting()).paint(z, torch.zeros(70, 10))
    assert sum(sizes) == 70
    assert max(sizes) <= 32
    assert torch.equal(images[:, 0, 0, 0], z[:, 0])


def test_images_are_what_the_model_sees(maker):
    class Wide:
        classes, latent_size = 10, 2

        def generate(self, z, c):
            return torch.arange(48.0).expand(len(z), 3, 40, 48) / 48

        def sample(self, n, seed=0): ...

    wide = Wide()
    found = replace(maker, generator=wide).paint(torch.zeros(1, 2), torch.zeros(1, 10))
    assert torch.equal(found[0], maker.clf.view(wide.generate([0], None)[0]))


def made(wrong, target, at=None, phases=None):
    n = len(wrong)
    return Path(
        ends=(0, 1),
        phases=phases or n,
        at=torch.arange(n) if at is None else torch.tensor(at),
        frames=torch.zeros(n, 3, 1, 1, dtype=torch.uint8),
        wrong=torch.tensor(wrong),
        target=torch.tensor(target),
        predicted=torch.zeros(n, dtype=torch.int64),
        maps=None,
    )


def test_the_flip_is_the_first_phase_at_which_the_right_class_is_likelier():
    assert made([0.9, 0.5, 0.4, 0.1], [0.1, 0.5, 0.6, 0.9]).flip == 2
    assert made([0.9, 0.8], [0.1, 0.2]).flip is None
    assert made([0.1, 0.8], [0.9, 0.2]).flip == 0
    assert made([0.9, 0.2, 0.1], [0.1, 0.8, 0.9], at=[0, 40, 99], phases=100).flip == 40


def test_flips_are_counted():
    assert made([0.9, 0.1], [0.1, 0.9]).flips == 1
    assert made([0.9, 0.1, 0.9, 0.1], [0.1, 0.9, 0.1, 0.9]).flips == 3
    assert made([0.9, 0.8], [0.1, 0.2]).flips == 0


def test_the_strip_shows_where_it_happens():
    n = 101
    step = torch.arange(n)
    target = ((step - 70) / 2).sigmoid()
    path = made((1 - target).tolist(), target.tolist())
    assert path.strip[0] == 0
    assert path.strip[-1] == 100
    assert len(path.strip) == 7
    assert sum(60 <= phase <= 80 for phase in path.strip) >= 3
    # nothing happens: spread evenly
    flat = made([0.5] * n, [0.2] * n)
    assert [round(phase / 100 * 6) for phase in flat.strip] == list(range(7))


@given(st.lists(st.floats(0, 1, width=32), min_size=2, max_size=60), st.randoms())
def test_the_strip_is_ascending_and_of_phases_that_are_there(values, random):
    phases = 500
    at = [0, *sorted(random.sample(range(1, phases - 1), len(values) - 2)), phases - 1]
    strip = made(values, [1 - value for value in values], at, phases).strip
    assert strip == sorted(set(strip))
    assert set(strip) <= set(at)
    assert strip[0] == 0
    assert strip[-1] == phases - 1
    assert len(strip) <= 7
