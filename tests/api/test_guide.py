"""The guide is true: its requests are made, in order, and answered as it says."""

import json
import re
from pathlib import Path

from tests.support.http import Api

GUIDE = Path(__file__).parents[2] / "docs" / "api.md"


def test_the_requests_of_the_guide_are_answered_as_it_says(api: Api):
    requests = re.findall(r"```http\n(.*?)\n\n(.*?)\n```", GUIDE.read_text(), re.DOTALL)
    assert len(requests) > 8
    for request, expected in requests:
        first, *lines = request.split("\n")
        method, path = first.split(" ")
        headers = dict(line.split(": ") for line in lines if re.match(r"[A-Z][\w-]+: ", line))
        content = "\n".join(line for line in lines if line.split(": ")[0] not in headers)
        answer = api.send(method, path, content.encode() or None, **headers)
        status, _, body = expected.partition("\n")
        assert answer.status == int(status), (first, answer)
        if body:
            assert answer.body == json.loads(body), first
