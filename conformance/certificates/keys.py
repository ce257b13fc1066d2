"""Ed25519 keys: made and read, and the reader's own list of those they trust."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)
from securesystemslib.signer import CryptoSigner, SSlibKey

FOLDER = "messages-conformance"
PRIVATE, TRUSTED = "signing-key.pem", "trusted-keys.pem"
_END = "-----END PUBLIC KEY-----"
_FORMAT = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class UnusableKey(Exception):
    """A key cannot be read, made or stored; one sentence with the file and the remedy."""


class Made(NamedTuple):
    """A new key pair: who signs with it, where the private half lies, and the list of trusted keys it was added to."""

    signer: CryptoSigner
    private: Path
    trusted: Path


def own_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where the keys of this user lie."""
    base = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME", "~")).expanduser() / ".config")
    return Path(base) / FOLDER


def new_key(folder: Path) -> Made:
    """Make a key pair in a folder that only its owner may open; an existing key is never replaced."""
    key, private, trusted = Ed25519PrivateKey.generate(), folder / PRIVATE, folder / TRUSTED
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(os.open(private, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
            file.write(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        with open(os.open(trusted, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:  # noqa: PTH123
            file.write(key.public_key().public_bytes(*_FORMAT))
    except FileExistsError:
        raise UnusableKey(f"there is a key at {private} already: sign with it by --key {private}, or move it") from None
    except OSError as error:
        raise UnusableKey(f"cannot store a key in {folder}: {error.strerror or error}") from None
    return Made(CryptoSigner(key), private, trusted)


def public_text(signer: CryptoSigner) -> bytes:
    """The public half, in PEM."""
    raw = bytes.fromhex(signer.public_key.keyval["public"])
    return Ed25519PublicKey.from_public_bytes(raw).public_bytes(*_FORMAT)


def read_signer(file: Path) -> CryptoSigner:
    """The private key in a file. Raises UnusableKey."""
    try:
        key = load_pem_private_key(_content(file), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PrivateKey):
        raise UnusableKey(f"{file} holds no unencrypted Ed25519 private key in PEM format; `--new-key` makes one")
    return CryptoSigner(key)


def read_trusted(files: Sequence[Path]) -> dict[str, SSlibKey]:
    """The public keys in these files, by their ids; one file may hold many. Raises UnusableKey."""
    found: dict[str, SSlibKey] = {}
    for file in files:
        blocks = _content(file).decode("ascii", "replace").split(_END)[:-1]
        keys = [_public(f"{block}{_END}\n", file) for block in blocks]
        if not keys:
            raise UnusableKey(f"{file} holds no public key in PEM format")
        found |= {key.keyid: key for key in keys}
    return found


def _public(block: str, file: Path) -> SSlibKey:
    try:
        key = load_pem_public_key(block.encode())
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise UnusableKey(f"{file} holds a key that is no Ed25519 public key in PEM format")
    return SSlibKey.from_crypto(key)


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise UnusableKey(f"cannot read the key {file}: {error.strerror or error}") from None
