"""Static sites among the targets of a release file: what one is, what it is asked, and what does not fit."""

import json
from pathlib import Path
from typing import get_args

import pytest

from sendoff.catalog import load
from sendoff.errors import BadInput
from sendoff.spec.cloud import StaticSite
from sendoff.spec.commands import HostCommands
from sendoff.spec.models import ReleaseFile, Target
from sendoff.spec.rules import broken_rules
from sendoff.spec.schema import schema

SITE = {
    "kind": "s3-site",
    "name": "pages",
    "bucket": "shop-pages",
    "prefix": "shop",
    "address": "shop.example",
}
TARGETS = ("environments", 1, "targets")
ASK = {"kind": "http", "name": "home", "url": "https://{address}/{host}?{version}"}


def read(data):
    return ReleaseFile.model_validate_json(json.dumps(data), strict=True)


@pytest.fixture
def site_only(data):
    """Production is a site, and nothing else."""
    data["environments"][1] |= {"targets": [dict(SITE)], "checks": [dict(ASK)]}
    return data


def changed(data, **changes):
    data["environments"][1]["targets"][0] |= changes
    return data


def findings(data):
    return [(each.where, each.what, each.expected) for each in broken_rules(read(data))]


def test_kinds_are_told_apart(site_only):
    """A target of kind s3-site is a site; one that names no kind stays a fleet over SSH."""
    file = read(site_only)
    assert [each.kind for e in file.environments for each in e.targets] == ["ssh", "s3-site"]
    assert broken_rules(file) == []
    assert ReleaseFile.model_validate_json(file.model_dump_json(), strict=True) == file


def test_a_site_is_one_host(site_only):
    """To what is common to targets, a site is a host of its own name in a batch of its own."""
    file = read(site_only)
    (site,) = file.environment("production").targets
    assert file.hosts_of(site) == ("pages",)
    assert file.words("pages", site) == {
        "host": "pages",
        "address": "shop.example",
        "root": "s3://shop-pages/shop",
    }
    assert (site.batch, site.max_failures, site.site, site.commands) == (1, 0, None, HostCommands())


def test_the_whole_bucket(site_only):
    """Without a prefix the root is the bucket, and without an address there is no such word."""
    (site,) = read(changed(site_only, prefix="", address=None)).environments[1].targets
    assert site.root == "s3://shop-pages"
    assert "address" not in read(site_only).words("pages", site)


@pytest.mark.parametrize(
    ("path", "control"),
    [("index.html", "no-cache"), ("a/b.html", "no-cache"), ("a/b.css", "public, max-age=300")],
)
def test_usual_caching(path, control):
    """Pages are asked for anew, also in folders; the rest is kept for a while."""
    assert StaticSite.model_validate(SITE).cache_control(path) == control


def test_a_folder_for_each_release():
    """Unless said otherwise, no release shares files with another one."""
    assert StaticSite.model_validate(SITE).layout == "folders"


def test_the_first_rule_counts():
    """Rules are tried in their order; where none fits there is no header."""
    rules = [{"files": "assets/*", "control": "immutable"}, {"files": "*.css", "control": "no-cache"}]
    site = StaticSite.model_validate({**SITE, "cache": rules})
    found = [site.cache_control(path) for path in ("assets/x/a.css", "a.css", "a.js")]
    assert found == ["immutable", "no-cache", None]


@pytest.mark.parametrize(
    ("changes", "where", "what"),
    [
        ({"name": "web-1"}, (*TARGETS, 0, "name"), "'web-1' is a host too"),
        (
            {"cache": [{"files": "*", "control": "a"}, {"files": "*", "control": "b"}]},
            (*TARGETS, 0, "cache", 1, "files"),
            "'*' stands here twice",
        ),
        (
            {"account": "123456789012", "endpoint": "http://s3.example:9000"},
            (*TARGETS, 0, "account"),
            "is in no AWS account",
        ),
        ({"address": None}, ("environments", 1, "checks", 0, "url"), "{address} has no value on pages"),
    ],
    ids=["a host's name", "a rule twice", "an account elsewhere", "no address"],
)
def test_what_does_not_fit(site_only, changes, where, what):
    """What does not fit is found where it stands."""
    ((at, said, _),) = findings(changed(site_only, **changes))
    assert at == where
    assert what in said


def test_no_commands_on_a_site(site_only):
    """A check that runs a command has no host to run it on, also where there are hosts beside the site."""
    site_only["environments"][1]["checks"].append({"kind": "command", "name": "files", "command": ["true"]})
    (found,) = findings(site_only)
    assert found == (
        ("environments", 1, "checks", 1, "kind"),
        "target 'pages' is a site, and has no host to run a command on",
        "other checks of it, or 'targets' that names others",
    )
    site_only["environments"][1]["targets"].append(
        {"name": "web", "hosts": ["web-1"], "user": "u", "root": "/srv/a"}
    )
    site_only["environments"][1]["checks"][1]["targets"] = ["web"]
    site_only["environments"][1]["checks"][0]["targets"] = ["pages"]
    assert findings(site_only) == []


@pytest.mark.parametrize("prefix", ["shop", "shop/inner", ""], ids=["the same", "within", "around"])
def test_two_sites_in_one_place(site_only, prefix):
    """Two sites do not share a pointer, nor does one lie in the other; another bucket is fine."""
    site_only["environments"][1]["targets"].append({**SITE, "name": "more", "prefix": prefix})
    ((where, what, _),) = findings(site_only)
    assert where == (*TARGETS, 1)
    assert "is in one place with s3://shop-pages/shop of environment 'production'" in what
    site_only["environments"][1]["targets"][1]["bucket"] = "another"
    assert findings(site_only) == []


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"user": "deploy"},
            "targets/pages/user: unknown key 'user', expected one of: account, address, bucket",
        ),
        ({"kind": "s3"}, "targets/pages/kind: unknown kind 's3', expected "),
        ({"kind": 3}, "targets/pages/kind: unknown kind 3, expected "),
        ({"bucket": "Shop"}, "targets/pages/bucket: 'Shop' is not allowed, expected the name of a bucket"),
        ({"account": "12"}, "targets/pages/account: '12' is not allowed, expected the twelve digits"),
        ({"prefix": "/a"}, "targets/pages/prefix: '/a' is not allowed, expected names joined by /"),
        ({"endpoint": "http://key:secret@x"}, "expected the address of a server"),
        ({"layout": "flat"}, "targets/pages/layout: "),
        ({"cache": [{"files": "*"}]}, "targets/pages/cache/0: 'control' is missing"),
        ({"cache": [{"files": "*", "control": "a\nb"}]}, "expected what may stand in a header"),
    ],
    ids=["key", "kind", "number", "bucket", "account", "prefix", "endpoint", "layout", "cache", "header"],
)
def test_wrong_keys(tmp_path: Path, site_only, changes, said):
    """What is wrong with a site's keys is told with file and line, as anywhere."""
    path = tmp_path / "release.yaml"
    path.write_text(json.dumps(changed(site_only, **changes), indent=1))
    with pytest.raises(BadInput) as wrong:
        load(path)
    (problem,) = wrong.value.problems
    assert problem.line > 1
    assert said in str(problem)


def test_schema(site_only):
    """Editors learn of all kinds."""
    kinds = schema()["$defs"]["Environment"]["properties"]["targets"]["items"]["oneOf"]
    assert [each["$ref"].rpartition("/")[2] for each in kinds] == [each.__name__ for each in get_args(Target)]
