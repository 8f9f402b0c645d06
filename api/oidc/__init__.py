"""Credentials of an external identity provider: bearer tokens (JWT, RFC 7519) beside keys of our own.

    token ─▶ tokens (signature, issuer, audience, times) ─▶ claims (subject, role) ─▶ subjects (member) ─▶ Identity
                 ▲ keys (the provider's, cached) ◀─ fetching
                                                          all of it put together: sign_in

There is nothing of it unless `QUARTERDECK_OIDC_ISSUER` is set (docs/security.md).
"""
