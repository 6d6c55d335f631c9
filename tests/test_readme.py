"""What the README promises: its program runs as it stands there."""

import os
import re
import subprocess
import sys

import installation

README = installation.REPOSITORY / "README.md"


def test_the_program_in_the_readme_writes_votes_moves_and_reads():
    [program] = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    with installation.running() as sayso:
        told = {"SAYSO_URL": sayso.base_url, "SAYSO_KEY": sayso.demo["api_key"], "PATH": os.environ["PATH"]}
        done = subprocess.run([sys.executable, "-I", "-c", program], env=told, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "post.created by Robin Demo",  # whose key it is
        "vote.created by Robin Demo",
        "post.status_changed by Robin Demo",
    ]


def test_the_readme_is_short_and_points_to_files_that_are_there():
    text = README.read_text()
    assert len(text.splitlines()) <= 120
    for path in re.findall(r"\]\(([^)h#][^)]*)\)", text):
        assert (installation.REPOSITORY / path).exists(), path
