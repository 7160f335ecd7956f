"""Where editions of lists are kept: those packaged with the code, and beside them those that came later.

The own folder keeps every edition that was ever in use here, under a name that tells list, day and content, so that an
old receipt can be made again; `current.json` in it names the editions in use. Nothing in it is ever changed.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from services.validation.lists.kinds import KINDS
from services.validation.lists.listfile import Heading, ListError, heading_of
from services.validation.lists.reference import LIBRARIES, RULES, packaged

_CURRENT = "current.json"


class Shelf:
    """The editions at hand."""

    def __init__(self, own: Path | None) -> None:
        """`own`: the folder of the editions that came later, made when first needed; None: packaged ones only."""
        self._own = own

    def files(self) -> dict[str, Path]:
        """The edition of each list to use: the newest of the packaged and the own one. A damaged own one is none."""
        files = packaged()
        for name, path in self._chosen().items():
            try:
                if name in files and heading_of(path).date >= heading_of(files[name]).date:
                    files[name] = path
            except ListError:
                continue
        return files

    def find(self, versions: Mapping[str, str]) -> dict[str, Path]:
        """The editions that a receipt names by their stamps.

        Raises:
            ListError: names those that are not kept here.
        """
        kept = {heading.stamp: path for path, heading in self.kept().items()}
        wanted = {name: stamp for name, stamp in versions.items() if name not in LIBRARIES and name != RULES}
        missing = [f"{name} {stamp}" for name, stamp in wanted.items() if stamp not in kept]
        missing += [kind.name for kind in KINDS if kind.name not in wanted]
        if missing:
            raise ListError(f"not kept here: {', '.join(missing)}")
        return {name: kept[stamp] for name, stamp in wanted.items()}

    def kept(self) -> dict[Path, Heading]:
        """Every edition at hand, each once."""
        own = sorted(self._own.glob("*.txt.gz")) if self._own is not None and self._own.is_dir() else []
        found: dict[str, tuple[Path, Heading]] = {}
        for path in (*packaged().values(), *own):
            try:
                heading = heading_of(path)
            except ListError:
                continue
            found.setdefault(f"{heading.name} {heading.stamp}", (path, heading))
        return dict(found.values())

    def is_own(self, path: Path) -> bool:
        """Whether an edition came after the code."""
        return self._own is not None and path.parent == self._own

    def mark(self) -> tuple[int, int]:
        """Changes when other editions are put in use; a look costs a few microseconds."""
        if self._own is None:
            return 0, 0
        try:
            told = (self._own / _CURRENT).stat()
        except OSError:
            return 0, 0
        return told.st_mtime_ns, told.st_ino

    def keep_packaged(self) -> None:
        """Copies the packaged editions to the own folder, where they outlive the next release.

        Raises:
            OSError: the folder cannot be written.
        """
        for path in packaged().values():
            self._put(heading_of(path), path.read_bytes())

    def adopt(self, editions: Mapping[Heading, bytes]) -> None:
        """Keeps whole files and puts them in use, all at one moment.

        Raises:
            OSError: the folder cannot be written; nothing has changed.
            ListError: there is no own folder.
        """
        if self._own is None:
            raise ListError("this service has no folder for newer lists: set LEADLINE_LISTS_DIR")
        self.keep_packaged()
        chosen = {name: path.name for name, path in self._chosen().items()}
        for heading, content in editions.items():
            chosen[heading.name] = self._put(heading, content).name
        self._write(self._own / _CURRENT, json.dumps(chosen, indent=2, sort_keys=True).encode() + b"\n")

    def _chosen(self) -> dict[str, Path]:
        if self._own is None:
            return {}
        try:
            told = json.loads((self._own / _CURRENT).read_bytes())
        except (OSError, ValueError):
            return {}
        return {str(name): self._own / Path(str(file)).name for name, file in told.items()}

    def _put(self, heading: Heading, content: bytes) -> Path:
        if self._own is None:
            raise ListError("this service has no folder for newer lists")
        path = self._own / heading.file_name
        if not path.exists():
            self._write(path, content)
        return path

    def _write(self, path: Path, content: bytes) -> None:
        """The whole file or nothing, also where the machine stops half-way."""
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(name).chmod(0o644)
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
