"""Cells on this machine: spawned processes that run one cell at a time on one thread."""

import os
import pickle
import signal
import threading
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from multiprocessing import get_context, parent_process, resource_tracker
from multiprocessing.connection import Connection, wait

from cumulant_theory.errors import ConfigError, EngineError

from .job import Failure, Job, Outcome, Task

__all__ = ["ATTEMPTS", "cores", "on_this_machine"]

ATTEMPTS = 3
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True)
class _Death:
    cause: str


def cores() -> int:
    """Cores that this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def on_this_machine(
    job: Job, tasks: Sequence[Task], jobs: int
) -> Iterator[tuple[Task, Outcome]]:
    """Run tasks on processes; yield each with its outcome as it comes.

    A process that dies is replaced and its cell tried again, three times in all.

    Parameters
    ----------
    job, tasks
        What to run.
    jobs
        Number of processes; 0 runs everything in this process.

    Raises
    ------
    ConfigError
        If a new process cannot load the work.
    EngineError
        If processes do not start.
    """
    if jobs == 0:
        for task in tasks:
            yield task, job.run(task)
        return
    payload = _pickled(job)
    waiting, deaths = deque(tasks), Counter[str]()
    workers: list[_Worker] = []
    unborn = 0
    try:
        while waiting or any(w.task for w in workers):
            while len(workers) < jobs and sum(w.task is None for w in workers) < len(waiting):
                workers.append(_Worker(payload))
            for worker in _speaking(workers):
                task, outcome = worker.task, worker.hear()
                if isinstance(outcome, _Death):
                    workers.remove(worker)
                    if task is None:
                        unborn += not worker.ready
                        if unborn >= ATTEMPTS:
                            raise EngineError(
                                f"{unborn} processes of the sweep were killed while they started, "
                                f"the last by {outcome.cause}; out of memory? Take fewer jobs"
                            )
                        continue
                    deaths[task.name] += 1
                    if deaths[task.name] < ATTEMPTS:
                        waiting.append(task)
                        continue
                    outcome = Failure("DeadWorker", f"its process ended {ATTEMPTS} times, the last "
                                      f"time with {outcome.cause}; out of memory?")
                elif waiting:
                    worker.give(waiting.popleft())
                if task is not None and outcome is not None:
                    yield task, outcome
    finally:
        for worker in workers:
            worker.dismiss()
        for worker in workers:
            worker.end()


def _pickled(job: Job) -> bytes:
    try:
        return pickle.dumps(job)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ConfigError(
            f"the work cannot be sent to another process ({error}); it must be a function of a "
            "module, or take jobs=0"
        ) from None


class _Worker:
    """A process, its end of the line, and the task it is at."""

    def __init__(self, payload: bytes) -> None:
        # torch and its threads do not survive a fork
        context = get_context("spawn")
        self.line, there = context.Pipe()
        self.process = context.Process(target=_serve, args=(there, payload), daemon=True)
        with _quiet():
            self.process.start()
        there.close()
        self.ready = False
        self.task: Task | None = None

    def give(self, task: Task) -> None:
        self.task = task
        # a broken line is heard next, and the task counted
        with suppress(BrokenPipeError, ConnectionResetError):
            self.line.send(task)

    def hear(self) -> Outcome | _Death | None:
        """An outcome, None from one that is ready, or its death."""
        self.task = None
        try:
            message = self.line.recv()
        except (EOFError, OSError):
            cause = self.end()
            if self.ready or (self.process.exitcode or 0) < 0:
                return _Death(cause)  # killed from outside: another one may live
            raise EngineError(
                f"a process of the sweep ended while it started ({cause}); a script that runs a "
                "sweep does so under if __name__ == '__main__':"
            ) from None
        if not self.ready and message is not None:
            raise ConfigError(
                f"the work cannot be loaded by a new process ({message}); it must be a function of "
                "a module, or take jobs=0"
            )
        self.ready = True
        return message

    def dismiss(self) -> None:
        """Ready ones without a task leave by themselves once the line is closed."""
        if self.task is not None or not self.ready:
            self.process.terminate()
        self.line.close()

    def end(self) -> str:
        """Wait for the end of the process, and say how it came."""
        self.line.close()
        self.process.join(5)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
        code = self.process.exitcode or 0
        if code >= 0:
            return f"exit code {code}"
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"


def _speaking(workers: Sequence[_Worker]) -> list[_Worker]:
    heard = wait([w.line for w in workers])
    return [w for w in workers if w.line in heard]


@contextmanager
def _quiet() -> Iterator[None]:
    """New processes leave Ctrl-C to this one, from their first moment, and use one thread each.

    Both are inherited: the libraries read the number of threads when they are loaded, which may be
    before the first line of ours.
    """
    resource_tracker.ensure_running()
    before = {name: os.environ.get(name) for name in _THREADS}
    os.environ.update((name, "1") for name in _THREADS)
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _serve(connection: Connection, payload: bytes) -> None:
    """Body of a process: load the job, then run what comes until nothing more can come."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        job: Job = pickle.loads(payload)
    except Exception as error:
        connection.send(f"{type(error).__name__}: {error}")
        return
    connection.send(None)
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        connection.send(job.run(task))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
