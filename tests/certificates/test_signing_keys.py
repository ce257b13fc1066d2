"""Keys: stored so that only their owner can read them, never replaced, and read with one sentence for what is none."""

import stat
from pathlib import Path

import pytest
from certified import SIGNER, STRANGER

from conformance.certificates.keys import (
    PRIVATE,
    TRUSTED,
    UnusableKey,
    new_key,
    own_folder,
    public_text,
    read_signer,
    read_trusted,
)


def test_a_new_key_is_its_owners_alone_and_trusted(tmp_path: Path) -> None:
    made = new_key(tmp_path / "deep" / "own")
    assert stat.S_IMODE(made.private.stat().st_mode) == 0o600 == stat.S_IMODE(made.trusted.stat().st_mode)
    assert stat.S_IMODE(made.private.parent.stat().st_mode) == 0o700
    assert read_signer(made.private).public_key == made.signer.public_key
    assert read_trusted([made.trusted]) == {made.signer.public_key.keyid: made.signer.public_key}


def test_a_key_is_never_replaced(tmp_path: Path) -> None:
    kept = new_key(tmp_path).private.read_bytes()
    with pytest.raises(UnusableKey, match=r"there is a key at .* already"):
        new_key(tmp_path)
    assert (tmp_path / PRIVATE).read_bytes() == kept
    (tmp_path / "file").write_text("")
    with pytest.raises(UnusableKey, match="cannot store a key in"):
        new_key(tmp_path / "file" / "below")


def test_one_file_may_hold_many_public_keys(tmp_path: Path) -> None:
    (tmp_path / TRUSTED).write_bytes(b"mine\n" + public_text(SIGNER) + b"theirs\n" + public_text(STRANGER))
    assert set(read_trusted([tmp_path / TRUSTED])) == {SIGNER.public_key.keyid, STRANGER.public_key.keyid}
    assert read_trusted([]) == {}


def test_the_folder_of_a_user() -> None:
    assert own_folder({"XDG_CONFIG_HOME": "/x", "HOME": "/h"}) == Path("/x/messages-conformance")
    assert own_folder({"HOME": "/h"}) == Path("/h/.config/messages-conformance")


@pytest.mark.parametrize("content", [b"", b"key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"])
def test_what_is_no_key_is_told_in_a_sentence(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(content)
    with pytest.raises(UnusableKey, match="holds no unencrypted Ed25519 private key"):
        read_signer(file)
    with pytest.raises(UnusableKey, match=r"holds no public key|holds a key that is no Ed25519"):
        read_trusted([file])
    with pytest.raises(UnusableKey, match="cannot read the key"):
        read_signer(tmp_path / "nowhere")
