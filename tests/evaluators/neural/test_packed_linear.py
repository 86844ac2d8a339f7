from __future__ import annotations

import copy

import pytest
import torch

from evaluators.neural.packed_linear import PackedLinear, can_pack, pack_linears

needs_onednn = pytest.mark.skipif(not can_pack(), reason="this torch has no oneDNN")


def model() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Sequential(
        torch.nn.Linear(24, 40), torch.nn.GELU(), torch.nn.Sequential(torch.nn.Linear(40, 8, False))
    ).eval()


@needs_onednn
@pytest.mark.parametrize("shape", [(1, 24), (5, 24), (3, 7, 24), (2, 0, 24)])
def test_a_packed_model_computes_what_torch_does(shape: tuple[int, ...]) -> None:
    plain, packed, given = model(), model(), torch.randn(*shape)
    pack_linears(packed)
    with torch.inference_mode():
        torch.testing.assert_close(packed(given), plain(given), rtol=0, atol=1e-6)
    assert [type(layer) for layer in packed.modules()].count(PackedLinear) == 2


@needs_onednn
def test_weights_and_their_names_stay() -> None:
    plain, packed = model(), model()
    pack_linears(packed)
    assert packed.state_dict().keys() == plain.state_dict().keys()
    torch.testing.assert_close(dict(packed.state_dict()), dict(plain.state_dict()))


@needs_onednn
def test_a_copy_is_plain_again_and_takes_another_type() -> None:
    packed, given = model(), torch.randn(5, 24)
    pack_linears(packed)
    other = copy.deepcopy(packed).to(torch.bfloat16)
    assert PackedLinear not in map(type, other.modules())
    with torch.inference_mode():
        assert other(given.bfloat16()).dtype == torch.bfloat16
        torch.testing.assert_close(
            other(given.bfloat16()).float(), packed(given), rtol=0, atol=0.05
        )


def test_weights_that_are_not_float32_are_left() -> None:
    half = model().to(torch.bfloat16)
    pack_linears(half)
    assert PackedLinear not in map(type, half.modules())
