"""Archives in place: names, parts, and what is refused."""

from __future__ import annotations

import gzip
import io
import pickle
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from baselines.corpus.archives.joined import Run, Stretch, _descriptor
from baselines.corpus.archives.members import FileMember, members
from baselines.corpus.archives.packed import Limits
from baselines.corpus.batch import Problem
from submission.errors import InputError

TEXT = "도배지가 웁니다.\n".encode() * 400


def zipped(files: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return sink.getvalue()


def tarred(files: Mapping[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return sink.getvalue()


def split(name: str, data: bytes, size: int) -> dict[str, bytes]:
    return {f"{name}.part{at}": data[at : at + size] for at in range(0, len(data), size)}


def read(*paths: Path) -> dict[str, bytes]:
    found = {}
    for member in members(paths):
        with pickle.loads(pickle.dumps(member)).open() as file:  # noqa: S301
            found[member.name] = file.read()
        assert member.size == len(found[member.name])
    return found


def put(place: Path, data: bytes) -> Path:
    place.write_bytes(data)
    return place


def test_folders_zips_and_archives_inside_archives_are_read_where_they_are(tmp_path: Path) -> None:
    (tmp_path / "down" / "sub").mkdir(parents=True)
    inner = zipped({"ㄱ.json": b"{}", "/SFTlabel.json": b"[]", "__MACOSX/x": b"", "a\\b.txt": TEXT})
    put(tmp_path / "down" / "b.zip", zipped({"in.zip": inner, "t.tar": tarred({"1.txt": b"1"})}))
    put(tmp_path / "down" / "a.tar", tarred({"d/in.zip": inner, "in.zip": inner}))
    put(tmp_path / "down" / "c.tar.gz", gzip.compress(tarred({"in.zip": inner})))
    put(tmp_path / "down" / "d.jsonl.gz", gzip.compress(TEXT))
    put(tmp_path / "down" / "sub" / "plain.txt", TEXT)
    put(tmp_path / "down" / ".DS_Store", b"x")
    (tmp_path / "down" / "sub" / "up").symlink_to(tmp_path / "down")
    found = read(tmp_path / "down")
    of_inner = {"ㄱ.json": b"{}", "SFTlabel.json": b"[]", "a/b.txt": TEXT}
    assert found == {
        "down/d.jsonl.gz!d.jsonl": TEXT,
        "down/sub/plain.txt": TEXT,
        "down/b.zip!t.tar!1.txt": b"1",
        **{
            f"down/{outer}in.zip!{name}": data
            for outer in ("a.tar!", "a.tar!d/", "b.zip!", "c.tar.gz!c.tar!")
            for name, data in of_inner.items()
        },
    }
    plain = [member for member in members([tmp_path / "down"]) if member.path]
    assert [member.path for member in plain] == [tmp_path / "down" / "sub" / "plain.txt"]
    assert list(read(tmp_path / "down" / "sub" / "plain.txt")) == ["plain.txt"]


@pytest.mark.parametrize("in_tar", [False, True])
def test_parts_are_joined_by_their_byte_offsets_not_by_their_names(
    in_tar: bool, tmp_path: Path
) -> None:
    whole = zipped({"a.json": TEXT, "b.json": b"[]"}, zipfile.ZIP_STORED)
    parts = split("data.zip", whole, 900)
    assert sorted(parts) != list(parts)  # part1800 comes before part900 as a text
    if in_tar:
        put(tmp_path / "download.tar", tarred(dict(sorted(parts.items()))))
        where, paths = "download.tar!", [tmp_path / "download.tar"]
    else:
        for name, data in parts.items():
            put(tmp_path / name, data)
        where, paths = "", [tmp_path / "data.zip.part0", tmp_path / "data.zip.part900"]
    assert read(*paths) == {f"{where}data.zip!a.json": TEXT, f"{where}data.zip!b.json": b"[]"}


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    parts = split("data.zip", zipped({"a.json": TEXT}, zipfile.ZIP_STORED), 900)
    for name, data in parts.items():
        if name != "data.zip.part1800":
            put(tmp_path / name, data)
    with pytest.raises(InputError, match=r"data\.zip\.part1800\) is missing.*\.part2700"):
        read(tmp_path)


def test_names_are_utf8_where_it_is_flagged_else_cp949(tmp_path: Path) -> None:
    data = zipped({"AAAA.json": b"1", "한글.json": b"2"})
    path = put(tmp_path / "a.zip", data.replace(b"AAAA", "도배".encode("cp949")))
    assert read(path) == {"a.zip!도배.json": b"1", "a.zip!한글.json": b"2"}
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w", encoding="cp949", format=tarfile.GNU_FORMAT) as tar:
        tar.addfile(tarfile.TarInfo("도배.txt"))
    assert read(put(tmp_path / "b.tar", sink.getvalue())) == {"b.tar!도배.txt": b""}


def link(kind: bytes) -> bytes:
    sink = io.BytesIO()
    with tarfile.open(fileobj=sink, mode="w") as archive:
        info = tarfile.TarInfo("link")
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
    return sink.getvalue()


def encrypted() -> bytes:
    data = bytearray(zipped({"a.json": TEXT}))
    at = data.rindex(b"PK\x01\x02") + 8
    data[at] |= 1
    return bytes(data)


def overlapping() -> bytes:
    data = zipped({"a.json": TEXT, "b.json": TEXT})
    second = data.rindex(b"PK\x01\x02")
    return data[: second + 42] + b"\0\0\0\0" + data[second + 46 :]


def matryoshka(depth: int) -> bytes:
    data = b"1"
    for number in range(depth):
        data = zipped({f"{number}.zip" if number else "1.txt": data})
    return data


BAD: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "path escape": ("x.zip", lambda: zipped({"a/../../x": b""}), "leads out of the archive"),
    "drive": ("x.zip", lambda: zipped({"C:\\x": b""}), "leads out of the archive"),
    "escape in tar": ("x.tar", lambda: tarred({"../x": b""}), "leads out of the archive"),
    "symbolic link": ("x.tar", lambda: link(tarfile.SYMTYPE), "a link, a device"),
    "device": ("x.tar", lambda: link(tarfile.CHRTYPE), "a link, a device"),
    "encrypted": ("x.zip", encrypted, "'a.json' is encrypted"),
    "truncated zip": ("x.zip", lambda: zipped({"a": TEXT})[:-30], "cut off or damaged"),
    "truncated tar": ("x.tar", lambda: tarred({"a": TEXT})[:2000], "ends inside the member 'a'"),
    "truncated gzip": (
        "x.json.gz",
        lambda: gzip.compress(TEXT)[:-9],
        "is damaged: Compressed file ended",
    ),
    "login page": ("x.zip", lambda: b"<html>login", "is no zip archive: it begins with b'<html>"),
    "empty": ("x.zip", lambda: b"", "is empty"),
    "bomb": ("x.zip", lambda: zipped({"a": b"0" * 90_000}), "unpack to 90,000"),
    "gzip bomb": ("x.gz", lambda: gzip.compress(b"0" * 90_000), "unpack to 90,000"),
    "overlapping": ("x.zip", overlapping, "lie over one another"),
    "many": ("x.zip", lambda: zipped({str(n): b"" for n in range(9)}), "holds 9 members"),
    "deep": ("x.zip", lambda: matryoshka(6), "more than 4 deep"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_archive_is_refused_with_a_reason_and_the_others_are_read(
    case: str, tmp_path: Path
) -> None:
    name, make, reason = BAD[case]
    put(tmp_path / name, make())
    put(tmp_path / "good.txt", TEXT)
    limits = Limits(ratio=100, free=10_000, members=8)
    with pytest.raises(InputError, match=reason) as caught:
        list(members([tmp_path / name], limits=limits))
    assert str(caught.value).startswith(name)
    problems: list[Problem] = []
    found = list(members([tmp_path], problems.append, limits))
    assert [member.name for member in found] == [f"{tmp_path.name}/good.txt"]
    assert reason in problems[0].message


def test_a_large_compressed_file_is_unpacked_once_and_read_from_any_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = "".join(f"{n}번째 줄\n" for n in range(9_000)).encode()
    path = put(tmp_path / "x.zip", zipped({"a.jsonl": lines}))
    monkeypatch.setattr("baselines.corpus.archives.members.LARGE", 10_000)
    [member] = members([path])
    descriptors = set()
    for start in (100_000, 50, 7_000):
        with member.open() as file:
            file.seek(start)
            assert file.read(99) == lines[start : start + 99]
        descriptors.add(_descriptor(Stretch(member.content, 0, 0).origin).number)  # type: ignore[arg-type]
    assert len(descriptors) == 1
    assert [each.name for each in tmp_path.iterdir()] == ["x.zip"]


def test_a_full_disk_is_told_where_a_file_is_unpacked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(tmp_path / "x.tgz", gzip.compress(tarred({"a": TEXT})))
    monkeypatch.setattr(
        "baselines.corpus.archives.packed.tempfile.TemporaryFile",
        lambda **_: Path("/dev/full").open("r+b", buffering=0),  # noqa: SIM115
    )
    with pytest.raises(InputError, match=r"x\.tgz: unpacking it leaves no room in .*TMPDIR"):
        list(members([path]))


def test_a_member_of_more_than_4_gib_is_read_where_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zeros = bytes(1 << 24)

    class Sparse(io.FileIO):
        def write(self, data: Any) -> int:
            return len(zeros) if data is zeros and self.seek(len(zeros), 1) else super().write(data)

    monkeypatch.setattr(zipfile, "crc32", lambda *_: 0)  # of zeros by the gigabyte
    with Sparse(tmp_path / "x.zip", "w") as sink, zipfile.ZipFile(sink, "w") as archive:
        with archive.open("large.jsonl", "w", force_zip64=True) as file:
            for _ in range(260):
                file.write(zeros)
            file.write(b'{"last": 1}')
        archive.writestr("z.json", "")
    monkeypatch.undo()
    large, after = members([tmp_path / "x.zip"])
    with large.open() as file:
        file.seek(260 << 24)
        assert file.read() == b'{"last": 1}'
    assert (large.size, after.name) == ((260 << 24) + 11, "x.zip!z.json")


def test_a_damaged_member_is_named_when_it_is_read(tmp_path: Path) -> None:
    data = zipped({"a.json": TEXT})
    path = put(tmp_path / "x.zip", data[:60] + b"\xff\xff\xff" + data[63:])
    with pytest.raises(InputError, match=r"x\.zip!a\.json: is damaged.*Download"):
        read(path)


@given(
    st.lists(st.binary(max_size=9), min_size=1, max_size=5),
    st.integers(0, 50),
    st.integers(0, 50),
)
def test_a_cut_of_joined_bytes_is_the_cut_of_all_of_them(
    tmp_path_factory: pytest.TempPathFactory, parts: list[bytes], start: int, length: int
) -> None:
    place = tmp_path_factory.mktemp("run")
    paths = [put(place / str(n), data) for n, data in enumerate(parts)]
    run = Run(tuple(Stretch(str(p), 0, len(d)) for p, d in zip(paths, parts, strict=True)))
    with run.cut(start, length).open() as file:
        assert file.read() == b"".join(parts)[start : start + length]


def test_equal_names_are_told_apart_by_their_whole_paths(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        put(tmp_path / folder / "x.txt", folder.encode())
    paths = [tmp_path / "a" / "x.txt", tmp_path / "b" / "x.txt"]
    assert read(*paths) == {str(path): path.parent.name.encode() for path in paths}
    with pytest.raises(InputError, match="there is no such file or folder"):
        list(members([tmp_path / "c"]))
    assert isinstance(next(members(paths)), FileMember)
