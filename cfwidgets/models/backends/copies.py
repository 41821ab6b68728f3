"""Copies of networks."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from torch import nn

from cfwidgets.models.backends.base import ClassifierError
from cfwidgets.models.guard import lock_of
from cfwidgets.models.parts import every_part, loose_tensors

__all__ = ["copied"]


def copied(module: nn.Module, shared: Mapping[int, Any] | None = None) -> nn.Module:
    """Copy a network with everything that it keeps.

    Parameters
    ----------
    module
        The network; it is left unchanged.
    shared
        What stands in the copy for an object of the network, by its ``id``.

    Returns
    -------
    nn.Module
        The copy. A tensor that belongs to a graph, which torch does not copy (a feature map kept from the
        last pass, the weight that weight normalisation computed), is copied without its graph.

    Raises
    ------
    ClassifierError
        It holds something that cannot be copied, such as a lock or an open file.

    Examples
    --------
    >>> import torch
    >>> net = nn.Linear(2, 2)
    >>> net.kept = net(torch.ones(1, 2))
    >>> copied(net).kept.requires_grad
    False
    """
    memo = dict(shared or {})
    with lock_of(module):
        for part in every_part(module):
            # Shared, not copied: once Dask is imported, copying an error copies its traceback too.
            memo.update((id(kept), kept) for kept in vars(part).values() if isinstance(kept, BaseException))
            for tensor in (*loose_tensors(part), *part.buffers(recurse=False)):
                if not tensor.is_leaf and id(tensor) not in memo:
                    memo[id(tensor)] = tensor.detach().clone()
        try:
            return copy.deepcopy(module, memo)
        except Exception as error:  # whatever the objects raise that it holds
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise ClassifierError(f"{type(module).__name__} cannot be copied: {reason}") from error
