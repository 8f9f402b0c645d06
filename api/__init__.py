"""The same over HTTP: commands and questions at the paths of the contract, and who may ask them.

    app.py       what is mounted where           registry.py   how a route is declared: once, with its errors
    routes/      one module a resource, thin     writing.py, asking.py   the way of a command, of a question
    guard.py     credentials and clocks          credentials.py   keys, hashed
    errors.py, problems.py   refusals as problem+json, from one table
    openapi.py, shapes/, examples.py   what /openapi.json says
    runtime.py   what a process has open         serve.py      uvicorn, and what it prints

Routes hold no rules and no SQL. Nothing happens at import.
"""
