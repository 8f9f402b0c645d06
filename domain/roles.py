"""The roles that a credential may carry (contract, section 6); what each may do is in `domain.access`."""

from typing import Literal

Role = Literal["reader", "member", "lead", "admin", "service", "auditor"]
