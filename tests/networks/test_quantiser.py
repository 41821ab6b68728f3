"""The vector quantiser: values and gradients that are known for a codebook of two."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from cfwidgets.networks.quantiser import VectorQuantiser


def two_codes() -> VectorQuantiser:
    quantiser = VectorQuantiser(2, 2)
    with torch.no_grad():
        quantiser.codes.copy_(torch.tensor([[0.0, 0.0], [4.0, 0.0]]))
    return quantiser


def test_each_vector_becomes_the_nearest_code() -> None:
    given = torch.tensor([[[[1.0, 1.0], [3.0, -2.0]]]])  # (1, 1, 2, 2): one row of two vectors
    found, loss = two_codes()(given)
    assert found.tolist() == [[[[0.0, 0.0], [4.0, 0.0]]]]
    # Squared differences 1, 1, 1 and 4: a mean of 7/4, for the codes and a quarter more for the vectors.
    assert loss.item() == pytest.approx(1.25 * 7 / 4)


def test_the_gradient_passes_straight_through() -> None:
    given = torch.tensor([[1.0, 1.0], [3.0, -2.0]], requires_grad=True)
    found, _ = two_codes()(given)
    wanted = torch.tensor([[5.0, -7.0], [0.5, 2.0]])
    (found * wanted).sum().backward()
    assert given.grad is not None
    assert torch.equal(given.grad, wanted)


def test_the_loss_pulls_codes_to_vectors_and_a_quarter_as_much_vectors_to_codes() -> None:
    quantiser = two_codes()
    given = torch.tensor([[1.0, 1.0], [3.0, -2.0]], requires_grad=True)
    quantiser(given)[1].backward()
    # The mean over four numbers of d², whose gradient is 2 d / 4.
    to_codes = torch.tensor([[1.0, 1.0], [-1.0, -2.0]]) / 2
    assert given.grad is not None
    torch.testing.assert_close(given.grad, 0.25 * to_codes)
    assert quantiser.codes.grad is not None
    torch.testing.assert_close(quantiser.codes.grad, -to_codes)


def test_a_code_that_no_vector_is_near_stays() -> None:
    quantiser = two_codes()
    quantiser(torch.tensor([[0.5, 0.5]]))[1].backward()
    assert quantiser.codes.grad is not None
    assert not quantiser.codes.grad[1].any()
    assert quantiser.codes.grad[0].all()


def test_codes_are_codes_of_themselves() -> None:
    quantiser = VectorQuantiser(7, 5)
    found, loss = quantiser(quantiser.codes.detach())
    assert torch.equal(found, quantiser.codes)
    assert loss.item() == 0


def test_the_nearest_is_the_nearest_of_all() -> None:
    torch.manual_seed(0)
    quantiser, given = VectorQuantiser(16, 3), torch.randn(4, 6, 5, 3)
    nearest = torch.cdist(given.flatten(0, 2), quantiser.codes).argmin(1)
    expected = F.embedding(nearest, quantiser.codes).view_as(given)
    torch.testing.assert_close(quantiser(given)[0], expected)


def test_in_half_precision_the_nearest_is_found_in_whole() -> None:
    given = torch.tensor([[2.003, 0.0]])
    with torch.autocast("cpu", torch.bfloat16):  # where 2.003 is 2, as near to one as to the other
        found, loss = two_codes()(given)
    assert found.tolist() == [[4.0, 0.0]]
    assert loss.dtype == torch.float32


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="codes"):
        VectorQuantiser(1, 2)
    with pytest.raises(ValueError, match="channels"):
        VectorQuantiser(2, 0)
