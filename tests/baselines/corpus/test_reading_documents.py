"""Plain text, HTML, PDF and HWPX to documents."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from pypdf import PdfReader, PdfWriter

from baselines.corpus.archives.members import FileMember, members
from baselines.corpus.batch import Problem
from baselines.corpus.readers.base import Layout
from baselines.corpus.readers.others import OTHERS
from baselines.corpus.readers.plain import TextBlocks
from baselines.corpus.record import Record
from submission.documents.isolated import Isolated
from submission.documents.page import page_of
from submission.errors import InputError

BODY = "벽지가 우는 것은 풀이 덜 말랐기 때문이다. " * 6


def put(place: Path, data: str | bytes) -> FileMember:
    place.write_bytes(data.encode() if isinstance(data, str) else data)
    [member] = members([place])
    return member


def layout_of(member: FileMember) -> Layout:
    with member.open() as file:
        head = file.read(4096)
    return next(each for each in OTHERS if each.recognizes(member, head))


def read(member: FileMember, problems: list[Problem] | None = None) -> list[Record]:
    layout = layout_of(member)
    told = None if problems is None else problems.append
    return [each for piece in layout.pieces(member) for each in layout.read(member, piece, told)]


def html(head: str = "", body: str = "", end: str = "") -> str:
    return (
        f"<html lang=ko><head>{head}</head><body><nav>홈 메뉴</nav><article><h1>벽지</h1>"
        f"<p>{BODY}</p>{body}</article><footer>{end}</footer></body></html>"
    )


def pdf(text: str, encrypt: bool = False) -> bytes:
    """A page that shows ``text`` in a font whose codes are Unicode's."""
    shown = f"BT /F 12 Tf 72 700 Td <{text.encode('utf-16-be').hex()}> Tj ET".encode()
    cmap = (
        b"begincmap 1 begincodespacerange <0000> <FFFF> endcodespacerange "
        b"1 beginbfrange <0000> <FFFF> <0000> endbfrange endcmap"
    )
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        (
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R"
            b"/Resources<</Font<</F 5 0 R>>>>>>"
        ),
        b"<</Length %d>>stream\n%b\nendstream" % (len(shown), shown),
        (
            b"<</Type/Font/Subtype/Type0/BaseFont/A/Encoding/Identity-H/DescendantFonts[6 0 R]"
            b"/ToUnicode 7 0 R>>"
        ),
        (
            b"<</Type/Font/Subtype/CIDFontType2/BaseFont/A"
            b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>"
        ),
        b"<</Length %d>>stream\n%b\nendstream" % (len(cmap), cmap),
    ]
    data, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, start=1):
        places.append(len(data))
        data += b"%d 0 obj%b endobj\n" % (number, each)
    rows = b"".join(b"%010d 00000 n \n" % place for place in places)
    data += b"xref\n0 8\n0000000000 65535 f \n" + rows
    data += b"trailer<</Size 8/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % data.index(b"xref\n")
    if not encrypt:
        return data
    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt("secret", algorithm="RC4-128")
    sink = io.BytesIO()
    writer.write(sink)
    return sink.getvalue()


HP = 'xmlns:hp="http://www.hancom.co.kr/hwpml/2011/paragraph"'


def paragraph(text: str, more: str = "") -> str:
    return f"<hp:p><hp:run><hp:t>{text}</hp:t>{more}</hp:run></hp:p>"


def cell(text: str) -> str:
    return f"<hp:tc><hp:subList>{paragraph(text)}</hp:subList></hp:tc>"


ROWS = (("종류", "값"), ("합지", "1"))
TABLE = f"<hp:tbl>{''.join(f'<hp:tr>{cell(a)}{cell(b)}</hp:tr>' for a, b in ROWS)}</hp:tbl>"


def hwpx(*sections: str, others: Mapping[str, str] | None = None) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/hwp+zip")
        for number, text in enumerate(sections):
            section = (
                text if text.startswith("<!") else f"<hs:sec xmlns:hs='s' {HP}>{text}</hs:sec>"
            )
            archive.writestr(f"Contents/section{number}.xml", section)
        for name, text in (others or {}).items():
            archive.writestr(name, text)
    return sink.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949"])
def test_a_text_is_one_document_with_its_title(encoding: str, tmp_path: Path) -> None:
    [record] = read(put(tmp_path / "a.txt", "제목\r\n\r\n첫째.\r\n둘째.\r\n".encode(encoding)))
    assert record.documents == ("제목\n\n첫째.\n둘째.",)
    assert (record.id, record.facts(), record.task) == ("text:a.txt", {"title": "제목"}, "document")


def test_blocks_are_documents_where_it_is_asked_for(tmp_path: Path) -> None:
    member = put(tmp_path / "a.txt", "하나\n둘\n\n\n셋\r\n\r\n넷\n")
    layout = TextBlocks()
    [piece] = layout.pieces(member)
    found = [(each.documents[0], each.source.place) for each in layout.read(member, piece, None)]
    assert found == [("하나\n둘", "line 1"), ("셋", "line 5"), ("넷", "line 7")]


@pytest.mark.parametrize("charset", ["utf-8", "euc-kr", None])
def test_a_page_gives_main_text_tables_title_date_and_licence(
    charset: str | None, tmp_path: Path
) -> None:
    head = f"<meta charset={charset}>" if charset else ""
    head += '<title>벽지 - 집신문</title><meta property="og:title" content="벽지 이야기">'
    head += '<meta property="article:published_time" content="2024-05-01T09:00:00+09:00">'
    body = "<table><tr><th>종류</th><th>값</th></tr><tr><td>합지</td><td>1</td></tr></table>"
    body += "<script>bad()</script><ul><li>하나</li></ul>"
    end = '<a rel="license" href="https://example.org/by">CC BY 4.0</a>'
    data = html(head, body, end).encode("cp949" if charset == "euc-kr" else "utf-8")
    [record] = read(put(tmp_path / "a.html", data))
    assert record.documents == (f"벽지\n\n{BODY.strip()}\n\n종류\t값\n합지\t1\n하나",)
    assert record.licence == "CC BY 4.0 (https://example.org/by)"
    assert record.facts() == {"title": "벽지 이야기", "date": "2024-05-01"}


def test_a_licence_line_is_looked_for_from_the_end() -> None:
    page = page_of(
        html(body="<p>저작권을 다룬 글이다.</p>", end="<p>ⓒ 집신문, 무단 전재 금지</p>").encode()
    )
    assert page.licence == "ⓒ 집신문, 무단 전재 금지"
    assert (page.title, page.date) == ("벽지", "")


def test_a_hostile_page_ends_its_own_process_and_the_next_page_is_read() -> None:
    reader = Isolated("submission.documents.page:page_of", seconds=0.5)
    try:
        with pytest.raises(InputError, match=r"takes more than 0\.5 s"):
            reader(b"<div>" * 200_000 + b"x")
        assert reader(html().encode())["title"] == "벽지"
        small = Isolated("submission.documents.page:page_of", memory=100 << 20)
        with pytest.raises(InputError, match="100 MiB of memory"):
            small(b"<p>x</p>" * 1_900_000)
        small.close()
    finally:
        reader.close()


def test_a_pdf_gives_its_text(tmp_path: Path) -> None:
    [record] = read(put(tmp_path / "a.pdf", pdf("벽지가 웁니다")))
    assert (record.documents, record.facts()) == (("벽지가 웁니다",), {"pages": 1})


def test_an_hwpx_gives_paragraphs_tables_and_title(tmp_path: Path) -> None:
    break_ = "첫 줄<hp:lineBreak/>둘째 줄"
    data = hwpx(
        paragraph(break_) + paragraph("", TABLE),
        *(paragraph(f"{n}절") for n in range(1, 11)),
        others={"Contents/content.hpf": "<o><m><title>벽지</title></m></o>"},
    )
    [record] = read(put(tmp_path / "a.hwpx", data))
    sections = "\n".join(f"{n}절" for n in range(1, 11))  # 10 comes after 9, not after 1
    assert record.documents == (f"첫 줄\n둘째 줄\n종류\t값\n합지\t1\n{sections}",)
    assert record.facts() == {"title": "벽지"}


ENTITIES = f'<!DOCTYPE s [<!ENTITY a "{"가" * 50}">]><s {HP}>{paragraph("&a;" * 9)}</s>'

BAD: dict[str, tuple[str, str | bytes, str]] = {
    "no text": ("a.txt", " \n", "holds no text"),
    "damaged text": ("a.txt", "가나다".encode()[:-1], "damaged character: byte offset 6"),
    "a NUL": ("a.txt", b"a" * 5000 + b"\0", "holds '.x00', which is not a character"),
    "no page": ("a.html", "<html><script>x</script></html>", "holds no text: it may be"),
    "cut pdf": ("a.pdf", pdf("벽지")[:300], "is cut off or damaged"),
    "no pdf": ("a.pdf", "<html>", "is no PDF file"),
    "scanned pdf": ("a.pdf", pdf(""), "no text on its 1 pages.*run OCR"),
    "encrypted pdf": ("a.pdf", pdf("벽지", encrypt=True), "is encrypted"),
    "cut hwpx": ("a.hwpx", hwpx(paragraph("벽지"))[:-40], "is cut off or damaged"),
    "bad xml": ("a.hwpx", hwpx("<hp:p>"), "holds XML that cannot be read"),
    "entities": ("a.hwpx", hwpx(ENTITIES), "declares entities of its own"),
    "no section": ("a.hwpx", hwpx(), "no Contents/section0.xml"),
    "encrypted hwpx": (
        "a.hwpx",
        hwpx("x", others={"META-INF/manifest.xml": "<encryption-data/>"}),
        "is encrypted",
    ),
    "empty hwpx": ("a.hwpx", hwpx(paragraph(" ")), "holds no text"),
    "old hwp": ("a.hwpx", b"\xd0\xcf\x11\xe0 old", "an old HWP document"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_document_is_named_with_what_to_do(case: str, tmp_path: Path) -> None:
    name, data, reason = BAD[case]
    member = put(tmp_path / name, data)
    with pytest.raises(InputError, match=f"^{name}.*{reason}"):
        read(member)
    problems: list[Problem] = []
    assert read(member, problems) == []
    assert [each.file for each in problems] == [name]
