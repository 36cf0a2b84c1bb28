"""A guide in which an energy corrects a policy."""

from __future__ import annotations

from collections.abc import Sequence

from lean_ebm.data.proofs import GoalBatch, TacticBatch
from lean_ebm.energy.language import LanguageNetwork
from lean_ebm.guides.network import Judged, TrainedGuide, scoring
from lean_ebm.methods import Method
from lean_ebm.proving.candidates import Listing


class ResidualGuide(TrainedGuide):
    """Multiplies a policy by an energy: ``p(a|s)`` is proportional to ``policy(a|s) exp(-E(s, a) / T)``.

    T is the method's temperature. This is the form of residual energies over a language model (Deng et al. 2020,
    equation 1), with tactics that can be listed, so that the sum over them is exact. It judges goals by the method if
    that was trained to compare them, and otherwise by the policy if that was. Each tactic costs two evaluations.

    Args:
        method: The method that taught the energy.
        policy: The method that taught the policy.

    Raises:
        SettingError: If the network of one of them does not score tactics.
    """

    def __init__(self, method: Method, policy: Method) -> None:
        super().__init__(method)
        self.policy = scoring(policy)
        self._texts |= isinstance(policy.energy, LanguageNetwork)

    def judged(self, goals: GoalBatch, tactics: TacticBatch, listings: Sequence[Listing]) -> Judged:
        """Score all tactics with both networks, in one pass of each."""
        energies, corrections, values = self.method.assess(goals, tactics)
        _, log_priors, others = self.policy.assess(goals, tactics)
        joined = (log_priors + corrections).log_softmax(dim=1)
        judge = values if self.method.compares_conditions else others if self.policy.compares_conditions else None
        return Judged(energies, joined, judge, 2 * tactics.mask.sum(dim=1))
