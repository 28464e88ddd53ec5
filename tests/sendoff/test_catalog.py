"""Release files on disk: what is right is loaded, what is wrong is told with its line, whatever it is."""

import copy
import os
import re
import shutil
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sendoff.catalog import find, load, survey
from sendoff.errors import BadInput

HERE = Path(__file__).parent
RIGHT = (HERE / "spec" / "right.yaml").read_text()
WRONG = yaml.safe_load((HERE / "wrong.yaml").read_text())
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problems(text, name="release.yaml"):
    """Write and load a file; the messages of all problems."""
    Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())
    try:
        load(Path(name))
    except BadInput as error:
        return str(error).splitlines()
    return []


def swap(old, new):
    assert RIGHT.count(old) == 1
    return RIGHT.replace(old, new)


LOOK = "expected YAML; look for a missing quote, colon or indent"

NOT_YAML = {
    "nothing": ("", "1: the file is empty, expected a mapping (key: value)"),
    "only a comment": ("# x\n", "1: the file is empty, expected a mapping (key: value)"),
    "a list": ("- a\n", "1: is a list, expected a mapping (key: value)"),
    "text": ("a\n", "1: 'a' is text, expected a mapping (key: value)"),
    "not UTF-8": (b"a: b\nc: \xff\n", "2: byte 0xff is not UTF-8, expected text in UTF-8"),
    "a control character": (
        "a: b\nc: \x07\n",
        r"2: character '\x07' is not allowed, expected printable text",
    ),
    "two documents": (
        "a: b\n---\nc: d\n",
        "2: a second document starts with '---', expected one document in the file",
    ),
    "an open quote": (
        'a: "b\nc: d\n',
        f"3: not YAML: found unexpected end of stream, {LOOK}",
    ),
    "an unknown alias": (
        "a: *b\n",
        f"1: not YAML: found undefined alias 'b', {LOOK}",
    ),
    "deep": ("[" * 5000, "1: nested too deep, expected at most 30 levels"),
    "endless": ("a: &a [*a]\n", "1: a/0/0/0: nested too deep, expected at most 30 levels"),
    "large": ("#" * 1_000_001, "1: the file is too large, expected at most 1,000,000 bytes"),
}


@pytest.mark.parametrize("case", WRONG.values(), ids=WRONG)
def test_wrong(folder, case):
    """One thing that is wrong makes one problem: line, path, what is wrong, and what was expected."""
    assert problems(swap(case["swap"], case["for"])) == [f"release.yaml:{case['tells']}"]


@pytest.mark.parametrize(("text", "message"), NOT_YAML.values(), ids=NOT_YAML)
def test_not_yaml(folder, text, message):
    """What cannot be read as one mapping is told in one problem."""
    assert problems(text) == [f"release.yaml:{message}"]


def test_bomb(folder):
    """Aliases of aliases end at the limit of values, at once."""
    lines = ["a: &a0 [x, x]", *(f"b{n}: &a{n} [*a{n - 1}, *a{n - 1}, *a{n - 1}]" for n in range(1, 20))]
    assert re.fullmatch(
        r"release.yaml:\d+: \S+: too much in one file, expected at most 50,000 values",
        problems("\n".join(lines))[0],
    )


def test_aliases(folder):
    """An alias is what it stands for."""
    text = swap("[support@example.com]", "&who [support@example.com]").replace(
        "approvers: [ada, bob]", "approvers: *who"
    )
    assert problems(text.replace("count: 2", "count: 1")) == []


def test_all_at_once(folder):
    """Parts that are wrong and rules that are broken elsewhere are told together, in order."""
    text = (
        swap("batch: 50%", "batch: 0")
        .replace("output: dist/web", "outputs: x")
        .replace("cron: 0 2", "cron: 0 25")
    )
    assert [line.split(": ")[1] for line in problems(text)] == [
        "build",
        "build/outputs",
        "environments/staging/schedule/cron",
        "environments/production/targets/web/batch",
    ]


def test_missing_hosts_are_not_blamed_on_others(folder):
    """Where the hosts themselves are wrong, targets are not said to have none."""
    assert [line.split(": ")[1] for line in problems(re.sub(r"(?m)^  web-1: .*$", "  web-1: 7", RIGHT))] == [
        "hosts/web-1"
    ]


def test_a_link_to_itself(folder):
    """A link that goes round in a circle is a file that cannot be read."""
    Path("loop.yaml").symlink_to("loop.yaml")
    with pytest.raises(BadInput, match=r"^loop\.yaml: cannot be read \(.*\), expected a YAML file$"):
        find([Path("loop.yaml")])


@pytest.mark.parametrize("name", ["none.yaml", "."])
def test_no_file(folder, name):
    """A file that cannot be opened is a problem without a line."""
    with pytest.raises(BadInput, match=rf"^{re.escape(name)}: cannot be read \(.*\), expected a YAML file$"):
        load(Path(name))


def test_loaded(folder):
    """A release file that is right comes with its folder and the digest of what it says."""
    assert problems(RIGHT) == []
    loaded = load(folder / "release.yaml")
    assert (loaded.path, loaded.folder) == (folder / "release.yaml", folder)
    assert loaded.file.environment("production").targets[0].commands.timeout == 90
    assert re.fullmatch("[0-9a-f]{64}", loaded.digest)


def test_digest(folder):
    """The digest depends on what is said, not on how it is written nor where it stands."""
    problems(RIGHT, "a.yaml")
    problems(yaml.safe_dump(yaml.safe_load(RIGHT)).replace("timeout: 10m", "timeout: 600 # s"), "b.yaml")
    problems(swap("count: 2", "count: 1"), "c.yaml")
    first, same, other = (load(Path(name)).digest for name in ("a.yaml", "b.yaml", "c.yaml"))
    assert first == same != other


def split(inventory):
    """Put the hosts of the right file into another one."""
    hosts = RIGHT[RIGHT.index("hosts:") : RIGHT.index("build:")]
    Path("hosts.yaml").write_text(inventory(hosts))
    return RIGHT.replace(hosts, "inventory: hosts.yaml\n")


def test_inventory(folder):
    """Hosts of the inventory are hosts of the release file."""
    text = split(lambda hosts: hosts)
    assert problems(text) == []
    assert list(load(Path("release.yaml")).file.hosts) == ["staging-1", "web-1", "web-2"]


def test_wrong_inventory(folder):
    """Problems of the inventory point to its own lines, once; the release file's own are told as well."""
    text = split(lambda hosts: hosts.replace("port: 2222", "prt: 2222") + "more: 1\n")
    assert problems(text.replace("output: dist/web", "output: /")) == [
        "hosts.yaml:3: hosts/web-1/prt: unknown key 'prt', "
        "expected 'port' (of address, groups, port, variables)",
        "hosts.yaml:5: more: unknown key 'more', expected one of: hosts",
        "release.yaml:9: build/output: '/' is not allowed, "
        "expected a path inside the folder, such as dist/web, without a leading / and without . or ..",
    ]


def test_rule_broken_in_inventory(folder):
    """A rule that a host of the inventory breaks is told with the inventory's line."""
    text = split(lambda hosts: hosts.replace("side: left", "root: left"))
    assert problems(text)[0].startswith("hosts.yaml:3: hosts/web-1/variables/root: 'root' is Sendoff's own")


def test_host_in_both(folder):
    """A host stands in the release file or in the inventory."""
    text = split(lambda hosts: hosts) + "hosts:\n  web-1: {address: a}\n"
    assert (
        problems(text)[0] == "hosts.yaml:3: hosts/web-1: stands in release.yaml too, expected each host once"
    )


def test_unreadable_inventory(folder):
    """An inventory that is no YAML does not make its hosts unknown."""
    assert problems(split(lambda hosts: "a: [")) == [
        "hosts.yaml:1: not YAML: expected the node content, but found '<stream end>', "
        "expected YAML; look for a missing quote, colon or indent"
    ]


def test_find(folder):
    """A catalog is files, and folders that are searched; hidden folders are not."""
    for name, application in (
        ("a/release.yaml", "a"),
        ("a/x/b.release.yaml", "b"),
        ("c.yaml", "c"),
        ("a/.git/release.yaml", "d"),
    ):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        problems(swap("application: storefront", f"application: {application}"), name)
    problems("nonsense", "a/other.yaml")
    assert list(find([Path("a"), Path("c.yaml"), Path("a/release.yaml")])) == ["a", "b", "c"]


def test_find_nothing(folder):
    """A folder without a release file is a problem."""
    with pytest.raises(
        BadInput, match=r"^\.: no release file in this folder, expected release.yaml or \*.release.yaml$"
    ):
        find([Path(".")])


def test_find_twice(folder):
    """An application has one release file."""
    problems(RIGHT)
    shutil.copy("release.yaml", "z.release.yaml")
    with pytest.raises(
        BadInput, match=r"^z.release.yaml:1: application: application 'storefront' stands in release.yaml too"
    ):
        find([folder.relative_to(folder)])


def test_survey(folder):
    """What is right is loaded although something else is wrong."""
    problems(RIGHT)
    problems("", "bad.release.yaml")
    loaded, wrong = survey([Path(".")])
    assert [each.file.application for each in loaded] == ["storefront"]
    assert [each.file for each in wrong] == ["bad.release.yaml"]


def test_survey_of_what_names_something(folder):
    """Only files in which it stands are loaded; one that cannot be read is told of."""
    problems(RIGHT)
    problems("", "bad.release.yaml")
    Path("away.release.yaml").symlink_to("nowhere")
    loaded, wrong = survey([Path(".")], naming="storefront")
    assert [each.file.application for each in loaded] == ["storefront"]
    assert [each.file for each in wrong] == ["away.release.yaml"]
    assert survey([Path(".")], naming="elsewhere")[0] == []


def fed(content):
    """Load content: right, or wrong with a file and a line in each problem, on one line of text."""
    Path("fuzz.yaml").write_bytes(content)
    try:
        load(Path("fuzz.yaml"))
    except BadInput as error:
        told = error
    else:
        return
    assert told.problems
    assert all(each.file and each.line > 0 and each.what for each in told.problems)
    assert len(str(told).split("\n")) == len(told.problems)


@FUZZ
@given(st.binary(max_size=200))
def test_any_bytes(folder, content):
    """No bytes bring the loader down."""
    fed(content)


@FUZZ
@given(st.text(max_size=100) | st.text(alphabet="{}[]&*!|>%@`'\"\\:-?,#<= \n\tab01~x", max_size=60))
def test_any_text(folder, text):
    """No text brings the loader down."""
    fed(text.encode(errors="surrogatepass"))


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates()
KEYS = st.sampled_from(
    ["application", "hosts", "build", "environments", "kind", "name", "inventory", "git", "checks"]
)
TREES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS | SCALARS, inner, max_size=4),
    max_leaves=15,
)


@FUZZ
@given(TREES)
def test_any_data(folder, tree):
    """No data brings the loader down."""
    fed(yaml.safe_dump(tree, allow_unicode=True).encode(errors="surrogatepass"))


def nodes(data, where=()):
    """All ways to values, the containers' first."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in inner:
        yield (*where, key)
        yield from nodes(value, (*where, key))


DATA = yaml.safe_load(RIGHT)
WAYS = list(nodes(DATA))


def mutate(data, where, change, value):
    inner = data
    for piece in where[:-1]:
        inner = inner[piece]
    if change == "delete":
        del inner[where[-1]]
    elif change == "replace":
        inner[where[-1]] = value
    elif isinstance(inner, list):
        inner.append(copy.deepcopy(inner[where[-1]]))
    else:
        inner[f"{where[-1]}-2"] = copy.deepcopy(inner[where[-1]])


@FUZZ
@given(
    st.lists(
        st.tuples(st.sampled_from(WAYS), st.sampled_from(["delete", "replace", "twice"]), TREES),
        min_size=1,
        max_size=3,
    )
)
def test_mutations(folder, mutations):
    """A right file with values deleted, replaced or doubled is right or wrong, nothing else."""
    data = copy.deepcopy(DATA)
    for where, change, value in mutations:
        try:
            mutate(data, where, change, value)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took it away
    fed(yaml.safe_dump(data, allow_unicode=True).encode(errors="surrogatepass"))


@FUZZ
@given(st.integers(0, len(RIGHT)), st.integers(0, 30), st.text(max_size=5))
def test_cuts(folder, start, length, put):
    """A right file with some characters replaced is right or wrong, nothing else."""
    fed((RIGHT[:start] + put + RIGHT[start + length :]).encode(errors="surrogatepass"))


def test_odd_name(folder):
    """A file whose name is not UTF-8 can be named in a message."""
    name = Path(os.fsdecode(b"\xff\n.yaml"))
    name.write_text("")
    with pytest.raises(BadInput, match=r"^\?\?.yaml:1: the file is empty"):
        load(name)
