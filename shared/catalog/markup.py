"""The HTML that a template may hold: what mail programs show, and nothing that runs, loads or hides. Pure.

The catalog's reader tells the author what is not allowed; whoever renders a template drops it all the same, since a
snapshot may be older than this list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from html import escape
from html.parser import HTMLParser

#: Elements, each with the attributes that it may have besides `style`.
ELEMENTS: dict[str, frozenset[str]] = {
    **dict.fromkeys(
        ("p", "br", "hr", "b", "strong", "i", "em", "u", "small", "span", "div", "h1", "h2", "h3", "ul", "ol", "li",
         "blockquote", "table", "thead", "tbody", "tr"),
        frozenset(),
    ),
    "td": frozenset({"align", "valign", "colspan", "rowspan", "width"}),
    "th": frozenset({"align", "valign", "colspan", "rowspan", "width", "scope"}),
    "a": frozenset({"href", "title"}),
    "img": frozenset({"src", "alt", "width", "height"}),
}  # fmt: skip
_VOID = frozenset({"br", "hr", "img"})
#: Their content is no text of the page.
_SILENT = frozenset({"script", "style", "title", "template", "textarea", "noscript", "iframe", "svg", "math"})
_ADDRESS = {"href": re.compile(r"(?:https://|mailto:|tel:)[^\s\"'<>{}]+"), "src": re.compile(r"https://[^\s\"'<>{}]+")}
#: Colours, sizes and the like; no address, escape or function but `rgb()`.
_STYLE = re.compile(r"(?:[\w\s:;#%.,'!+-]|rgba?\([\d\s.,%]*\))*", re.ASCII)


class _Cleaner(HTMLParser):
    """Writes what it reads anew, without what may not be there; notes that it left out something, and where."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.faults: list[tuple[int, str]] = []
        self._open: list[str] = []
        self._silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        if self._silent or tag not in ELEMENTS:
            self._fault(f"`<{tag[:20]}>` is not shown in an e-mail")
            if tag in _SILENT:
                self._silent.append(tag)
            return
        kept = "".join(f' {name}="{escape(value)}"' for name, value in self._attributes(tag, attrs))
        self.parts.append(f"<{tag}{kept}>")
        if tag not in _VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element without content, as XML writes it."""
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        """An element ends, and with it what was left open inside."""
        if self._silent:
            if tag == self._silent[-1]:
                self._silent.pop()
        elif tag in self._open:
            while self._open:
                last = self._open.pop()
                self.parts.append(f"</{last}>")
                if last == tag:
                    break
        elif tag in ELEMENTS:
            self._fault(f"`</{tag}>` ends what did not begin")

    def handle_data(self, data: str) -> None:
        """Text."""
        if not self._silent:
            self.parts.append(escape(data, quote=False))

    def handle_comment(self, _data: str) -> None:
        """A comment: some mail programs run what stands in one."""
        self._fault("a comment is not sent")

    def handle_decl(self, _decl: str) -> None:
        """A declaration."""
        self._fault("the page around the text is written by the sender: leave `<!doctype>`, `html` and `body` out")

    def unknown_decl(self, _data: str) -> None:
        """A marked section."""
        self._fault("a marked section is not sent")

    def handle_pi(self, _data: str) -> None:
        """A processing instruction."""
        self._fault("a processing instruction is not sent")

    def close(self) -> None:
        """The end: whatever is open is closed, so that it does not take in what follows."""
        super().close()
        self.parts += [f"</{tag}>" for tag in reversed(self._open)]
        self._open.clear()

    def _attributes(self, tag: str, attrs: list[tuple[str, str | None]]) -> Iterator[tuple[str, str]]:
        for name, given in attrs:
            value = (given or "").strip()
            if name != "style" and name not in ELEMENTS[tag]:
                self._fault(f"`{name[:20]}` of `<{tag}>` is not sent")
            elif name in _ADDRESS and not _ADDRESS[name].fullmatch(value):
                schemes = "https, mailto or tel" if name == "href" else "https"
                self._fault(f"`{name}` of `<{tag}>` is not an address by {schemes} without placeholders")
            elif name == "style" and not _STYLE.fullmatch(value):
                self._fault(f"`style` of `<{tag}>` loads or hides something")
            elif "{" in value:
                self._fault(f"`{name}` of `<{tag}>` has a placeholder: they stand in the text only")
            else:
                yield name, value

    def _fault(self, what: str) -> None:
        self.faults.append((self.getpos()[0], what))


def _read(html: str) -> _Cleaner:
    cleaner = _Cleaner()
    cleaner.feed(html)
    cleaner.close()
    return cleaner


def faults(html: str) -> list[tuple[int, str]]:
    """What a template's HTML may not hold, each with its line within the template, from 1."""
    return _read(html).faults


@lru_cache(maxsize=256)
def cleaned(html: str) -> str:
    """A template's HTML without what it may not hold; every element that it begins ends in it."""
    return "".join(_read(html).parts)
