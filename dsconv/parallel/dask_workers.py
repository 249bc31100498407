"""Runs on the workers of a scheduler of dask.distributed, on this machine or on others.

    dask scheduler                                                # on one machine
    dask worker tcp://ADDRESS:8786 --nthreads 1 --nworkers 4      # on each that is to help

Workers need dsconv of the same version, and the tools that the runs take. What they measure is kept
there and here: a later sweep finds it, wherever it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from dsconv.errors import DsconvError, ToolError
from dsconv.parallel import kept
from dsconv.version import __version__

if TYPE_CHECKING:
    from distributed import Client

Case = TypeVar("Case")
Result = TypeVar("Result")

WAIT_S = 30
"""For the scheduler, and for its first worker."""


@dataclass(frozen=True)
class DaskWorkers:
    """The workers of the scheduler at an address such as tcp://host:8786; see `Executor`."""

    scheduler: str

    def results(
        self, run: Callable[[Case], Result], cases: Sequence[Case]
    ) -> Generator[tuple[Case, Result]]:
        """Cases with their results, as soon as each is there; what was measured is kept here."""
        distributed = _distributed()
        with self._client(distributed) as client:
            running = {client.submit(_recorded, run, case, pure=False): case for case in cases}
            try:
                for done in distributed.as_completed(running):
                    result, files = done.result()
                    kept.write_all(files)
                    yield running[done], result
            except distributed.KilledWorker as error:
                raise ToolError(f"workers end in the midst of a run: {error}") from error
            finally:
                client.cancel(list(running))

    def _client(self, distributed: Any) -> Client:
        """A connection to a scheduler with workers of our version; DsconvError where there is none.

        The scheduler gives up on a run after as many lost workers as it is configured for
        (distributed.scheduler.allowed-failures, 3 by default).
        """
        try:
            client = distributed.Client(self.scheduler, timeout=WAIT_S)
        except (OSError, ValueError) as error:
            raise DsconvError(f"no scheduler answers at {self.scheduler}: {error}") from error
        try:
            client.wait_for_workers(1, timeout=WAIT_S)
            versions = client.run(_version)
        except TimeoutError as error:
            client.close()
            raise DsconvError(
                f"the scheduler at {self.scheduler} has no workers: "
                f"dask worker {self.scheduler} --nthreads 1 starts one"
            ) from error
        except BaseException:
            client.close()
            raise
        for worker, version in versions.items():
            if version != __version__:
                client.close()
                raise DsconvError(
                    f"the worker {worker} has dsconv {version}, not {__version__}: install the same"
                )
        return client


def _distributed() -> Any:
    """The package. Raises DsconvError with the command that installs it."""
    try:
        import distributed
    except ImportError as error:
        raise DsconvError(
            "a scheduler needs dask.distributed: pip install 'dsconv-compiler[cluster]'"
        ) from error
    return distributed


def _version() -> str:
    return __version__


def _recorded(run: Callable[[Case], Result], case: Case) -> tuple[Result, kept.Files]:
    """Runs a case on a worker; its result, and the files that it read and wrote of what is kept."""
    with kept.recorded() as files:
        result = run(case)
    return result, files
