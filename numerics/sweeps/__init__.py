"""Sweeps: a grid of cells on one machine or on a Dask cluster, resumable, results as Parquet."""

from .engine import Sweep, failure_text, read_sweep, sweep
from .job import entropy, fingerprint

__all__ = ["Sweep", "entropy", "failure_text", "fingerprint", "read_sweep", "sweep"]
