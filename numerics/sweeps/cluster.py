"""Cells on a Dask cluster; results come back as bytes, so workers need no common file system."""

import sys
import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import suppress
from math import inf
from typing import Any

from tqdm import tqdm

from cumulant_theory.errors import EngineError, optional

from .job import Failure, Job, Outcome, Task

__all__ = ["on_cluster"]

_PATIENCE = 10  # seconds for a scheduler to answer
_TRANSFER = 60  # seconds for a result that exists to arrive
_LOOK, _POLL = 30.0, 0.02  # seconds between looks at the workers, and at what arrived
_ONE_AT_A_TIME = threading.Lock()


def on_cluster(job: Job, tasks: Sequence[Task], address: str) -> Iterator[tuple[Task, Outcome]]:
    """Run tasks on the workers of a Dask scheduler; yield each with its outcome as it comes.

    Dask moves the cells of a worker that is lost to another one, and gives up on those that were
    on several lost workers, by chance or because they take them down. These are tried once more in
    the end, one after the other. A process of several threads runs one cell at a time, since random
    generators and caches belong to the process.

    Parameters
    ----------
    job, tasks
        What to run.
    address
        Of the scheduler, such as ``tcp://192.168.0.2:8786``. Until workers join it the cells wait.

    Raises
    ------
    MissingDependencyError
        If Dask is not installed.
    EngineError
        If no scheduler answers, or it is lost on the way.
    """
    with optional("distributed", "a sweep on a cluster", "dask"):
        from distributed import Client
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise EngineError(
            f"no Dask scheduler answers at {address} ({error}); start one, or leave the scheduler "
            "out to use this machine"
        ) from None
    with client:
        suspects = []
        for task, outcome in _together(client, job, tasks, address):
            if isinstance(outcome, str):
                suspects.append(task)
            else:
                yield task, outcome
        for suspect in suspects:
            for task, outcome in _together(client, job, [suspect], address):
                yield task, Failure("DeadWorker", outcome) if isinstance(outcome, str) else outcome


def _together(
    client: Any, job: Job, tasks: Sequence[Task], address: str
) -> Iterator[tuple[Task, Outcome | str]]:
    """Outcomes of tasks, or how they were lost."""
    # keys of their own, so that two sweeps on one cluster never share a result
    run = uuid.uuid4().hex
    futures = client.map(
        _run, [job] * len(tasks), tasks, pure=False,
        key=[f"cell-{run}-{k}" for k in range(len(tasks))],
    )
    pending = dict(zip(futures, tasks, strict=True))
    try:
        for future in _arriving(client, futures, address):
            task, outcome = pending[future], _outcome(future)
            if isinstance(outcome, str) and client.status != "running":
                raise EngineError(
                    f"the Dask scheduler at {address} is lost; finished cells are kept, resuming "
                    "goes on"
                )
            del pending[future]
            future.release()
            yield task, outcome
    finally:
        if client.status == "running":
            client.cancel(list(pending))


def _arriving(client: Any, futures: Sequence[Any], address: str) -> Iterator[Any]:
    """Futures as they end; says so while there is no worker to end them."""
    from distributed import as_completed

    done, left, looked, alone = as_completed(futures, loop=client.loop), len(futures), -inf, False
    while left:
        batch = done.next_batch(block=False)
        left -= len(batch)
        yield from batch
        if not batch and time.monotonic() > looked + _LOOK:
            looked, before = time.monotonic(), alone
            with suppress(OSError):
                alone = not client.nthreads()
            if alone and not before:
                tqdm.write(f"no worker at the scheduler {address}; the cells wait", sys.stderr)
        elif not batch:
            time.sleep(_POLL)


def _run(job: Job, task: Task) -> Outcome:
    with _ONE_AT_A_TIME:
        return job.run(task)


def _outcome(future: Any) -> Outcome | str:
    from distributed import CancelledError
    from distributed.scheduler import KilledWorker

    try:
        return future.result(timeout=_TRANSFER)
    except (KilledWorker, CancelledError, OSError) as error:
        return str(error) or type(error).__name__
    except Exception as error:
        return Failure(type(error).__name__, str(error))
