"""What a user calls a file or folder by, before anything is asked of the file system."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import TYPE_CHECKING, Final

from evaluators.errors import EvaluationError
from evaluators.text.cells import shortened

if TYPE_CHECKING:
    import os

LONGEST_SHOWN: Final = 100
_REASONS: Final = {
    errno.ENAMETOOLONG: "the name is too long; give a shorter one",
    errno.ELOOP: "its symbolic links form a loop; give the file itself",
    errno.EACCES: (
        "permission denied for a folder in it; change the permissions, or give another path"
    ),
}


def local_path(name: str | os.PathLike[str]) -> Path:
    """Return ``name`` as a path, ``~`` written out, whether anything is there or not.

    Raises EvaluationError where nothing can be: a name that is too long or holds a NUL, links in a
    circle, a folder that may not be entered, the home of a user that there is not.
    """
    try:
        path = Path(name).expanduser()
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return path
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, f"{error.strerror}; give another path")
    except ValueError:
        reason = "it has a character that paths cannot contain; remove it"
    except RuntimeError:
        reason = (
            "there is no such user; write the path in full, or ./~… for a name that begins with ~"
        )
    else:
        return path
    raise EvaluationError(f"{shortened(str(name), LONGEST_SHOWN)}: {reason}")
