"""Answers and references in, numbers out.

Nothing here knows of files, runs or competitions. Names are resolved on first use, so that
importing the package costs nothing and a text metric never waits for torch. What there is stands
in ``__init__.pyi``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
