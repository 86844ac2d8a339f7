import fcntl
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from submission.errors import InputError
from submission.files import atomic
from submission.files.atomic import atomic_file, atomic_folder, write_bytes

HALF_FILE = """
import sys, time
from submission.files.atomic import atomic_file
with atomic_file(sys.argv[1]) as handle:
    handle.write(b"half")
    handle.flush()
    print("inside", flush=True)
    time.sleep(60)
"""

HALF_FOLDER = """
import sys, time
from submission.files.atomic import atomic_folder
with atomic_folder(sys.argv[1]) as folder:
    (folder / "weights.bin").write_bytes(b"half")
    print("inside", flush=True)
    time.sleep(60)
"""


class Interruption(BaseException):
    pass


def start_inside(script: str, target: Path) -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", script, target], stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stdout.readline() == b"inside\n"
    return process


def kill(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    assert process.wait(30) == -signal.SIGKILL
    assert process.stdout is not None
    process.stdout.close()


def temporaries(folder: Path) -> list[Path]:
    return sorted(folder.glob(".*.tmp"))


def write_half_a_file(target: Path, error: type[BaseException]) -> None:
    with atomic_file(target) as handle:
        handle.write(b"half")
        raise error


def write_half_a_folder(target: Path, error: type[BaseException]) -> None:
    with atomic_folder(target) as folder:
        (folder / "weights.bin").write_bytes(b"half")
        raise error


def build_while_another_does(target: Path) -> None:
    with atomic_folder(target) as folder:
        (folder / "ours").touch()
        target.mkdir()
        (target / "theirs").touch()


def write_to_a_full_disk(target: Path) -> None:
    with atomic_file(target), Path("/dev/full").open("wb", buffering=0) as full:
        full.write(b"x")


def dead_pid() -> int:
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_a_file_appears_whole_and_only_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "답안.csv"
    target.write_bytes(b"old")
    with atomic_file(target) as handle:
        handle.write(b"new")
        handle.flush()
        assert target.read_bytes() == b"old"
        assert len(temporaries(tmp_path)) == 1
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


def test_text_mode_is_utf8_and_leaves_newlines_alone(tmp_path: Path) -> None:
    with atomic_file(tmp_path / "a.txt", "w") as handle:
        handle.write("가\r\n나\r다\n")
    assert (tmp_path / "a.txt").read_bytes() == "가\r\n나\r다\n".encode()


def test_missing_parent_folders_are_created(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a" / "b" / "c.bin", b"x")
    assert (tmp_path / "a" / "b" / "c.bin").read_bytes() == b"x"


def test_a_handle_closed_by_the_caller_still_counts(tmp_path: Path) -> None:
    with atomic_file(tmp_path / "a") as handle:
        handle.write(b"x")
        handle.close()
    assert (tmp_path / "a").read_bytes() == b"x"


def test_a_name_as_long_as_file_systems_allow_can_be_written(tmp_path: Path) -> None:
    target = tmp_path / ("가" * 85)
    write_bytes(target, b"x")
    assert target.read_bytes() == b"x"


def test_a_symbolic_link_is_written_through(tmp_path: Path) -> None:
    real = tmp_path / "elsewhere" / "real.csv"
    link = tmp_path / "link.csv"
    real.parent.mkdir()
    link.symlink_to(real)
    write_bytes(link, b"x")
    assert link.is_symlink()
    assert real.read_bytes() == b"x"


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o644), (0o077, 0o600), (0o002, 0o664)])
def test_permissions_follow_the_umask(tmp_path: Path, umask: int, mode: int) -> None:
    before = os.umask(umask)
    try:
        write_bytes(tmp_path / "file", b"")
        with atomic_folder(tmp_path / "folder"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o777 & ~umask


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, Interruption])
def test_an_exception_leaves_the_old_file(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "a.csv"
    target.write_bytes(b"old")
    with pytest.raises(error):
        write_half_a_file(target, error)
    assert target.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, Interruption])
def test_an_exception_leaves_no_folder(tmp_path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error):
        write_half_a_folder(tmp_path / "model", error)
    assert list(tmp_path.iterdir()) == []


def test_a_failing_rename_removes_the_temporary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(InputError, match=r"a\.csv: cannot be written: Device or resource busy"):
        write_bytes(tmp_path / "a.csv", b"x")
    assert list(tmp_path.iterdir()) == []


def test_sigkill_inside_a_file_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "submission.csv"
    target.write_bytes(b"old")
    process = start_inside(HALF_FILE, target)
    assert target.read_bytes() == b"old"
    kill(process)
    assert target.read_bytes() == b"old"
    assert len(temporaries(tmp_path)) == 1

    write_bytes(target, b"new")
    assert target.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [target]


def test_sigkill_inside_a_folder_leaves_none(tmp_path: Path) -> None:
    target = tmp_path / "model"
    process = start_inside(HALF_FOLDER, target)
    kill(process)
    assert not target.exists()
    assert len(temporaries(tmp_path)) == 1

    with atomic_folder(target) as folder:
        (folder / "weights.bin").write_bytes(b"whole")
    assert (target / "weights.bin").read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("script", [HALF_FILE, HALF_FOLDER])
def test_the_temporary_of_a_living_process_is_left_alone(tmp_path: Path, script: str) -> None:
    process = start_inside(script, tmp_path / "theirs")
    try:
        before = temporaries(tmp_path)
        os.utime(before[0], (0, 0))
        write_bytes(tmp_path / "ours", b"x")
        assert temporaries(tmp_path) == before
    finally:
        kill(process)


def test_a_locked_temporary_is_left_alone_even_if_its_process_is_not_visible(
    tmp_path: Path,
) -> None:
    foreign = tmp_path / f".leaderkit-{dead_pid()}-0123456789ab.tmp"
    with foreign.open("wb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        write_bytes(tmp_path / "ours", b"x")
        assert foreign.exists()
    write_bytes(tmp_path / "ours", b"x")
    assert not foreign.exists()


def test_an_old_unlocked_temporary_goes_even_if_its_process_id_is_in_use_again(
    tmp_path: Path,
) -> None:
    old = tmp_path / f".leaderkit-{os.getpid()}-0123456789ab.tmp"
    young = tmp_path / f".leaderkit-{os.getpid()}-ba9876543210.tmp"
    old.mkdir()
    young.touch()
    os.utime(old, (time.time() - 3600, time.time() - 3600))
    write_bytes(tmp_path / "ours", b"x")
    assert not old.exists()
    assert young.exists()


def test_a_process_that_is_dead_and_not_waited_for_is_dead(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        left = tmp_path / f".leaderkit-{process.pid}-0123456789ab.tmp"
        left.touch()
        write_bytes(tmp_path / "ours", b"x")
        assert not left.exists()


def test_other_hidden_files_are_never_swept(tmp_path: Path) -> None:
    others = [
        tmp_path / f".leaderkit-{dead_pid()}.tmp",
        tmp_path / f".other-{dead_pid()}-0123456789ab.tmp",
        tmp_path / f"leaderkit-{dead_pid()}-0123456789ab.tmp",
    ]
    for other in others:
        other.touch()
    write_bytes(tmp_path / "ours", b"x")
    assert all(other.exists() for other in others)


def test_a_folder_appears_whole_and_only_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "out" / "model"
    with atomic_folder(target) as folder:
        assert folder.parent == target.parent
        (folder / "sub").mkdir()
        (folder / "sub" / "a.json").write_text("{}", "utf-8")
        (folder / "dangling").symlink_to("nowhere")
        assert not target.exists()
    assert (target / "sub" / "a.json").read_text("utf-8") == "{}"
    assert list(target.parent.iterdir()) == [target]


def test_an_empty_folder_in_the_way_is_taken(tmp_path: Path) -> None:
    target = tmp_path / "model"
    target.mkdir()
    with atomic_folder(target) as folder:
        (folder / "a").touch()
    assert (target / "a").exists()


def test_a_folder_with_files_is_refused_before_any_work(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    with (
        pytest.raises(InputError, match="the folder is not empty"),
        atomic_folder(tmp_path),
    ):
        pytest.fail("the block ran")
    assert (tmp_path / "kept").exists()


def test_a_folder_filled_meanwhile_by_another_is_not_overwritten(tmp_path: Path) -> None:
    target = tmp_path / "model"
    with pytest.raises(InputError, match="the folder is not empty"):
        build_while_another_does(target)
    assert [entry.name for entry in target.iterdir()] == ["theirs"]
    assert list(tmp_path.iterdir()) == [target]


def test_a_mount_point_is_refused_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "out").mkdir()
    monkeypatch.setattr(Path, "is_mount", lambda self: True)
    with (
        pytest.raises(InputError, match="is a mount point; give the name of a folder inside"),
        atomic_folder(tmp_path / "out"),
    ):
        pytest.fail("the block ran")


def test_what_is_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="is a folder; give the name of a file"):
        write_bytes(tmp_path, b"x")
    with pytest.raises(InputError, match="pipe: is not a regular file"):
        write_bytes(tmp_path / "pipe", b"x")
    with pytest.raises(InputError, match=r"cannot be written: (Not a directory|File exists)"):
        write_bytes(tmp_path / "file" / "a.csv", b"x")
    with pytest.raises(InputError, match="is a file"), atomic_folder(tmp_path / "file"):
        pytest.fail("the block ran")
    with pytest.raises(InputError, match="cannot be written"), atomic_folder("/proc/nowhere/model"):
        pytest.fail("the block ran")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(InputError, match="cannot be written: Permission denied"):
            write_bytes(tmp_path / "a.csv", b"x")
    finally:
        tmp_path.chmod(0o755)


def test_a_full_disk_is_reported_as_such(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written: No space left on device"):
        write_to_a_full_disk(tmp_path / "a.csv")
    assert list(tmp_path.iterdir()) == []


def test_other_errors_of_the_block_are_not_blamed_on_the_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), atomic_file(tmp_path / "a.csv"):
        (tmp_path / "missing").read_bytes()


def test_every_file_is_on_disk_before_the_folder_has_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "model"
    synced: list[tuple[str, bool]] = []
    monkeypatch.setattr(atomic, "_sync", lambda path: synced.append((path.name, target.exists())))
    with atomic_folder(target) as folder:
        (folder / "a").touch()
        (folder / "sub").mkdir()
        (folder / "sub" / "b").touch()
    names = [name for name, _ in synced]
    assert {"a", "b", "sub"} <= set(names)
    assert all(not renamed for _, renamed in synced[:-1])
    assert synced[-1] == (tmp_path.name, True)


def test_a_library_whose_own_error_says_that_the_disk_is_full_is_understood(tmp_path: Path) -> None:
    # As tokenizers raises it.
    with (
        pytest.raises(InputError, match="out: cannot be written: no room left on the disk"),
        atomic_folder(tmp_path / "out"),
    ):
        raise Exception("No space left on device (os error 28)")  # noqa: TRY002
    with pytest.raises(KeyError), atomic_folder(tmp_path / "out"):
        raise KeyError("another")
    assert list(tmp_path.iterdir()) == []
