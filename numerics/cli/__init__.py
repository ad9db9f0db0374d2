"""The command ``cumulants``: run the study, derive a recursion, list what is known."""

import sys
from collections.abc import Sequence

from cumulant_theory.errors import CumulantError

from .parser import command_line
from .runs import fail

__all__ = ["command_line", "main"]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    argv
        Arguments without the name of the program; default: those of the process.

    Returns
    -------
    int
        0 if all went well, 2 after an error (one line on stderr, never a traceback), 130 if
        interrupted.

    Examples
    --------
    >>> main(["derive", "--layers", "blocksum(b)", "--order", "2"])
    BlockSum(b)
      input law   generic, independent copies
    <BLANKLINE>
    BlockSum(b): x -> R
      kappa__R_1 = sqrt(b)*kappa_1
      kappa__R_2 = kappa_2
    0
    """
    try:
        arguments = command_line().parse_args(argv)
        return arguments.run(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 0 if end.code is None else 2
    except CumulantError as error:
        return fail(error)
    except KeyboardInterrupt:
        print("\ncumulants: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader has gone; Python would complain once more while closing stdout.
        sys.stdout = None  # type: ignore[assignment]
        return 0
    except MemoryError:
        return fail("out of memory; lower --order, the widths or --samples")
    except OSError as error:
        return fail(f"{error.filename or 'input or output'}: {error.strerror or error}")
