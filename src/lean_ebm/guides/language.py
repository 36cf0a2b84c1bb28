"""A guide that writes tactics with a language model."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from lean_ebm.energy.language import LanguageModelLikelihood
from lean_ebm.errors import SettingError
from lean_ebm.guides.network import BATCH, DECIMALS
from lean_ebm.methods import LanguagePolicy
from lean_ebm.proving.candidates.texts import TextGoal
from lean_ebm.proving.search import Advice, OpenGoal, SequentGoal, StateGoal, Tactic
from lean_ebm.randomness import counted_uniforms, derived_seed


class WritingGuide:
    """Lets a language model write tactics for each goal, and proposes them with their probabilities.

    With the search ``best-first`` this is the prover of ReProver (Yang et al. 2023, "LeanDojo", section 5) without its
    retrieval. A goal of an environment (``--tactics written``) gets the texts as they are, and those that fail count as
    applications. A goal of the wide set has no names; it is printed with names of its own, and of the texts those are
    proposed that are listed for it. A goal does not get other tactics, so a search can run out of them.

    A goal costs an evaluation for each tactic that was written. Samples depend only on the seed and on the printed
    goal. The guide does not judge goals.

    Args:
        method: A policy that was trained on proof steps with texts. It is put into evaluation mode.
        proposals: Number of tactics that are written for a goal, at least 1; equal ones are proposed once.
        sampled: Whether to draw them, in place of a beam search for likely ones.
        seed: Seed of the draws.

    Attributes:
        writes: True: the guide needs no lists of tactics.

    Raises:
        SettingError: If the number is below 1.
    """

    writes = True

    def __init__(self, method: LanguagePolicy, proposals: int = 8, sampled: bool = False, seed: int = 0) -> None:
        if proposals < 1:
            raise SettingError(f"A guide that writes tactics: proposals is {proposals}, expected at least 1.")
        self.method = method.eval()
        self.proposals, self.sampled, self.seed = proposals, sampled, seed

    def advise(self, goals: Sequence[OpenGoal]) -> list[Advice]:
        """Give advice about each goal.

        Raises:
            SettingError: If a goal is not one of logic, and not one of an environment.
        """
        asked = [_Asked(goal) for goal in goals]
        advices = [Advice([], [])] * len(goals)
        # Goals of similar length go together, so that little has to be filled up.
        order = sorted(range(len(goals)), key=lambda index: len(asked[index].text))
        for begin in range(0, len(order), BATCH):
            numbers = order[begin : begin + BATCH]
            for number, found in zip(numbers, self._written([asked[number].text for number in numbers]), strict=True):
                advices[number] = asked[number].advice(found, self.proposals)
        return advices

    def _written(self, texts: list[str]) -> list[dict[str, float]]:
        """The tactics that are written for each of some goals, with their log probabilities."""
        from lean_ebm.energy.language.generation import generate  # needs the extra

        energy: LanguageModelLikelihood = self.method.energy
        numbers = torch.tensor([derived_seed(text) for text in texts], device=self.method.device)
        with torch.inference_mode():
            found = generate(
                energy,
                energy.read([energy.prompt.format(goal=text) for text in texts]),
                self.proposals,
                (lambda name, count: counted_uniforms(derived_seed(self.seed, name), numbers, count))
                if self.sampled
                else None,
            )
        logs = found.log_probabilities.round(decimals=DECIMALS).tolist()
        tactics = energy.texts_of(found.tokens.flatten(0, 1))
        rows: list[dict[str, float]] = []
        for row, ended in enumerate(found.ended.tolist()):
            own: dict[str, float] = {}
            for column in range(self.proposals):
                text = tactics[row * self.proposals + column]
                if ended[column] and text:
                    own[text] = max(logs[row][column], own.get(text, logs[row][column]))
            rows.append(own)
        return rows


class _Asked:
    """A goal that is asked about, as a text."""

    def __init__(self, goal: OpenGoal) -> None:
        self.listed: dict[str, Tactic] | None = None
        if isinstance(goal, StateGoal):
            printed = goal.state.goals[goal.first]
            self.text = printed.partition("\n")[2] if printed.startswith("case ") else printed
        elif isinstance(goal, SequentGoal):
            named = TextGoal(goal.listing())
            self.text = str(named)
            self.listed = {named.tactic(index): tactic for index, tactic in enumerate(goal.tactics)}
        else:
            raise SettingError(
                f"A language model reads goals of logic or of an environment, and this is one of the world of "
                f"{goal.world or 'other tactics'}: take another guide."
            )

    def advice(self, found: dict[str, float], cost: int) -> Advice:
        listed = self.listed
        kept = found if listed is None else {text: log for text, log in found.items() if text in listed}
        tactics: list[Tactic] = [text if listed is None else listed[text] for text in kept]
        return Advice(tactics, list(kept.values()), None, cost, [-log for log in kept.values()])
