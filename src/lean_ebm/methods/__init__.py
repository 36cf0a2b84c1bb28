"""Methods: ways to train an energy."""

from lean_ebm.methods.base import Batch, Method
from lean_ebm.methods.chunk_policy import ChunkPolicy
from lean_ebm.methods.chunk_ranking import ChunkRanking
from lean_ebm.methods.contrastive import ContrastiveDivergence
from lean_ebm.methods.denoiser import Denoiser
from lean_ebm.methods.ebt import EBT
from lean_ebm.methods.feed_forward import FeedForward
from lean_ebm.methods.ired import IRED
from lean_ebm.methods.language_policy import LanguagePolicy
from lean_ebm.methods.policy_value import PolicyValue
from lean_ebm.methods.ranking import Ranking
from lean_ebm.methods.replay import ReplayBuffer
from lean_ebm.methods.schedules import WarmupCosine
from lean_ebm.methods.thinking import think
from lean_ebm.methods.verification import Verification

__all__ = [
    "EBT",
    "IRED",
    "Batch",
    "ChunkPolicy",
    "ChunkRanking",
    "ContrastiveDivergence",
    "Denoiser",
    "FeedForward",
    "LanguagePolicy",
    "Method",
    "PolicyValue",
    "Ranking",
    "ReplayBuffer",
    "Verification",
    "WarmupCosine",
    "think",
]
