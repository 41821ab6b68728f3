"""The search in latent space against its published definition, and against torch's own optimiser."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from cfwidgets import zoo
from cfwidgets.engines.transitions.latent_search import Features, LatentSearch, Walk
from cfwidgets.models.classifier import Classifier, ClassifierError
from cfwidgets.models.generator import GeneratorError, generated, guarded
from cfwidgets.models.guard import lock_of, untouched
from cfwidgets.networks import BigGAN

ORACLE = torch.tensor([1.0, 2.0, 2.0])


class Pixels:
    """Paints a latent vector as one pixel, stretched so that all of it lies in [0, 1]."""

    classes, latent_size = 2, 3

    def generate(self, z, c):
        return (z[:, :, None, None] + 4) / 8

    def sample(self, n, seed=0):
        return torch.randn(n, 3, generator=torch.Generator().manual_seed(seed))


def back():
    """A network of one layer called "0" that undoes the stretching, and two classes."""
    stretch = nn.Conv2d(3, 3, 1)
    with torch.no_grad():
        stretch.weight.copy_(8 * torch.eye(3)[:, :, None, None])
        stretch.bias.fill_(-4)
    return nn.Sequential(stretch, nn.Flatten(), nn.Linear(3, 2))


def pixels(n, **settings):
    clf = Classifier(back(), device="cpu")
    features = Features(clf, "0", torch.zeros(1, 3, 1, 1))
    given = {
        "generator": Pixels(),
        "features": features,
        "wanted": torch.eye(3)[0],
        "vectors": torch.eye(2)[:1].repeat(n, 1),
        "probabilities": None,
        "rate": 0.01,
        "decay": 0.99,
        "keep_length": False,
        "patience": None,
        "gain": 0.0,
        "batch_size": None,
    }
    return LatentSearch(**{**given, **settings})


@pytest.fixture(scope="module")
def digits():
    """A search with the real digit network and a generator without training, and where it starts."""
    clf = zoo.classifier("digits", device="cpu")
    torch.manual_seed(0)
    generator = BigGAN(size=32, classes=10, channels=2, latent_size=8).eval()
    with torch.no_grad():
        image = generator.generate(generator.sample(1, 5), torch.eye(10)[[4]])
    features = Features(clf, None, image)
    with untouched(features.module), torch.no_grad():
        wanted = features(image)[0][0]
    vectors = torch.eye(10)[[4, 9, 3, 4, 9]]
    search = LatentSearch(
        generator=generator,
        features=features,
        wanted=wanted,
        vectors=vectors,
        probabilities=None,
        rate=1e-2,
        decay=0.99,
        keep_length=False,
        patience=None,
        gain=1e-3,
        batch_size=None,
    )
    return search, generator.sample(5, 1)


def reading(search, clf):
    """The same search by the rule "product"."""
    return replace(search, probabilities=lambda images, outputs: clf.read(outputs, len(images)))


def last(search, z, updates):
    return list(search.walks(search.start(z), updates))[-1]


def rows(search, places):
    """The same search of some of the starts."""
    return replace(search, vectors=search.vectors[places])


def test_one_update_is_the_oracle():
    (first,) = pixels(1).walks(pixels(1).start(ORACLE[None]), 0)
    assert first.update == 0
    assert float(first.cosine) == pytest.approx(1 / 3, abs=1e-6)
    assert torch.allclose(first.latents, torch.tensor([[1.1, 1.9, 1.9]]), atol=1e-5)
    gradient = (first.squares / 0.01).sqrt()[0]
    assert gradient.tolist() == pytest.approx([0.2963, 0.0741, 0.0741], abs=1e-4)
    assert torch.equal(first.best, ORACLE[None])


def test_the_gradient_of_the_oracle():
    seen, _ = pixels(1)._evaluate(ORACLE[None], torch.eye(2)[:1], 1)
    assert seen.gradient[0].tolist() == pytest.approx([-0.2963, 0.0741, 0.0741], abs=1e-4)


@pytest.mark.parametrize(("rate", "decay"), [(1e-2, 0.99), (1e-3, 0.9)])
def test_updates_are_those_of_torch(rate, decay):
    z = torch.randn(4, 3, generator=torch.Generator().manual_seed(1))
    search = pixels(4, rate=rate, decay=decay)
    seen = [z, *(walk.latents for walk in search.walks(search.start(z), 20))]
    parameter = z.clone().requires_grad_()
    optimiser = torch.optim.RMSprop([parameter], lr=rate, alpha=decay)
    for found in seen:
        assert torch.allclose(found, parameter, atol=1e-5)
        optimiser.zero_grad()
        (-F.cosine_similarity(parameter, torch.eye(3)[:1], dim=1).sum()).backward()
        optimiser.step()


def test_updates_of_a_real_network_are_those_of_torch(digits):
    search, z = digits
    found = last(search, z, 20)
    parameter = z.clone().requires_grad_()
    optimiser = torch.optim.RMSprop([parameter], lr=search.rate, alpha=search.decay)
    cosines = []
    for _ in range(21):
        optimiser.zero_grad()
        with guarded(search.generator), untouched(search.features.module):
            features, _ = search.features(generated(search.generator, parameter, search.vectors))
            cosines.append(F.cosine_similarity(features, search.wanted[None], dim=1))
            parameter.grad = torch.autograd.grad(-cosines[-1].sum(), parameter)[0]
        optimiser.step()
    assert torch.allclose(found.latents, parameter, atol=1e-4)
    assert torch.allclose(found.cosine, torch.stack(cosines).amax(dim=0), atol=1e-5)


def test_who_starts_at_the_image_stays_there(digits):
    search, _ = digits
    z = search.generator.sample(1, 5)
    search = replace(search, vectors=torch.eye(10)[[4]], keep_length=True)
    seen = list(search.walks(search.start(z), 5))
    assert float(seen[0].cosine) == pytest.approx(1, abs=1e-6)
    assert float(seen[0].squares.max()) < 1e-12
    assert float(seen[-1].cosine) == pytest.approx(1, abs=1e-6)
    assert (seen[-1].best - z).norm() < 0.02 * z.norm()


def test_the_search_finds_what_was_painted(digits):
    search, _ = digits
    near = search.generator.sample(1, 5) + 0.3 * search.generator.sample(1, 6)
    search = replace(search, vectors=torch.eye(10)[[4]])
    seen = list(search.walks(search.start(near), 60))
    assert 1 - float(seen[-1].cosine) < (1 - float(seen[0].cosine)) / 4


@pytest.mark.costly
@pytest.mark.parametrize("batch_size", [None, 1, 2, 5])
def test_all_at_once_arrive_where_each_arrives_alone(digits, batch_size):
    search, z = digits
    search = replace(search, batch_size=batch_size, keep_length=True)
    together = last(search, z, 6)
    for place in range(5):
        alone = last(rows(search, [place]), z[[place]], 6)
        assert torch.allclose(together.cosine[place], alone.cosine[0], atol=1e-5)
        # the gradients are tiny, and RMSprop makes steps of full length of them, rounding included
        assert torch.allclose(together.latents[place], alone.latents[0], atol=5e-3)
        assert torch.allclose(together.best[place], alone.best[0], atol=5e-3)


def test_the_loss_is_a_sum_so_that_others_change_nothing():
    z = torch.randn(1, 3, generator=torch.Generator().manual_seed(3))
    alone, among = last(pixels(1), z, 10), last(pixels(500), z.repeat(500, 1), 10)
    assert torch.allclose(alone.squares, among.squares[:1], rtol=1e-3, atol=1e-9)
    assert torch.allclose(alone.latents, among.latents[:1], atol=1e-5)


def test_batches_are_no_larger_than_asked(digits):
    search, z = digits
    sizes = []
    generate = search.generator.generate

    class Counting(Pixels):
        def generate(self, z, c):
            sizes.append(len(z))
            return generate(z, c)

    for batch_size, expected in ((2, [2, 2, 1]), (None, [5]), (9, [5])):
        sizes.clear()
        last(replace(search, generator=Counting(), batch_size=batch_size), z, 0)
        assert sizes == expected


def test_a_cpu_takes_what_suits_it(digits):
    search, _ = digits
    assert search.features.batch_size == 32
    large = Features(
        Classifier(nn.Sequential(nn.Conv2d(3, 2, 3)), device="cpu"), "0", torch.rand(1, 3, 256, 256)
    )
    assert 1 <= large.batch_size < 32


def test_fewer_go_together_where_memory_does_not_hold_them(digits):
    search, z = digits
    sizes = []

    class Narrow(Pixels):
        def generate(self, z, c):
            sizes.append(len(z))
            if len(z) > 2:
                raise torch.OutOfMemoryError
            return search.generator.generate(z, c)

    found = last(replace(search, generator=Narrow()), z, 1)
    assert sizes == [5, 2, 2, 1, 2, 2, 1]
    assert torch.allclose(found.latents, last(search, z, 1).latents, atol=1e-4)

    class Nothing(Pixels):
        def generate(self, z, c):
            raise torch.OutOfMemoryError

    with pytest.raises(ClassifierError, match="a single start"):
        last(replace(search, generator=Nothing()), z, 1)


def test_the_best_by_cosine_never_gets_worse(digits):
    search, z = digits
    search = replace(search, rate=0.3)  # far too much, so that it does get worse
    seen = list(search.walks(search.start(z), 25))
    cosines = torch.stack([walk.cosine for walk in seen])
    assert (cosines.diff(dim=0) >= 0).all()
    assert all(torch.equal(walk.score, walk.cosine) for walk in seen)
    now, _ = search._evaluate(seen[-1].latents, search.vectors, 5)
    assert (now.cosine < seen[-1].cosine).any()
    at_best, _ = search._evaluate(seen[-1].best, search.vectors, 5)
    assert torch.allclose(at_best.cosine, seen[-1].cosine, atol=1e-5)
    assert torch.allclose(seen[-1].course[:, 0], cosines.mean(dim=1))
    assert torch.equal(seen[-1].course[:, 1], cosines.amax(dim=1))


def test_the_best_by_product_is_alike_and_called_as_asked(digits):
    plain, z = digits
    clf = zoo.classifier("digits", device="cpu")
    vectors = plain.vectors.clone()
    vectors[4] = 0
    vectors[4, 4], vectors[4, 9] = 0.3, 0.7
    search = reading(replace(plain, rate=0.3, vectors=vectors), clf)
    seen = list(search.walks(search.start(z), 25))
    scores = []
    for latents in [z, *(walk.latents for walk in seen[:-1])]:
        with torch.no_grad():
            images = search.generator.generate(latents, vectors)
        p = clf.probabilities(images)
        together = torch.stack([p[0, 4], p[1, 9], p[2, 3], p[3, 4]]).sqrt().tolist()
        together.append(float((0.3 * p[4, 4]).sqrt() + (0.7 * p[4, 9]).sqrt()))
        now, _ = plain._evaluate(latents, vectors, 5)
        scores.append(now.cosine * torch.tensor(together))
    expected = torch.stack(scores).cummax(dim=0).values
    assert torch.allclose(torch.stack([walk.score for walk in seen]), expected, atol=1e-4)
    at_best, _ = search._evaluate(seen[-1].best, vectors, 5)
    assert torch.allclose(at_best.score, seen[-1].score, atol=1e-4)
    assert torch.allclose(at_best.cosine, seen[-1].cosine, atol=1e-4)
    # both rules walk the same way, and differ in the place that they keep
    other = last(replace(plain, rate=0.3, vectors=vectors), z, 25)
    assert torch.equal(other.latents, seen[-1].latents)
    assert not torch.equal(other.best, seen[-1].best)


def test_what_is_not_alike_is_ranked_by_its_cosine_alone():
    z = torch.tensor([[-3.0, 1, 1], [-1.0, 1, 1], [1.0, 1, 1]])
    search = pixels(
        3, probabilities=lambda images, outputs: torch.tensor([[0.01, 0.99], [0.81, 0.19], [0.25, 0.75]])
    )
    (first,) = search.walks(search.start(z), 0)
    assert first.cosine.tolist() == pytest.approx([-3 / 11**0.5, -(3**-0.5), 3**-0.5])
    assert first.score.tolist() == pytest.approx([-3 / 11**0.5, -(3**-0.5), 0.5 * 3**-0.5])


def test_latent_vectors_keep_their_length_if_asked(digits):
    search, z = digits
    kept = last(replace(search, keep_length=True, rate=0.1), z, 20).latents
    free = last(replace(search, keep_length=False, rate=0.1), z, 20).latents
    assert torch.allclose(kept.norm(dim=1), z.norm(dim=1), rtol=1e-5)
    assert not torch.allclose(free.norm(dim=1), z.norm(dim=1), rtol=1e-2)
    assert not torch.allclose(kept, z, atol=1e-2)


def test_one_update_of_kept_length_is_the_oracle_scaled():
    (first,) = pixels(1, keep_length=True).walks(pixels(1).start(ORACLE[None]), 0)
    step = torch.tensor([1.1, 1.9, 1.9])
    assert torch.allclose(first.latents[0], 3 * step / step.norm(), atol=1e-5)


def test_a_walk_ends_when_it_gains_no_more():
    z = torch.tensor([[1.0, 0, 0], [1.0, 2, 2], [-1.0, 2, 2]])
    search = pixels(3, patience=4, gain=1e-3, rate=0.02)
    seen = list(search.walks(search.start(z), 400))
    first, second, third = seen[-1].updates.tolist()
    assert first == 4  # there already: waits through updates 1 to 4
    assert 4 < second < third < 400
    assert seen[-1].update == third == len(seen) - 1
    assert (seen[-1].waited == 4).all()
    # one that has ended does not move, nor is it asked about
    assert torch.equal(seen[first].latents[0], seen[-1].latents[0])
    assert torch.equal(seen[second].latents[1], seen[-1].latents[1])
    assert not torch.equal(seen[second - 1].latents[1], seen[second].latents[1])


def test_without_patience_all_get_the_same_number():
    search = pixels(2, gain=10.0)
    seen = list(search.walks(search.start(torch.eye(3)[:2]), 7))
    assert [walk.update for walk in seen] == list(range(8))
    assert seen[-1].updates.tolist() == [7, 7]


def test_small_gains_add_up():
    search = pixels(1, patience=3, gain=0.05, rate=1e-3)
    found = last(search, ORACLE[None], 200)
    # each update gains far less than 0.05, so it ends although it still climbs
    assert found.updates.tolist() == [3]
    assert last(replace(search, patience=40), ORACLE[None], 60).updates.tolist() == [60]


@pytest.mark.costly
@pytest.mark.parametrize("stop", [0, 3, 6])
def test_who_goes_on_arrives_where_the_uninterrupted_arrives(digits, stop):
    plain, z = digits
    search = reading(
        replace(plain, patience=4, gain=3e-4, rate=0.3, keep_length=True),
        zoo.classifier("digits", device="cpu"),
    )
    whole = list(search.walks(search.start(z), 12))
    assert len(set(whole[-1].updates.tolist())) > 1  # some have ended before others
    steps = search.walks(search.start(z), 12)
    found = next(walk for walk in steps if walk.update == stop)
    steps.close()
    again = list(search.walks(found, 12))[-1]
    for name in Walk.__dataclass_fields__:
        a, b = getattr(whole[-1], name), getattr(again, name)
        assert torch.equal(a, b) if isinstance(a, torch.Tensor) else a == b, name


def test_who_has_ended_goes_on_with_more_updates(digits):
    search, z = digits
    short, long = last(search, z, 3), last(search, z, 8)
    again = list(search.walks(short, 8))
    assert [walk.update for walk in again] == [4, 5, 6, 7, 8]
    assert torch.equal(again[-1].latents, long.latents)
    assert torch.equal(again[-1].course, long.course)
    assert list(search.walks(long, 8)) == []


def test_a_walk_is_not_changed_by_going_on(digits):
    search, z = digits
    steps = search.walks(search.start(z), 3)
    first = next(steps)
    kept = first.latents.clone(), first.squares.clone(), first.best.clone()
    list(steps)
    assert all(
        torch.equal(a, b) for a, b in zip(kept, (first.latents, first.squares, first.best), strict=True)
    )


class Detached(Pixels):
    def generate(self, z, c):
        return super().generate(z.detach(), c)


class Silent(nn.Module):
    """A network that records no gradient."""

    def __init__(self):
        super().__init__()
        self.part = nn.Conv2d(3, 3, 1)

    @torch.no_grad()
    def forward(self, x):
        return self.part(x).flatten(1)


def test_no_gradient_through_the_generator_is_refused():
    with pytest.raises(GeneratorError, match="from the generator's images back to z"):
        last(pixels(1, generator=Detached()), ORACLE[None], 1)


def test_no_gradient_through_the_network_is_refused():
    features = Features(Classifier(Silent(), device="cpu"), "part", torch.zeros(1, 3, 1, 1))
    with pytest.raises(ClassifierError, match="from the layer 'part' back to the image"):
        last(pixels(1, features=features), ORACLE[None], 1)


def test_a_layer_that_gives_no_tensor_or_is_not_called_is_refused():
    class Pair(nn.Module):
        def forward(self, x):
            return x, x

    class Odd(nn.Module):
        def __init__(self):
            super().__init__()
            self.pair, self.spare = Pair(), nn.Linear(2, 2)

        def forward(self, x):
            return self.pair(x)[0].flatten(1)

    clf = Classifier(Odd(), device="cpu")
    image = torch.zeros(1, 3, 1, 1)
    with pytest.raises(ClassifierError, match="the layer 'pair' gives tuple, no features"):
        last(pixels(1, features=Features(clf, "pair", image)), ORACLE[None], 1)
    with pytest.raises(ClassifierError, match="does not call the layer 'spare'"):
        last(pixels(1, features=Features(clf, "spare", image)), ORACLE[None], 1)
    with pytest.raises(ClassifierError, match="no layer 'pairs'; did you mean 'pair'"):
        Features(clf, "pairs", image)


def test_a_gradient_that_is_nan_is_refused():
    class Root(Pixels):
        def generate(self, z, c):
            return super().generate(z, c) + 0 * (z * 0).sqrt().sum()  # NaN only backwards

    with pytest.raises(ClassifierError, match="became NaN"):
        last(pixels(1, generator=Root()), ORACLE[None], 1)


def snapshot(module):
    """All that a search must not change."""
    return (
        [part.training for part in module.modules()],
        [len(part._forward_hooks) for part in module.modules()],
        [(p.requires_grad, None if p.grad is None else p.grad.clone()) for p in module.parameters()],
        [value.clone() for value in module.state_dict().values()],
    )


def same(a, b):
    if isinstance(a, torch.Tensor):
        return torch.equal(a, b)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return a == b


@pytest.mark.parametrize("fails", [False, True])
def test_both_networks_are_left_as_they_were_found(digits, fails):
    search, z = digits
    clf = Classifier(zoo.classifier("digits", device="cpu").require_module().train(), device="cpu")
    generator = BigGAN(size=32, classes=10, channels=2, latent_size=8).train()
    features = Features(clf, None, torch.zeros(1, 3, 32, 32))
    generator.blocks[1].eval()
    for module in (generator, features.module):
        first = next(module.parameters())
        first.grad = torch.ones_like(first)
        list(module.parameters())[1].requires_grad = False
    before = snapshot(generator), snapshot(features.module)
    used = generator
    if fails:

        def broken(images, outputs):
            raise RuntimeError("broken")

        search = replace(search, probabilities=broken)
        with pytest.raises(RuntimeError, match="broken"):
            last(replace(search, generator=used, features=features), z, 2)
        wrapped = replace(search, generator=used, features=features, wanted=torch.zeros(7))
        with pytest.raises(RuntimeError):  # inside, with both taken
            last(wrapped, z, 2)
    else:
        last(replace(search, generator=used, features=features), z, 2)
    assert same(before, (snapshot(generator), snapshot(features.module)))
    assert lock_of(generator)._owner is None
    assert lock_of(features.module)._owner is None


def test_a_relu_in_place_does_not_change_the_features():
    torch.manual_seed(0)
    first, second = nn.Conv2d(3, 4, 3), nn.Linear(144, 2)
    images, wanted = torch.rand(2, 3, 8, 8).requires_grad_(), torch.linspace(-1, 1, 144)
    found = []
    for inplace in (False, True):
        net = nn.Sequential(first, nn.ReLU(inplace=inplace), nn.Flatten(), second)
        features = Features(Classifier(net, device="cpu"), "0", images[:1].detach())
        with untouched(net):
            values, outputs = features(images)
            cosine = F.cosine_similarity(values, wanted[None], dim=1).sum()
            found.append((values, torch.autograd.grad(cosine, images)[0], outputs))
        assert bool((values < 0).any())
    assert same(found[0], found[1])


def test_a_search_works_under_inference_mode(digits):
    search, z = digits
    with torch.inference_mode():
        inside = replace(search, vectors=search.vectors.clone(), wanted=search.wanted.clone())
        found = last(inside, z.clone(), 2)
    assert torch.equal(found.latents, last(search, z, 2).latents)
