"""Whether nothing is missing: each attack of trust.md that concerns who may do what has a test here, by its name."""

import re
from pathlib import Path

TOKENS = {f"t{number:02}" for number in range(1, 27)}
CASES = {f"case_{number}" for each in ((1, 25), (56, 62), (77, 80), (87, 91)) for number in range(each[0], each[1] + 1)}
NAMED = re.compile(r"(?m)^def test_(t\d\d|case_\d+)_\w+\(([^)]*)\)")
FIXTURES = {"client", "front", "proxied", "running", "stream"}  # of the service that runs


def test_every_attack_has_a_test_by_its_name():
    found = {}
    for file in sorted(Path(__file__).parent.glob("test_*.py")):
        for name, arguments in NAMED.findall(file.read_text()):
            found.setdefault(name, []).append(set(re.findall(r"\w+", arguments)))
    assert (TOKENS | CASES) - found.keys() == set()
    assert [name for name, tests in found.items() if not all(test & FIXTURES for test in tests)] == []
