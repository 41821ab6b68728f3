"""The places of the picture in a layer's output: maps with channels first or last, or tokens of a grid."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Literal, TypeAlias, get_args

from torch import Tensor, nn

from cfwidgets.attribution.calls import Calls, tensors_in

__all__ = ["Form", "Layouts", "Reshape", "form_by_shape", "given_form", "prefix_tokens"]

Channels: TypeAlias = Literal["channels_first", "channels_last"]
Reshape: TypeAlias = Channels | tuple[int, int]
"""Form of an output: maps with channels first or last, or rows and columns of a grid of tokens."""


@dataclass(frozen=True)
class Form:
    """Form of a layer's output.

    Attributes
    ----------
    channels
        Maps: ``"channels_first"`` for ``(n, C, h, w)``, ``"channels_last"`` for ``(n, h, w, C)``. None for
        tokens ``(n, L, C)``.
    grid
        Tokens: rows and columns of their grid, row by row at the end of the L; those before have no place.
    """

    channels: Channels | None = None
    grid: tuple[int, int] = (0, 0)

    def fits(self, output: Any) -> bool:
        """Tell if an output can have this form."""
        if not isinstance(output, Tensor):
            return False
        if self.channels is not None:
            return output.ndim == 4
        return output.ndim == 3 and output.shape[1] >= self.grid[0] * self.grid[1]

    def maps(self, output: Tensor) -> Tensor:
        """Turn an output into maps ``(n, C, h, w)``.

        Examples
        --------
        >>> import torch
        >>> Form("channels_last").maps(torch.zeros(1, 7, 7, 192)).shape
        torch.Size([1, 192, 7, 7])
        >>> Form(grid=(14, 14)).maps(torch.zeros(1, 197, 384)).shape
        torch.Size([1, 384, 14, 14])
        """
        if self.channels is None:
            places = self.grid[0] * self.grid[1]
            return output[:, output.shape[1] - places :].transpose(1, 2).unflatten(2, self.grid)
        return output if self.channels == "channels_first" else output.permute(0, 3, 1, 2)


def given_form(reshape: object) -> Form:
    """Read a form that was given as an option.

    Raises
    ------
    ValueError
        It is none of those accepted.

    Examples
    --------
    >>> given_form((8, 8))
    Form(channels=None, grid=(8, 8))
    """
    if isinstance(reshape, str) and reshape in get_args(Channels):
        return Form("channels_first" if reshape == "channels_first" else "channels_last")
    if isinstance(reshape, Sequence) and len(reshape) == 2 and all(type(n) is int and n > 0 for n in reshape):
        return Form(grid=(reshape[0], reshape[1]))
    raise ValueError(
        "reshape must be 'channels_first', 'channels_last', or (rows, columns) of a grid of tokens; "
        f"got {reshape!r}"
    )


def form_by_shape(shape: Sequence[int], picture: Sequence[int]) -> Form | None:
    """Tell by the sides of a picture which axes of an output ``(n, …)`` of four are its places.

    None where both readings fit, or none.

    Examples
    --------
    >>> form_by_shape((1, 7, 7, 192), (224, 224)), form_by_shape((1, 7, 7, 7), (224, 224))
    (Form(channels='channels_last', grid=(0, 0)), None)
    """
    first, last = _proportional(shape[2:], picture), _proportional(shape[1:3], picture)
    if first == last:
        return None
    return Form("channels_first" if first else "channels_last")


def _proportional(sides: Sequence[int], picture: Sequence[int]) -> bool:
    """Tell if two sides are those of a smaller picture, up to a place that padding adds or takes."""
    scale = sqrt(sides[0] * sides[1] / (picture[0] * picture[1]))
    near = all(abs(side - scale * whole) <= 1 for side, whole in zip(sides, picture, strict=True))
    return scale <= 1 and near


def prefix_tokens(module: nn.Module) -> int:
    """Count the tokens before those of the picture: for the class, for distillation, registers.

    Examples
    --------
    >>> prefix_tokens(nn.Linear(2, 2))
    0
    """
    known = getattr(module, "num_prefix_tokens", None)  # timm
    if isinstance(known, int):
        return known
    count = 0
    for name, parameter in module.named_parameters():
        own = name.rpartition(".")[2]
        if own in _PREFIX and parameter.ndim == 3 and len(parameter) == 1:
            count += parameter.shape[1]
    return count


_PREFIX = frozenset(
    {"class_token", "cls_token", "dist_token", "distillation_token", "reg_token", "register_tokens"}
)


class Layouts(Calls):
    """Follow the layout of tensors through a network: by functions that need one, and those that turn it.

    Examples
    --------
    >>> import torch
    >>> net = nn.Conv2d(3, 4, 3)
    >>> with Layouts(net) as layouts:
    ...     x = torch.rand(1, 3, 8, 8)
    ...     layouts.follow(x)
    ...     turned = net(x).permute(0, 2, 3, 1).relu()
    >>> layouts.of(turned)
    Form(channels='channels_last', grid=(0, 0))
    """

    def follow(self, image: Tensor) -> None:
        """Follow what is derived from an image ``(n, C, H, W)``."""
        self.known[image] = "channels_first"

    def of(self, tensor: Tensor) -> Form | None:
        """Return the form of a tensor, as far as functions tell."""
        layout = self.known.get(tensor)
        return Form(layout) if layout else None

    def perform(
        self, name: str, function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Any:
        """Run the function, and note the layout of its result."""
        inputs = [t for t in tensors_in((args, kwargs)) if t in self.known]
        result = function(*args, **kwargs)
        layout = self._layout(name.strip("_"), inputs, args, kwargs)
        for tensor in tensors_in(result):
            mine = layout if tensor.ndim == 4 else None
            if mine or tensor not in self.known:
                self.known[tensor] = mine
        return result

    def _layout(
        self, name: str, inputs: list[Tensor], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> Channels | None:
        maps = [tensor for tensor in inputs if tensor.ndim == 4]
        layouts = {self.known[tensor] for tensor in maps} - {None}
        if name in _NEEDS_FIRST:
            return self._settled(maps, "channels_first")
        if name == "linear" or (name == "layer_norm" and _axes(args, kwargs) == 1):
            return None if "channels_first" in layouts else self._settled(maps, "channels_last")
        if len(layouts) != 1:
            return None
        layout: Channels = layouts.pop()
        if name == "permute":
            given = kwargs.get("dims", args[1:])
            dims = tuple(given[0] if len(given) == 1 else given)
            return _TURNED.get((layout, tuple(d % 4 for d in dims)))
        return None if name in _ELSEWHERE else layout

    def _settled(self, maps: list[Tensor], layout: Channels) -> Channels:
        """Note the layout also for the tensors given to a function that needs it."""
        for tensor in maps:
            if self.known[tensor] is None:
                self.known[tensor] = layout
        return layout


def _axes(args: tuple[Any, ...], kwargs: dict[str, Any]) -> int:
    shape = kwargs.get("normalized_shape", args[1] if len(args) > 1 else ())
    return len(shape) if isinstance(shape, Sequence) else 1


_NEEDS_FIRST = frozenset(
    {
        "conv2d", "conv_transpose2d", "batch_norm", "group_norm", "instance_norm", "max_pool2d", "avg_pool2d",
        "adaptive_avg_pool2d", "adaptive_max_pool2d", "interpolate", "pixel_shuffle", "pixel_unshuffle",
        "local_response_norm", "dropout2d", "feature_dropout",
    }
)  # fmt: skip
_TURNED: dict[tuple[str, tuple[int, ...]], Channels] = {
    ("channels_first", (0, 2, 3, 1)): "channels_last",
    ("channels_last", (0, 3, 1, 2)): "channels_first",
}
_ELSEWHERE = frozenset(
    {
        "view", "reshape", "flatten", "unflatten", "transpose", "movedim", "swapaxes", "squeeze", "unsqueeze",
        "matmul", "bmm", "einsum", "scaled_dot_product_attention", "stack", "unfold", "fold", "expand",
        "tensordot", "rot90", "t",
    }
)  # fmt: skip
"""Functions behind which the axes are others."""
