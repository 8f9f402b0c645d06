"""Members: people and services."""

from api import shapes
from api.registry import Api
from domain.kernel import Kind
from domain.member.decisions import EraseMember, RegisterMember
from domain.values import Id

TAG = (
    "members",
    "People and services. Their names and addresses are kept beside the ledger, and can be erased.",
)


def add(api: Api) -> None:
    """Adds them."""
    api.collection(Kind.MEMBER, shapes.Member, Id)
    api.command("POST", "/members", RegisterMember, shapes.Member)
    api.command("POST", "/members/{member}/erase", EraseMember, shapes.Member)
