"""Energies on pretrained language models; they need the extra ``llm``."""

from lean_ebm.energy.language.energy import LanguageModelEnergy
from lean_ebm.energy.language.likelihood import LanguageModelLikelihood
from lean_ebm.energy.language.network import LanguageNetwork

__all__ = ["LanguageModelEnergy", "LanguageModelLikelihood", "LanguageNetwork"]
