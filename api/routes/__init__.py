"""The endpoints, by resource. Each module's `add` says what there is; `api.registry` makes it so."""
