"""Proofs over HTTP, checked by who has nothing but the answers and the verifier key."""

from base64 import b64decode
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from time import sleep

import orjson
import psycopg
import pytest

from api import shapes
from api.runtime import running
from api.settings import Settings
from ledger.errors import TreeBroken
from ledger.proofs.notes import Checkpoint, Verifier
from ledger.proofs.sealer import Sealer
from ledger.proofs.tree import consistent, included, leaf_hash
from tests.proofs import naive
from tests.support.http import ADMIN_KEY, Api

ROLES = ("reader", "service", "auditor")


@pytest.fixture(scope="module")
def clients(postgres, filled_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Api]]:
    """A server on the ledger of a company, with its sealer; an admin's client, and one for each of some roles."""
    name = postgres.copy_of(filled_database)
    settings = Settings(database_url=postgres.url_of(name), data=tmp_path_factory.mktemp("data"), admin_key=ADMIN_KEY)
    with running(settings, on_admin_key=lambda *_: None) as runtime, Api(runtime) as client:
        found = {"admin": client} | {role: client.as_(role) for role in ROLES}
        head = runtime.recorder.head().position
        assert client.get("/ledger/checkpoint", {"Min-Position": str(head)}).status == 200
        yield found
    postgres.drop(name)


@pytest.fixture
def api(clients: dict[str, Api]) -> Api:
    """The admin's client. Tests only read."""
    return clients["admin"]


@pytest.fixture
def key(api: Api) -> Verifier:
    (line,) = api.get("/ledger/key").raw.decode().splitlines()
    return Verifier.parse(line)


@pytest.fixture
def checkpoint(api: Api, key: Verifier) -> Checkpoint:
    found = Checkpoint.parse(api.get("/ledger/checkpoint").raw.decode())
    assert found.signed_by([key]) == key
    return found


def every_leaf(api: Api, limit: int = 500) -> list[dict]:
    found, after = [], "0"
    while after is not None:
        answer = api.get(f"/ledger/leaves?after={after}&limit={limit}").body
        found += answer["items"]
        after = answer["next"]
    return found


def test_a_checkpoint_is_plain_text(api, checkpoint):
    answer = api.get("/ledger/checkpoint")
    assert answer.type == "text/plain; charset=utf-8"
    assert answer.position == checkpoint.size == api.runtime.recorder.head().position


def test_the_leaves_make_the_root(api, checkpoint):
    leaves = every_leaf(api)
    assert [leaf["position"] for leaf in leaves] == list(range(1, checkpoint.size + 1))
    raw = [b64decode(leaf["leaf"]) for leaf in leaves]
    assert [leaf["leaf_hash"] for leaf in leaves] == [sha256(b"\x00" + leaf).hexdigest() for leaf in raw]
    assert naive.mth(raw) == checkpoint.root
    assert [orjson.loads(leaf)["position"] for leaf in raw] == [leaf["position"] for leaf in leaves]
    assert every_leaf(api, limit=4) == leaves
    for leaf in leaves:
        shapes.Leaf.model_validate(leaf)


def test_a_leaf_says_what_the_event_says(api):
    events = api.get("/events?limit=500").body["items"]
    for leaf, event in zip(every_leaf(api), events, strict=True):
        said = orjson.loads(b64decode(leaf["leaf"]))
        assert (said["id"], said["type"], said["recorded_at"]) == (event["id"], event["type"], event["recordedat"])
        assert (said["version"], said["actor"], said["position"]) == (
            event["version"],
            event["actor"],
            event["position"],
        )


@pytest.mark.parametrize("size", [1, 2, 3, 7, 8, 20, None])
def test_every_event_is_proven_to_be_in_every_tree(api, checkpoint, size):
    leaves = [b64decode(leaf["leaf"]) for leaf in every_leaf(api)]
    for position in range(1, (size or checkpoint.size) + 1):
        query = f"position={position}" + (f"&size={size}" if size else "")
        proof = api.get(f"/ledger/proofs/inclusion?{query}").body
        shapes.InclusionProof.model_validate(proof)
        tree_size = proof["tree_size"]
        assert (proof["leaf_index"], tree_size) == (position - 1, size or checkpoint.size)
        root, path = naive.mth(leaves[:tree_size]), [bytes.fromhex(hashed) for hashed in proof["hashes"]]
        assert proof["leaf_hash"] == leaf_hash(leaves[position - 1]).hex()
        assert included(leaf_hash(leaves[position - 1]), position - 1, tree_size, path, root)


def test_every_older_tree_is_proven_to_be_the_beginning(api, checkpoint):
    leaves = [b64decode(leaf["leaf"]) for leaf in every_leaf(api)]
    for old in range(1, checkpoint.size + 1):
        proof = api.get(f"/ledger/proofs/consistency?from={old}&to={checkpoint.size}").body
        shapes.ConsistencyProof.model_validate(proof)
        path = [bytes.fromhex(hashed) for hashed in proof["hashes"]]
        assert consistent(old, naive.mth(leaves[:old]), checkpoint.size, checkpoint.root, path)


def test_the_newest_checkpoint_at_or_before_a_position(api, checkpoint):
    same = api.get(f"/ledger/checkpoint?position={checkpoint.size}").raw.decode()
    assert same == api.get("/ledger/checkpoint?position=1000000").raw.decode() == checkpoint.note
    assert api.get("/ledger/checkpoint?position=0").slug == "not_found"


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ("inclusion?position=1&size=0", "/query/size"),
        ("inclusion?position=1&size=1000", "/query/size"),
        ("inclusion?position=0&size=1", "/query/position"),
        ("inclusion?position=3&size=2", "/query/position"),
        ("inclusion?position=1&size=x", "/query/size"),
        ("inclusion?position=1&size=99999999999999999999", "/query/size"),
        ("inclusion", "/query/position"),
        ("consistency?from=0&to=2", "/query/from"),
        ("consistency?from=3&to=2", "/query/from"),
        ("consistency?from=1&to=1000", "/query/to"),
        ("consistency?from=1001&to=1000", "/query/to"),
        ("consistency?from=-1&to=2", "/query/from"),
        ("consistency?to=2", "/query/from"),
    ],
)
def test_proofs_for_what_does_not_exist_are_refused(api, path, pointer):
    answer = api.get(f"/ledger/proofs/{path}")
    assert (answer.status, answer.slug) == (422, "invalid")
    assert answer.pointers == [pointer]


def test_leaves_beyond_the_tree_are_none(api):
    assert api.get("/ledger/leaves?after=1000").body == {"items": [], "next": None}


@pytest.mark.parametrize("role", ROLES)
def test_anybody_with_a_credential_may_ask_and_nobody_else(api, clients, role):
    for path in ("checkpoint", "key", "leaves", "proofs/inclusion?position=1", "proofs/consistency?from=1"):
        assert clients[role].get(f"/ledger/{path}").status == 200
        assert api.with_key(None).get(f"/ledger/{path}").status == 401


def test_the_ledger_names_the_root(api, checkpoint):
    status = api.get("/ledger").body
    assert (status["root"], status["checkpoint_position"]) == (checkpoint.root.hex(), checkpoint.size)
    assert status["sealer"] == {"state": "live", "position": checkpoint.size, "lag": 0, "error": None}
    past = api.get("/ledger?as_of=3").body
    assert (past["position"], past["root"], past["checkpoint_position"]) == (3, None, None)


def test_a_new_ledger_has_a_key_and_a_checkpoint_at_once(database_url: str, tmp_path: Path):
    settings = Settings(database_url=database_url, data=tmp_path / "data", admin_key=ADMIN_KEY)
    with running(settings, on_admin_key=lambda *_: None) as runtime, Api(runtime) as client:
        key = Verifier.parse(client.get("/ledger/key").raw.decode())
        empty = Checkpoint.parse(client.get("/ledger/checkpoint").raw.decode())
        assert (empty.size, empty.root, empty.signed_by([key])) == (0, naive.mth([]), key)
        assert client.get("/ledger/leaves").body == {"items": [], "next": None}
        made = client.post("/teams", name="first")
        assert made.status == 201
        later = client.get("/ledger/proofs/inclusion?position=1", {"Min-Position": str(made.position)}).body
        assert later["tree_size"] >= 1


def test_a_redaction_and_an_erasure_leave_every_proof_as_it_was(postgres, filled_database, tmp_path):
    name = postgres.copy_of(filled_database)
    settings = Settings(database_url=postgres.url_of(name), data=tmp_path / "data", admin_key=ADMIN_KEY)
    with running(settings, on_admin_key=lambda *_: None) as runtime, Api(runtime) as api:
        before = every_leaf(api)
        event = api.get("/events?type=team.formed").body["items"][0]
        old = api.get("/ledger/checkpoint", {"Min-Position": str(len(before))}).raw.decode()
        redacted = api.post(f"/events/{event['position']}/redact", field="name", reason="a person's")
        assert redacted.status == 200, redacted
        members = api.get("/members").body["items"]
        ada = next(member["id"] for member in members if member["state"] == "active")
        erased = api.post(f"/members/{ada}/erase", reason="asked")
        assert erased.status == 200, erased
        new = Checkpoint.parse(api.get("/ledger/checkpoint", {"Min-Position": str(erased.position)}).raw.decode())
        after = every_leaf(api)
        assert after[: len(before)] == before
        proof = api.get(f"/ledger/proofs/consistency?from={len(before)}&to={new.size}").body
        path = [bytes.fromhex(hashed) for hashed in proof["hashes"]]
        assert consistent(len(before), Checkpoint.parse(old).root, new.size, new.root, path)
    postgres.drop(name)


def test_a_sealer_that_is_stopped_is_shown_and_all_else_goes_on(database_url: str, tmp_path: Path):
    settings = Settings(database_url=database_url, data=tmp_path / "data", admin_key=ADMIN_KEY)
    with running(settings, on_admin_key=lambda *_: None) as runtime, Api(runtime) as client:
        first = client.post("/teams", name="first")
        assert client.get("/ledger/checkpoint", {"Min-Position": str(first.position)}).status == 200
        with psycopg.connect(database_url, autocommit=True, options="-c search_path=quarterdeck") as owner:
            owner.execute("ALTER TABLE nodes DISABLE TRIGGER ALL")
            owner.execute("UPDATE nodes SET hash = sha256('x')")
        second = client.post("/teams", name="second")
        assert second.status == 201
        while (status := client.get("/ledger").body["sealer"])["state"] != "stopped":
            sleep(0.05)
        assert "not the one whose checkpoint was signed" in status["error"]
        assert (status["position"], status["lag"]) == (first.position, 1)
        assert client.send("GET", "/readyz").status == 200
        sealer = Sealer(runtime.database, runtime.recorder, runtime.signing)
        with pytest.raises(TreeBroken, match="not the one whose checkpoint was signed"):
            sealer.catch_up()
