"""A static site on a real S3 server: what each method promises, seen in the bucket and by its facts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

from sendoff.artifact.manifest import Artifact
from sendoff.errors import Fenced, PolicyRefused, StepErrored
from sendoff.objects.s3.address import Access, BucketAddress
from sendoff.objects.s3.faults import BucketMissing
from sendoff.store import ArtifactStore
from sendoff.targets.s3_site import transfer
from sendoff.targets.s3_site.bucket import SiteBucket
from sendoff.targets.s3_site.site import S3Site

Pages = Network = Any  # the classes stand in conftest.py, which tests do not import
Build = Callable[..., Artifact]

TREE: dict[str, bytes | str | None] = {
    "index.html": b"<h1>One</h1>\n",
    "assets/site.css": b"body { color: red }\n",
    "assets/logo.png": b"\x89PNG" + bytes(range(256)) * 40,
    "a b+%é/ü &.txt": b"odd names\n",
    "empty": b"",
}
LIES = {"folders": "rel/{}", "shared": "files"}
NEXT = {**TREE, "index.html": b"<h1>Two</h1>\n", "new.js": b"let a = 1\n"}

pytestmark = [pytest.mark.s3, pytest.mark.xdist_group("s3")]


@pytest.fixture
def first(build: Build) -> Artifact:
    return build(TREE)


@pytest.fixture
def second(build: Build, first: Artifact) -> Artifact:
    return build(NEXT)


def test_dark_after_deploy(pages: Pages, first: Artifact, store: ArtifactStore) -> None:
    """All files are there with their content, the manifest seals them, and nothing is live."""
    site = pages.site()
    outcome = site.deploy(first, store)
    assert outcome.changed
    assert "5 files sent" in outcome.said
    name = first.release_name
    assert pages.content(name) == TREE
    assert sorted(pages.keys(name).values()) == pages.stored()
    assert pages.names(".sendoff/manifests") == [f".sendoff/manifests/{name}.json"]
    facts = site.facts()
    assert (facts.live, facts.releases, facts.fence, facts.obstacle) == (None, (name,), 1, None)
    assert facts.writable
    assert abs(facts.clock_skew) < 5


@pytest.mark.parametrize(
    ("path", "kind", "control"),
    [
        ("index.html", "text/html; charset=utf-8", "no-cache"),
        ("assets/site.css", "text/css; charset=utf-8", "public, max-age=300"),
        ("assets/logo.png", "image/png", "public, max-age=300"),
        ("empty", "application/octet-stream", "public, max-age=300"),
    ],
)
def test_headers_and_checksum(
    pages: Pages, build: Build, store: ArtifactStore, path: str, kind: str, control: str
) -> None:
    """Each file has its content type, its cache header and a SHA-256, also one that was there before."""
    site = pages.site()
    for artifact in (build(TREE), build({**TREE, "more.txt": b"x"})):
        site.deploy(artifact, store)
        found = pages.get(pages.keys(artifact.release_name)[path])
        assert (found["ContentType"], found["CacheControl"]) == (kind, control)
        assert found["ChecksumSHA256"]
        manifest = pages.json(f".sendoff/manifests/{artifact.release_name}.json")
        (sealed,) = [each for each in manifest["files"] if each["path"] == path]
        assert (sealed["content_type"], sealed["cache_control"]) == (kind, control)
        assert sealed["sha256"] == found["Metadata"]["sha256"]
        assert sealed["etag"] == found["ETag"]


def test_live_after_switch_and_undo(
    pages: Pages, first: Artifact, second: Artifact, store: ArtifactStore
) -> None:
    """The pointer says what is live, by whom and what was before; going back is the pointer before."""
    site = pages.site(token=7)
    for artifact in (first, second):
        site.deploy(artifact, store)
        assert site.switch(artifact.release_name).changed
    new, old = second.release_name, first.release_name
    assert {key: pages.pointer()[key] for key in ("release", "before", "fence", "by")} == {
        "release": new,
        "before": old,
        "fence": 7,
        "by": "run-1",
    }
    assert site.facts().live == new
    assert site.switch(old).said == f"{old} is live, before: {new}"
    assert site.switch(None).said == f"none is live, before: {old}"
    assert site.facts().live is None


def test_a_second_time_is_a_no_op(pages: Pages, first: Artifact, store: ArtifactStore) -> None:
    """What is so already is not done again, and says so."""
    site = pages.site()
    site.deploy(first, store)
    site.switch(first.release_name)
    before = pages.etag(".sendoff/current.json")
    assert (site.deploy(first, store).changed, site.deploy(first, store).said) == (
        False,
        f"{first.release_name} is there already, sealed and whole",
    )
    assert site.switch(first.release_name).said == f"{first.release_name} is live already"
    assert pages.etag(".sendoff/current.json") == before


SPARED = {"folders": "4 copied in the bucket", "shared": "4 were there"}


def test_what_is_there_is_not_sent(
    pages: Pages, first: Artifact, second: Artifact, store: ArtifactStore
) -> None:
    """Only what changed is sent; the rest is copied on the server, or is there already for all releases."""
    site = pages.site()
    site.deploy(first, store)
    said = site.deploy(second, store).said
    assert "2 files sent" in said
    assert SPARED[pages.layout] in said
    assert pages.content(second.release_name) == NEXT
    assert pages.content(first.release_name) == TREE


def test_a_tampered_base_is_not_copied(
    pages: Pages, first: Artifact, second: Artifact, store: ArtifactStore
) -> None:
    """A file of another release that is no more as it was sealed is sent instead; shared, it is mended."""
    site = pages.site()
    site.deploy(first, store)
    pages.put(pages.keys(first.release_name)["assets/site.css"], b"body { color: bad }\n")
    assert "3 files sent" in site.deploy(second, store).said
    assert pages.content(second.release_name) == NEXT
    assert (pages.content(first.release_name) == TREE) == (pages.layout == "shared")


def test_cut_short_and_repeated(
    pages: Pages, first: Artifact, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a deploy that died before its end, nothing is sealed; the next one sends only what lacks."""
    with monkeypatch.context() as patch:
        patch.setattr(transfer.Transfer, "_seal", lambda *_: (_ for _ in ()).throw(StepErrored("died")))
        with pytest.raises(StepErrored, match="died"):
            pages.site().deploy(first, store)
    assert pages.site().facts().releases == ()
    pages.delete(pages.holding(TREE["index.html"]))
    pages.put(pages.holding(TREE["assets/logo.png"]), b"half")
    pages.put(f"{LIES[pages.layout].format(first.release_name)}/stray", b"x")
    said = pages.site().deploy(first, store).said
    assert "2 files sent" in said
    assert "3 were there" in said
    pages.site().prune(2, frozenset())
    assert pages.content(first.release_name) == TREE
    assert sorted(pages.keys(first.release_name).values()) == pages.stored()


@pytest.mark.parametrize("content", [b"same size here\n", b"other"], ids=["same size", "other size"])
def test_a_damaged_dark_release_is_replaced(
    pages: Pages, first: Artifact, store: ArtifactStore, content: bytes
) -> None:
    """A sealed release that was changed is mended when it is deployed again, and does not go live before."""
    site = pages.site()
    site.deploy(first, store)
    path = pages.keys(first.release_name)["index.html"]
    pages.put(path, content[:13] if len(content) > 5 else content)
    with pytest.raises(PolicyRefused, match=r"'index.html' is not what was put there"):
        site.switch(first.release_name)
    outcome = site.deploy(first, store)
    assert "what was there was damaged: 'index.html' is not what was put there" in outcome.said
    assert pages.get(path)["Body"].read() == TREE["index.html"]
    assert site.switch(first.release_name).changed


def test_a_damaged_live_release_is_left(pages: Pages, first: Artifact, store: ArtifactStore) -> None:
    """What visitors see is not changed under them: another release has to go live first."""
    site = pages.site()
    site.deploy(first, store)
    site.switch(first.release_name)
    pages.delete(pages.keys(first.release_name)["index.html"])
    with pytest.raises(
        PolicyRefused, match=r"is live and no longer what was sealed \('index.html' is gone\)"
    ):
        site.deploy(first, store)


def test_an_unreadable_manifest_is_replaced(pages: Pages, first: Artifact, store: ArtifactStore) -> None:
    """A manifest that is not ours does not count, and does not stand in the way."""
    site = pages.site()
    pages.put(f".sendoff/manifests/{first.release_name}.json", b"{}")
    with pytest.raises(PolicyRefused, match="it has no manifest"):
        site.switch(first.release_name)
    assert site.deploy(first, store).changed
    assert site.switch(first.release_name).changed


CHANGES: dict[str, Callable[[S3Site, Artifact, ArtifactStore], object]] = {
    "deploy": lambda site, artifact, store: site.deploy(artifact, store),
    "switch": lambda site, artifact, store: site.switch(artifact.release_name),
    "take away": lambda site, artifact, store: site.switch(None),
    "remove": lambda site, artifact, store: site.remove(artifact.release_name),
    "prune": lambda site, artifact, store: site.prune(2, frozenset()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_smaller_number_is_refused(
    pages: Pages, first: Artifact, store: ArtifactStore, change: str
) -> None:
    """Once a larger number was seen, a smaller one changes nothing, and no number at all neither."""
    pages.site(token=5).deploy(first, store)
    before = {key: pages.etag(key) for key in pages.names()}
    with pytest.raises(Fenced, match="it has seen number 5, which is larger than ours"):
        CHANGES[change](pages.site(token=4), first, store)
    with pytest.raises(StepErrored, match="was given no number"):
        CHANGES[change](pages.site(token=0), first, store)
    assert {key: pages.etag(key) for key in pages.names()} == before


@pytest.mark.parametrize("change", CHANGES)
def test_a_larger_number_is_left_there(
    pages: Pages, first: Artifact, store: ArtifactStore, change: str
) -> None:
    """Every change leaves its number first; what is live stays."""
    site = pages.site(token=5)
    site.deploy(first, store)
    site.switch(first.release_name)
    try:
        CHANGES[change](pages.site(token=6), first, store)
    except PolicyRefused:
        assert change == "remove"
    assert pages.pointer()["fence"] == 6
    with pytest.raises(Fenced):
        site.switch(first.release_name)


def test_a_writer_that_was_asleep(
    pages: Pages, first: Artifact, second: Artifact, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A switch that had read the pointer before a larger number came does not move it any more."""
    for artifact in (first, second):
        pages.site().deploy(artifact, store)
    slow, fast = pages.site(), pages.site(token=2, by="run-2")
    write, woken = slow._bucket.write, []

    def late(key: str, content: bytes, etag: str | None) -> bool:
        if not woken:
            woken.append(fast.switch(second.release_name))
        return write(key, content, etag)

    monkeypatch.setattr(slow._bucket, "write", late)
    with pytest.raises(Fenced):
        slow.switch(first.release_name)
    assert (pages.pointer()["release"], pages.pointer()["by"]) == (second.release_name, "run-2")


def test_a_deploy_that_was_asleep(
    pages: Pages, first: Artifact, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deploy that a larger number overtook seals nothing."""
    slow = pages.site()
    put = transfer.Transfer._put_all

    def overtaken(self: transfer.Transfer, *given: Any) -> Any:
        done = put(self, *given)
        pages.site(token=2).switch(None)
        return done

    monkeypatch.setattr(transfer.Transfer, "_put_all", overtaken)
    with pytest.raises(Fenced):
        slow.deploy(first, store)
    assert slow.facts().releases == ()


def test_two_writers(pages: Pages, first: Artifact, second: Artifact, store: ArtifactStore) -> None:
    """Of two that switch at once, the pointer is one's, whole; the one with the smaller number is refused."""
    for artifact in (first, second):
        pages.site().deploy(artifact, store)
    for token in range(2, 8, 2):
        sites = [pages.site(token=token), pages.site(token=token + 1)]
        start, refused = threading.Barrier(2), []

        def switch(
            site: S3Site, artifact: Artifact, start: threading.Barrier = start, refused: list[int] = refused
        ) -> None:
            start.wait()
            try:
                site.switch(artifact.release_name)
            except Fenced:
                refused.append(1)

        threads = [
            threading.Thread(target=switch, args=pair) for pair in zip(sites, (first, second), strict=True)
        ]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        pointer = pages.pointer()
        assert (pointer["release"], pointer["fence"]) == (second.release_name, token + 1)
        sites[1].switch(None)


def test_remove(pages: Pages, first: Artifact, second: Artifact, store: ArtifactStore) -> None:
    """A dark release goes with all its files, the live one is refused, and what is gone is gone already."""
    site = pages.site()
    for artifact in (first, second):
        site.deploy(artifact, store)
    site.switch(first.release_name)
    with pytest.raises(PolicyRefused, match="it is live"):
        site.remove(first.release_name)
    more = {"folders": "", "shared": ", 2 shared files"}[pages.layout]
    assert site.remove(second.release_name).said == f"removed {second.release_name}{more}"
    assert site.remove(second.release_name).said == "gone already"
    assert site.facts().releases == (first.release_name,)
    assert pages.sealed() == [first.release_name]
    assert pages.content(first.release_name) == TREE
    assert sorted(pages.keys(first.release_name).values()) == pages.stored()


def test_prune(pages: Pages, build: Build, store: ArtifactStore) -> None:
    """The oldest go, never the live one nor those to spare; what a dead process left goes too."""
    site = pages.site()
    made = [build({"index.html": b"%d" % number}) for number in range(5)]
    for artifact in made:
        site.deploy(artifact, store)
    names = [artifact.release_name for artifact in made]
    site.switch(names[0])
    pages.put("rel/0.9-0123456789ab/index.html", b"left behind")
    pages.put("rel/not-ours/index.html", b"somebody's")
    pages.put("files/left", b"left behind")
    outcome = site.prune(3, frozenset({names[1]}))
    more = {"folders": "1 shared file", "shared": "3 shared files"}[pages.layout]
    assert outcome.said == f"removed {names[2]}, {names[3]}, 0.9-0123456789ab, {more}"
    assert [pages.content(names[number])["index.html"] for number in (0, 1, 4)] == [b"0", b"1", b"4"]
    assert len(pages.stored()) == 4
    assert set(site.facts().releases) == {names[0], names[1], names[4]}
    assert pages.names("rel/not-ours") == ["rel/not-ours/index.html"]
    assert site.prune(3, frozenset({names[1]})).said == "nothing to remove"


def test_links_are_refused(pages: Pages, build: Build, store: ArtifactStore) -> None:
    """A bucket has no links: an artifact with some is refused before anything is written."""
    with pytest.raises(PolicyRefused, match=r"has links \('latest'\).*have the build command put copies"):
        pages.site().deploy(build({"a": b"1", "latest": "a", "none": None}), store)
    assert pages.names() == []


def test_a_long_name_is_refused(pages: Pages, build: Build, store: ArtifactStore) -> None:
    """So is a name that is too long for a key."""
    deep = "/".join(["d" * 200] * 5)
    with pytest.raises(PolicyRefused, match="is too long a name, expected at most 1024 bytes"):
        pages.site().deploy(build({f"{deep}/x": b"1"}), store)
    assert pages.names() == []


def test_nothing_runs(pages: Pages) -> None:
    """A command is refused: there is no host."""
    with pytest.raises(PolicyRefused, match="a static site has no host"):
        pages.site().run(["true"], "x", 1, {})


def test_looking_changes_nothing(pages: Pages) -> None:
    """Facts of an empty place are that nothing is there, with a number or without."""
    for token in (0, 3):
        facts = pages.site(token=token).facts()
        assert (facts.live, facts.releases, facts.fence, facts.obstacle) == (None, (), 0, None)
        assert facts.notes == (f"it is at {pages.server.endpoint}, not at AWS",)
    assert pages.names() == []


def test_a_missing_bucket(pages: Pages) -> None:
    """That the bucket is missing is a refusal, also of looking."""
    with pytest.raises(BucketMissing, match="make the bucket, or correct `bucket` in the release file"):
        pages.site(bucket="nobody-made-it").facts()


def test_a_pointer_of_others(pages: Pages) -> None:
    """A pointer that Sendoff did not write is not written over."""
    pages.put(".sendoff/current.json", b'{"live": "x"}')
    with pytest.raises(PolicyRefused, match=r"current.json is not what Sendoff wrote"):
        pages.site().switch(None)


@pytest.mark.parametrize(
    ("answer", "said"),
    [((403, "AccessDenied"), "AccessDenied"), ((201, ""), "expected If-Match to count")],
    ids=["no right", "no conditions"],
)
def test_who_may_not_write(pages: Pages, network: Network, answer: tuple[int, str], said: str) -> None:
    """Preflight learns that we may not write, or that conditions do not count, before anything is changed."""
    network.once("PUT", answer, having="probe")
    site = pages.site(endpoint=network.endpoint)
    assert said in str(site.facts().obstacle)
    assert pages.names() == []


def test_an_account_is_at_aws(pages: Pages) -> None:
    """Where an account is named, no other server is asked in its place; without a number nobody is asked."""
    assert "would be asked in place of AWS" in str(pages.site(account="123456789012").facts().obstacle)
    assert pages.site(account="123456789012", token=0).facts().obstacle is None
    assert pages.names() == []


@pytest.mark.parametrize(("answer", "ours"), [((200, ""), True), ((403, ""), False)])
def test_whose_bucket_it_is(pages: Pages, network: Network, answer: tuple[int, str], ours: bool) -> None:
    """A bucket of another account's is told from one of ours, as AWS answers in that case."""
    network.once("HEAD", answer)
    address = BucketAddress(name=pages.bucket, endpoint=network.endpoint, region="us-east-1")
    bucket = SiteBucket("pages", address, Access(key=pages.server.credentials))
    assert bucket.belongs_to("123456789012") is ours


def test_in_parts(pages: Pages, build: Build, store: ArtifactStore) -> None:
    """A large file goes in parts, and has the same headers; the next release does not send it."""
    film = bytes(range(256)) * (68 << 10)
    site, artifacts = pages.site(), [build({"film.mp4": film}), build({"film.mp4": film, "a": b"1"})]
    for artifact in artifacts:
        assert "1 file sent" in site.deploy(artifact, store).said
        found = pages.get(pages.keys(artifact.release_name)["film.mp4"])
        assert (found["ContentType"], found["CacheControl"]) == ("video/mp4", "public, max-age=300")
        assert found["Body"].read() == film
        assert site.switch(artifact.release_name).changed


def test_too_slow(pages: Pages, first: Artifact, store: ArtifactStore) -> None:
    """A transfer that takes too long is ended, and says what to do."""
    with pytest.raises(StepErrored, match="raise `transfer_timeout`, or try again"):
        pages.site(transfer_timeout=1e-6).deploy(first, store)


def test_a_damaged_store(
    pages: Pages, first: Artifact, store: ArtifactStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Content that is not what the artifact's manifest says is not put there."""
    monkeypatch.setattr("sendoff.targets.content.places", lambda manifest: dict.fromkeys(TREE, 0))
    with pytest.raises(StepErrored, match="the store is damaged"):
        pages.site().deploy(first, store)
    assert pages.site().facts().releases == ()
