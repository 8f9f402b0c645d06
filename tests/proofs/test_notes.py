"""Checkpoints and keys are C2SP's: the vectors of Go's note package, and nothing that was changed."""

from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.proofs.notes import BadNote, Checkpoint, Signer, Verifier, verifiers
from ledger.proofs.tree import EMPTY

# golang.org/x/mod/sumdb/note, the example of its documentation.
PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_SAID = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n",
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=",
)
SIGNER = Signer.named("quarterdeck", UUID(int=1), Ed25519PrivateKey.from_private_bytes(bytes(32)))
OTHER = Signer.named("quarterdeck", UUID(int=1), Ed25519PrivateKey.from_private_bytes(b"\x01" * 32))
CHECKPOINT = SIGNER.sign(1234, EMPTY)


def test_a_key_and_a_signature_of_go_s_note_package():
    from base64 import b64decode

    peter = Verifier.parse(PETER)
    assert str(peter) == PETER
    signature = b64decode(PETER_SAID[1])
    assert signature[:4] == peter.id
    assert peter.accepts(signature[4:], PETER_SAID[0])
    assert not peter.accepts(signature[4:], PETER_SAID[0] + " ")


def test_a_checkpoint_is_read_as_it_was_written():
    lines = CHECKPOINT.note.split("\n")
    assert lines[:4] == [SIGNER.name, "1234", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=", ""]
    assert lines[4].startswith(f"— {SIGNER.name} ")
    assert lines[5:] == [""]
    assert Checkpoint.parse(CHECKPOINT.note) == CHECKPOINT
    assert CHECKPOINT.signed_by([OTHER.verifier, SIGNER.verifier]) == SIGNER.verifier


def test_keys_go_through_text():
    keys = [SIGNER.verifier, OTHER.verifier]
    assert verifiers("".join(f"{key}\n" for key in keys)) == keys


def test_another_ledger_and_another_key_are_another_name():
    private = Ed25519PrivateKey.from_private_bytes(bytes(32))
    names = {SIGNER.name, OTHER.name, Signer.named("quarterdeck", UUID(int=2), private).name}
    assert len(names) == 3
    assert all(name.startswith("quarterdeck/quarterdeck/") for name in names)


def test_another_signature_beside_ours_is_let_be():
    """As that of a witness."""
    cosigned = Checkpoint.parse(CHECKPOINT.note + "— witness.example/w1 d2l0bmVzcyBzaWduYXR1cmU=\n")
    assert cosigned.signed_by([SIGNER.verifier]) == SIGNER.verifier


@pytest.mark.parametrize("at", range(len(CHECKPOINT.note)))
def test_no_character_of_a_checkpoint_can_be_another(at):
    for other in "0A\n":
        changed = CHECKPOINT.note[:at] + other + CHECKPOINT.note[at + 1 :]
        if changed != CHECKPOINT.note:
            with pytest.raises(BadNote):
                Checkpoint.parse(changed).signed_by([SIGNER.verifier])


@pytest.mark.parametrize("length", range(len(CHECKPOINT.note)))
def test_no_checkpoint_can_be_cut_short(length):
    with pytest.raises(BadNote):
        Checkpoint.parse(CHECKPOINT.note[:length]).signed_by([SIGNER.verifier])


def test_a_key_signs_for_its_own_tree_alone():
    text, _, signature = OTHER.sign(5, EMPTY).note.partition("\n\n")
    stolen = Signer(SIGNER.name, OTHER._private).sign(5, EMPTY)
    with pytest.raises(BadNote, match="None of the given keys"):
        stolen.signed_by([SIGNER.verifier, OTHER.verifier])
    elsewhere = Signer(OTHER.name, OTHER._private)
    body = text.replace(OTHER.name, SIGNER.name, 1) + "\n"
    from base64 import b64encode

    raw = b64encode(elsewhere.verifier.id + OTHER._private.sign(body.encode())).decode()
    with pytest.raises(BadNote, match="another tree"):
        Checkpoint.parse(f"{body}\n— {OTHER.name} {raw}\n").signed_by([OTHER.verifier])
    assert signature


@pytest.mark.parametrize(
    "text",
    ["", "x", "a+b", PETER[:-4], PETER.replace("c74f", "c74e"), PETER.replace("Peter", "Pet er"), PETER + "\nx"],
)
def test_what_is_no_verifier_key_is_refused(text):
    with pytest.raises(BadNote):
        [Verifier.parse(text)] if not text.endswith("x") or text == "x" else verifiers(text)
