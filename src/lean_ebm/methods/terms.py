"""Checks the result of a method's ``loss``."""

from __future__ import annotations

from typing import Any

from torch import Tensor

from lean_ebm.errors import SettingError, place_of


def checked(terms: Any, method: type) -> dict[str, Tensor]:
    """Return the terms unchanged if they are a dictionary of scalar tensors with an entry ``loss``.

    Args:
        terms: What ``loss`` returned.
        method: The class of the method, for the message.

    Raises:
        SettingError: If they are something else; names the file and the line of ``loss``.
    """
    if not isinstance(terms, dict):
        found = f"a {type(terms).__name__}"
    elif "loss" not in terms:
        found = f"a dictionary of {', '.join(map(str, terms)) or 'nothing'}"
    else:
        wrong = [name for name, value in terms.items() if not isinstance(value, Tensor) or value.numel() != 1]
        if not wrong:
            return terms
        value = terms[wrong[0]]
        shape = f" of shape {tuple(value.shape)}" if isinstance(value, Tensor) else ""
        found = f"{wrong[0]} as a {type(value).__name__}{shape}"
    loss = getattr(method, "loss", method)
    raise SettingError(
        f"{place_of(loss)}{method.__name__}.loss returned {found}, expected a dictionary of scalar tensors, of which "
        "'loss' is the one to minimize."
    )
