import multiprocessing
import pickle
import re
from pathlib import Path

import pytest

from pipeline.errors import LakeError
from pipeline.privacy.keyfile import Key, KeyFile, default_path, load_key, load_or_make_key


def test_the_first_use_makes_a_key_that_only_its_owner_can_read(tmp_path):
    path = tmp_path / "deep" / "key"
    key, made = load_or_make_key(path)
    assert made
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert re.fullmatch(r"[0-9a-f]{64}\n", path.read_text())
    assert list(path.parent.iterdir()) == [path]
    again, made = load_or_make_key(path)
    assert not made
    assert again.secret == key.secret == load_key(path).secret


def test_every_key_is_another(tmp_path):
    one, other = (load_or_make_key(tmp_path / name)[0] for name in ("one", "other"))
    assert one.secret != other.secret
    assert one.check != other.check


def _make(path, barrier, made):
    barrier.wait()
    made.put(load_or_make_key(path)[0].check)


def test_first_jobs_at_once_agree_on_one_key(tmp_path):
    spawn = multiprocessing.get_context("spawn")
    barrier, made = spawn.Barrier(3), spawn.Queue()
    jobs = [spawn.Process(target=_make, args=(tmp_path / "key", barrier, made)) for _ in range(3)]
    for job in jobs:
        job.start()
    checks = {made.get(timeout=60) for _ in jobs}
    for job in jobs:
        job.join()
    assert checks == {load_key(tmp_path / "key").check}


def test_the_check_value_and_derived_keys_do_not_tell_the_key(tmp_path):
    key = Key(bytes(32))
    assert key.secret.hex() not in key.check
    assert len({key.secret, key.derive("check"), key.derive("minhash")}) == 3
    assert key.derive("minhash") == Key(bytes(32)).derive("minhash")
    assert key.secret.hex() not in repr(key)


@pytest.mark.parametrize(
    "content", [b"", b"abc", b"\xff" * 64, b"g" * 64, b"00" * 31, b"00" * 33], ids=lambda content: repr(content[:8])
)
def test_a_damaged_key_is_refused_and_not_shown(tmp_path, content):
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(LakeError, match="is damaged; expected 64 hexadecimal digits") as caught:
        load_or_make_key(path)
    assert path.read_bytes() == content
    assert content.decode("latin-1")[:64] not in str(caught.value) or not content


def test_a_key_that_everybody_can_read_is_refused(tmp_path):
    path = tmp_path / "key"
    load_or_make_key(path)
    path.chmod(0o644)
    with pytest.raises(LakeError, match=r"everybody can read .*chmod 600"):
        load_key(path)


@pytest.mark.parametrize("name", ["key", "file/key"])
def test_a_key_that_cannot_be_had_is_one_clear_line(tmp_path, name):
    (tmp_path / "file").touch()
    (tmp_path / "key").mkdir(mode=0o700)
    with pytest.raises(LakeError, match=r"cannot (read|make) the key file"):
        load_or_make_key(tmp_path / name)
    with pytest.raises(LakeError, match="no key file at"):
        load_key(tmp_path / "missing")


def test_the_default_is_under_the_users_configuration():
    assert default_path({"XDG_CONFIG_HOME": "/etc/x"}) == Path("/etc/x/hydratrace/key")
    assert default_path({}) == Path.home() / ".config" / "hydratrace" / "key"


def test_a_key_travels_as_the_name_of_its_file_and_another_one_there_is_refused(tmp_path):
    path = tmp_path / "key"
    key, _ = load_or_make_key(path)
    sent = pickle.dumps(KeyFile(path, key.check))
    assert key.secret not in sent and key.secret.hex().encode() not in sent
    assert pickle.loads(sent).load().secret == key.secret
    path.write_text("00" * 32)
    with pytest.raises(LakeError, match="key holds another key than the lake was written with"):
        pickle.loads(sent).load()
