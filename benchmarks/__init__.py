"""Speed of the sampler, of training and of data loading, side by side with peers: ``python -m benchmarks``."""
