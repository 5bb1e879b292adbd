"""The endpoints, with a real Hub that says who asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.harness.hub import RealHub

from .visits import SERVICE, add, enter, select, selection


async def test_the_life_of_an_entrypoint(hub: RealHub, script: Path) -> None:
    carol = await enter(hub, "carol")
    assert (await carol.get(selection("carol"))).json() == {}

    added = await add(carol, name="mine", type="script", entrypoint=str(script))
    assert added["systems"] == ["cori"]
    assert added["cmd"] == [str(script), "jupyterhub-singleuser"]

    await select(carol, added["id"])
    assert (await carol.get(selection("carol"))).json()["id"] == added["id"]
    checked = await carol.get(f"{SERVICE}validate/users/carol/systems/cori")
    assert checked.json() == {"result": True, "message": "The script can be run."}

    of_type = (await carol.get(f"{selection('carol')}/type/script")).json()
    assert [item["name"] for item in of_type["items"]] == ["mine"]
    assert of_type["_pagination"]["total"] == 1

    renamed = await carol.put(
        selection("carol"), json={"id": added["id"], "name": "new name"}
    )
    assert renamed.json()["name"] == "new name"

    assert (await carol.delete(selection("carol"))).status_code == 204
    assert (await carol.get(selection("carol"))).json() == {}
    removed = await carol.request(
        "DELETE", selection("carol"), json={"id": added["id"]}
    )
    assert removed.status_code == 204
    assert (await carol.get(f"{SERVICE}entrypoints/{added['id']}")).status_code == 404


async def test_a_change_of_what_was_changed_meanwhile_is_refused(
    hub: RealHub, script: Path
) -> None:
    wanda = await enter(hub, "wanda")
    read = await add(wanda, name="mine", type="script", entrypoint=str(script))
    change = {"id": read["id"], "version": read["version"]}

    first = await wanda.put(selection("wanda"), json={**change, "name": "first"})
    second = await wanda.put(selection("wanda"), json={**change, "name": "second"})

    assert first.status_code == 200, first.text
    assert (second.status_code, "changed meanwhile" in second.text) == (409, True)
    path = f"{SERVICE}entrypoints/{read['id']}"
    now = (await wanda.get(path)).json()
    assert now["name"] == "first"
    again = {"version": now["version"], "name": "second"}
    assert (await wanda.patch(path, json=again)).json()["name"] == "second"
    assert (await wanda.put(selection("wanda"), json=change)).status_code == 400
    assert (await wanda.patch(path, json={"version": "0"})).status_code == 400


GOOD: dict[str, Any] = {"name": "x", "type": "script", "entrypoint": "/bin/sh"}


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({**GOOD, "name": ""}, 400, "name"),
        ({**GOOD, "name": " "}, 400, "name"),
        ({**GOOD, "type": "none"}, 400, "type"),
        ({**GOOD, "entrypoint": "relative"}, 400, "entrypoint"),
        ({**GOOD, "entrypoint": "/a\nb"}, 400, "entrypoint"),
        ({**GOOD, "systems": ["cori", "none"]}, 400, "systems.1"),
        ({**GOOD, "systems": []}, 400, "systems"),
        ({**GOOD, "hosts": ["evil"]}, 400, "hosts"),
        ({**GOOD, "fields": {"x": 1}}, 400, "x"),
        ({"name": "x", "type": "script"}, 400, "entrypoint"),
        ({**GOOD, "entrypoint": "/no/such"}, 422, "entrypoint"),
        ({**GOOD, "type": "prepared"}, 403, "type"),
        ([], 400, ""),
    ],
)
async def test_a_wrong_body_is_refused_at_its_field_and_keeps_nothing(
    hub: RealHub, body: Any, status: int, field: str
) -> None:
    dave = await enter(hub, "dave")
    answer = await dave.post(selection("dave"), json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["field"] == field
    assert (await dave.get(f"{SERVICE}users/dave/export")).json() == {"entrypoints": []}


async def test_a_name_is_one_owners_once(hub: RealHub, script: Path) -> None:
    erin = await enter(hub, "erin")
    await add(erin, name="mine", type="script", entrypoint=str(script))
    again = await erin.post(
        selection("erin"), json={**GOOD, "name": "mine"} | {"entrypoint": str(script)}
    )
    assert again.status_code == 409
    assert again.json()["error"]["field"] == "name"


async def test_halves_of_characters_and_control_characters_are_refused(
    hub: RealHub,
) -> None:
    fred = await enter(hub, "fred")
    body = b'{"name": "\\ud800", "type": "script", "entrypoint": "/bin/sh"}'
    answer = await fred.post(selection("fred"), content=body)
    assert answer.status_code == 400
    for path in ("users/%00/systems/cori", "entrypoints/%00%0a"):
        assert (await fred.get(SERVICE + path)).status_code == 404
    assert (await fred.get(f"{SERVICE}entrypoints?search=%00")).status_code == 200


async def test_nobody_gets_at_what_is_anothers(hub: RealHub, script: Path) -> None:
    gina, harry = await enter(hub, "gina"), await enter(hub, "harry")
    added = await add(gina, name="secret", type="script", entrypoint=str(script))
    path = f"{SERVICE}entrypoints/{added['id']}"
    tries = [
        await harry.get(selection("gina")),
        await harry.post(selection("gina"), json=GOOD),
        await harry.put(selection("gina"), json={"id": added["id"]}),
        await harry.delete(selection("gina")),
        await harry.get(f"{SERVICE}users/gina/export"),
        await harry.get(f"{SERVICE}validate/users/gina/systems/cori"),
        await harry.get(f"{SERVICE}audit"),
        await harry.get(f"{SERVICE}admin"),
        await harry.get(f"{SERVICE}entrypoints?all=1"),
    ]
    assert {answer.status_code for answer in tries} == {403}
    hidden = [
        await harry.get(path),
        await harry.patch(path, json={"name": "mine now"}),
        await harry.delete(path),
        await harry.post(f"{path}/clone", json={"name": "copy"}),
        await harry.put(selection("harry"), json={"id": added["id"]}),
    ]
    assert {answer.status_code for answer in hidden} == {404}
    assert (await gina.get(path)).json()["name"] == "secret"


async def test_nobody_in_and_strangers_out(hub: RealHub) -> None:
    url = hub.origin + selection("gina")
    async with httpx.AsyncClient(trust_env=False) as nobody:
        assert (await nobody.get(url)).status_code == 401
        headers = {"Authorization": "token wrong"}
        assert (await nobody.get(url, headers=headers)).status_code == 401


async def test_an_admin_works_for_others_and_it_is_on_record(
    hub: RealHub, script: Path
) -> None:
    ida, admin = await enter(hub, "ida"), await enter(hub, "admin")
    body = {**GOOD, "name": "by admin", "entrypoint": str(script)}
    added = await admin.post(selection("ida"), json=body)
    assert added.status_code == 201, added.text
    assert added.json()["owner"] == "ida"
    await select(ida, added.json()["id"])
    audit = (await admin.get(f"{SERVICE}audit?owner=ida")).json()["items"]
    assert [(event["actor"], event["action"]) for event in audit] == [
        ("ida", "select"),
        ("admin", "add"),
    ]


async def test_publishing_needs_its_scope_and_then_everybody_may_use_it(
    hub: RealHub, script: Path
) -> None:
    jack, admin, kate = [await enter(hub, name) for name in ("jack", "admin", "kate")]
    added = await add(jack, name="good", type="script", entrypoint=str(script))
    path = f"{SERVICE}entrypoints/{added['id']}"
    assert (await jack.patch(path, json={"public": True})).status_code == 403
    assert (await admin.patch(path, json={"public": True})).status_code == 200
    # What everybody runs is no longer the owner's alone to change.
    assert (await jack.patch(path, json={"name": "other"})).status_code == 403
    assert (await jack.patch(path, json={"deprecated": "old"})).status_code == 200
    await select(kate, added["id"])
    copy = await kate.post(f"{path}/clone", json={"name": "my copy"})
    assert (copy.status_code, copy.json()["owner"]) == (201, "kate")
    assert (await admin.patch(path, json={"public": False})).status_code == 200
    assert (await kate.get(selection("kate"))).status_code == 410


async def test_one_shares_with_ones_own_groups_only(hub: RealHub, script: Path) -> None:
    alice = await enter(hub, "alice")
    added = await add(alice, name="shares", type="script", entrypoint=str(script))
    path = f"{SERVICE}entrypoints/{added['id']}"
    foreign = await alice.patch(path, json={"groups": ["science", "staff"]})
    assert (foreign.status_code, "staff" in foreign.text) == (403, True)
    assert (await alice.patch(path, json={"groups": ["science"]})).status_code == 200
    bob, lena = await enter(hub, "bob"), await enter(hub, "lena")
    assert (await bob.get(path)).status_code == 200
    assert (await lena.get(path)).status_code == 404


async def test_what_is_prepared_can_be_selected_and_not_changed(hub: RealHub) -> None:
    mona = await enter(hub, "mona")
    listed = (await mona.get(f"{selection('mona')}/type/prepared")).json()["items"]
    assert [item["id"] for item in listed] == ["prepared:Plain"]
    await select(mona, "prepared:Plain")
    chosen = (await mona.get(selection("mona"))).json()
    assert chosen["cmd"] == ["/usr/bin/env", "jupyterhub-singleuser"]
    path = f"{SERVICE}entrypoints/prepared:Plain"
    assert (await mona.patch(path, json={"name": "x"})).status_code == 403
    assert (await mona.delete(path)).status_code == 403


async def test_an_export_is_an_import_elsewhere(hub: RealHub, script: Path) -> None:
    nina, otto = await enter(hub, "nina"), await enter(hub, "otto")
    for name in ("one", "two"):
        await add(nina, name=name, type="script", entrypoint=str(script))
    exported = (await nina.get(f"{SERVICE}users/nina/export")).json()
    exported["entrypoints"].append({**exported["entrypoints"][0], "name": "one"})
    done = (await otto.post(f"{SERVICE}users/otto/import", json=exported)).json()
    assert [item["name"] for item in done["added"]] == ["one", "two"]
    assert [(one["place"], one["status"]) for one in done["refused"]] == [(2, 409)]


async def test_lists_come_in_pages_and_can_be_searched(
    hub: RealHub, script: Path
) -> None:
    pam = await enter(hub, "pam")
    for number in range(5):
        await add(pam, name=f"n{number}", type="script", entrypoint=str(script))
    path = f"{selection('pam')}/entrypoints"
    page = (await pam.get(path, params={"limit": 2, "offset": 4})).json()
    total = page["_pagination"]["total"]
    assert total >= 6, "one that is prepared, and five of her own"
    found = (await pam.get(path, params={"search": "N3"})).json()["items"]
    assert [item["name"] for item in found] == ["n3"]
    for wrong in ({"limit": "0"}, {"offset": "-1"}, {"limit": "many"}):
        assert (await pam.get(path, params=wrong)).status_code == 400


@pytest.mark.parametrize("scheme", ["", "token ", "Bearer "])
async def test_the_hub_asks_with_its_secret_in_every_known_form(
    hub: RealHub, script: Path, scheme: str
) -> None:
    quinn = await enter(hub, "quinn")
    listed = (await quinn.get(f"{SERVICE}users/quinn/export")).json()["entrypoints"]
    if not listed:
        added = await add(quinn, name="m", type="script", entrypoint=str(script))
        await select(quinn, added["id"])
    url = f"{hub.origin}{SERVICE}hub/users/quinn/systems/cori"
    async with httpx.AsyncClient(trust_env=False) as http:
        headers = {"Authorization": f"{scheme}the hub's secret"}
        answer = await http.get(url, headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.json()["name"] == "m"
        assert "cmd" in answer.json()["settings"]
        assert (await http.get(url)).status_code == 401
        wrong = {"Authorization": f"{scheme}wrong"}
        assert (await http.get(url, headers=wrong)).status_code == 403
    # A user's own token is a token of the Hub, and does not hold the scope.
    assert (await quinn.get(url)).status_code in (401, 403)


async def test_a_sites_own_handler_knows_who_asks(hub: RealHub) -> None:
    rita, sam = await enter(hub, "rita"), await enter(hub, "sam")
    path = f"{SERVICE}entrypoints/users/rita/type/shifter"
    assert (await rita.get(path)).json() == ["shifter"]
    assert (await sam.get(path)).status_code == 403


async def test_unknown_systems_and_types_are_404(hub: RealHub) -> None:
    tina = await enter(hub, "tina")
    assert (await tina.get(selection("tina", "none"))).status_code == 404
    assert (await tina.get(f"{selection('tina')}/type/none")).status_code == 404


async def test_a_body_that_is_too_large_is_413(hub: RealHub) -> None:
    uma = await enter(hub, "uma")
    answer = await uma.post(selection("uma"), content=b" " * (2 * 1024 * 1024))
    assert answer.status_code == 413
