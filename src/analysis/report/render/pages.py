"""What a rendered HTML page links to, loads, and says."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path

LOADING = {
    "img": ("src", "srcset"),
    "script": ("src",),
    "link": ("href",),
    "iframe": ("src",),
    "source": ("src", "srcset"),
    "video": ("src", "poster"),
    "audio": ("src",),
    "object": ("data",),
    "embed": ("src",),
    "image": ("href", "xlink:href"),
    "use": ("href", "xlink:href"),
}
"""Elements that make a browser fetch something, and the attributes that name it."""

UNSAID = {"script", "style", "pre", "code", "annotation", "title"}
"""Elements whose text a reader does not read as prose."""

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass
class Page:
    """Contents of one page: addresses as written, text outside code, and what accessibility needs."""

    path: Path
    language: str = ""
    title: str = ""
    mains: int = 0
    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    styles: list[str] = field(default_factory=list)
    images_without_alt: list[str] = field(default_factory=list)
    text: str = ""


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__(convert_charrefs=True)
        self.page, self.open, self.texts = page, list[str](), list[str]()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self.open.append(tag)
        self.page.ids.update(values[key] for key in ("id", "name") if values.get(key))
        if "style" in values:
            self.page.styles.append(values["style"])
        if tag == "a" and values.get("href"):
            self.page.links.append(values["href"])
        self._note(tag, values, {name for name, _ in attrs})

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def _note(self, tag: str, values: dict[str, str], given: set[str]) -> None:
        if tag == "html":
            self.page.language = values.get("lang", "")
        elif tag == "main":
            self.page.mains += 1
        elif tag == "img" and "alt" not in given:
            self.page.images_without_alt.append(values.get("src", "")[:60])
        if tag == "link" and values.get("rel") in ("canonical", "prev", "next", "alternate"):
            return
        for attribute in LOADING.get(tag, ()):
            address = values.get(attribute, "")
            if address and not address.startswith("#"):
                parts = address.split(",") if attribute == "srcset" else [address]
                self.page.loaded += [part.split()[0] for part in parts if part.strip()]

    def handle_endtag(self, tag: str) -> None:
        if tag in self.open:
            while self.open and self.open.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "title" and "svg" not in self.open:
            self.page.title += data
        elif self.open and self.open[-1] == "style":
            self.page.styles.append(data)
        if not UNSAID & set(self.open):
            self.texts.append(data)


def read_page(path: Path) -> Page:
    """Read one HTML file; a broken nesting of tags is tolerated, as browsers do."""
    page = Page(path)
    reader = _Reader(page)
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    page.text = " ".join(reader.texts)
    return page
