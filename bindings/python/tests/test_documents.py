"""What the documents show is what Python prints."""

import doctest
import os

import pytest
from conftest import ROOT

DOCUMENTS = ["docs/python.md", "bindings/python/README.md", "README.md"]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_document(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    # A fence after the output is not part of it.
    text = (ROOT / name).read_text().replace("```\n", "\n")
    parser, runner = doctest.DocTestParser(), doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    test = parser.get_doctest(text, {"__name__": "__main__"}, name, name, 0)
    assert len(test.examples) >= (20 if name == "docs/python.md" else 3)
    failed, tried = runner.run(test)
    assert failed == 0 and tried == len(test.examples)
    assert os.getcwd() == str(ROOT)


def test_docstring():
    import weir

    assert doctest.testmod(weir).failed == 0
