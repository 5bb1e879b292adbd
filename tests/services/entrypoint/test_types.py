"""What users type, and what it becomes: no server needed."""

from __future__ import annotations

import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from jupyterhub_suite.services.entrypoint.launch import (
    CannotStart,
    Launch,
    fill,
    spawner_settings,
)
from jupyterhub_suite.services.entrypoint.systems import parse_systems
from jupyterhub_suite.services.entrypoint.types import EntrypointType, parse_types
from jupyterhub_suite.services.entrypoint.types.container import parse_reference
from jupyterhub_suite.services.entrypoint.types.paths import LAB_OR_SERVER
from jupyterhub_suite.services.entrypoint.types.shifter import read_images
from jupyterhub_suite.services.errors import PublicError, SettingError


def make(name: str, **settings: Any) -> EntrypointType:
    return parse_types([{"name": name, **settings}])[name]


def cmd(name: str, entrypoint: str, **settings: Any) -> list[str]:
    return make(name, **settings).launch({"entrypoint": entrypoint}, "alice").cmd


@pytest.mark.parametrize(
    ("name", "written", "expected"),
    [
        ("conda", "/envs/sci/", ["/bin/sh", "-c", LAB_OR_SERVER, "/envs/sci", "env"]),
        (
            "conda",
            "sci",
            ["/bin/sh", "-c", LAB_OR_SERVER, "/home/alice/.conda/envs/sci", "env"],
        ),
        ("script", "/bin/go", ["/bin/go", "jupyterhub-singleuser"]),
        ("executable", "/opt/lab", ["/opt/lab"]),
        (
            "shifter",
            "docker:a/b:1",
            ["shifter", "--image=docker:a/b:1", "jupyterhub-singleuser"],
        ),
        ("container", "quay.io/a/b:1", []),
    ],
)
def test_each_type_becomes_its_command(
    name: str, written: str, expected: list[str]
) -> None:
    assert cmd(name, written) == expected


@pytest.mark.parametrize(
    ("programs", "started"),
    [
        (["jupyter-labhub", "jupyterhub-singleuser"], "jupyter-labhub"),
        (["jupyterhub-singleuser"], "jupyterhub-singleuser"),
    ],
)
def test_a_conda_environment_starts_the_server_that_it_has(
    tmp_path: Path, programs: list[str], started: str
) -> None:
    prefix = tmp_path / "o'brien $(x) envs"
    (prefix / "bin").mkdir(parents=True)
    for name in programs:
        program = prefix / "bin" / name
        program.write_text(f'#!/bin/sh\necho "{name}" "$@"\n')
        program.chmod(0o755)

    words = [*cmd("conda", str(prefix)), "--port=1", "a b"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)

    assert done.stdout == f"{started} --port=1 a b\n"


def test_a_site_names_the_program_of_its_environments() -> None:
    words = cmd("conda", "/envs/sci", executable="jupyter-site")
    assert words == ["/envs/sci/bin/jupyter-site"]


def test_modules_are_arguments_of_a_script_that_is_always_the_same() -> None:
    one, two = cmd("modules", "a"), cmd("modules", "b/1.0 c")
    assert one[:4] == two[:4]
    assert two[4:] == ["modules", "2", "b/1.0", "c", "jupyterhub-singleuser"]


HOSTILE = ["a\nb", "/a\n", "/a\x00b", "", "--volume=/", "; rm -rf ~", "$(x)", "a b"]


@pytest.mark.parametrize("written", HOSTILE)
@pytest.mark.parametrize(
    "name", ["conda", "script", "executable", "shifter", "container"]
)
def test_what_is_no_path_or_image_is_refused_at_its_field(
    name: str, written: str
) -> None:
    with pytest.raises(PublicError) as caught:
        make(name).check_fields({"entrypoint": written})
    assert caught.value.status == 400
    assert caught.value.details["field"] == "entrypoint"


@given(st.text(min_size=1))
def test_no_value_becomes_two_words_or_another_placeholder(value: str) -> None:
    values = {"entrypoint": value, "user": "u"}
    words = fill(("a", "{entrypoint}/bin", "{user}"), values)
    assert words == ("a", f"{value}/bin", "u")


@given(
    st.lists(st.text(st.characters(exclude_characters="\0"), min_size=1), min_size=1)
)
def test_batch_commands_are_quoted_for_the_shell_that_reads_them(
    words: list[str],
) -> None:
    settings = spawner_settings(Launch(command=tuple(words)), "batch")
    assert shlex.split(" ".join(settings["cmd"])) == words


def test_a_wrapper_comes_before_what_reports_the_port_of_a_batch_job() -> None:
    kind = make("script")
    settings = kind.spawner_settings({"entrypoint": "/a b/go"}, "alice", "batch")
    assert settings == {
        "batchspawner_singleuser_cmd": "'/a b/go' batchspawner-singleuser",
        "cmd": ["jupyterhub-singleuser"],
    }


def test_an_image_needs_a_spawner_that_runs_containers() -> None:
    kind = make("container")
    typed = {"entrypoint": "quay.io/a/b:1"}
    assert kind.spawner_settings(typed, "u", "kubernetes") == {"image": "quay.io/a/b:1"}
    with pytest.raises(CannotStart):
        kind.spawner_settings(typed, "u", "local")


def test_a_type_that_wants_a_trait_it_does_not_name_is_refused() -> None:
    class Greedy(EntrypointType):
        def launch(self, typed: Any, user: str) -> Launch:
            return Launch(command=("a",), environment={"LD_PRELOAD": "x"})

    kind = parse_types([{"name": "greedy", "class": Greedy}])["greedy"]
    with pytest.raises(PublicError, match="may not set environment"):
        kind.spawner_settings({"entrypoint": "x"}, "alice", "local")


def test_a_site_writes_a_type_in_ten_lines() -> None:
    class RStudio(EntrypointType):
        title = "RStudio"
        fields = {"entrypoint": {"enum": ["4.4", "4.5"], "title": "Version"}}
        command = ("/opt/rstudio-{entrypoint}/bin/rserver",)

    kind = parse_types([{"name": "rstudio", "class": RStudio}])["rstudio"]
    launch = kind.launch({"entrypoint": "4.5"}, "u")
    assert launch.cmd == ["/opt/rstudio-4.5/bin/rserver"]
    with pytest.raises(PublicError):
        kind.check_fields({"entrypoint": "4.6"})


def test_the_setting_alone_makes_a_type_with_fields_and_a_command() -> None:
    fields = {"version": {"type": "integer", "minimum": 1}}
    kind = make("tool", fields=fields, command=["/opt/{version}", "{entrypoint}"])
    assert kind.launch({"entrypoint": "x", "version": 3}, "u").cmd == ["/opt/3", "x"]


@pytest.mark.parametrize(
    ("setting", "part"),
    [
        ({"name": "a/b"}, "'a/b' cannot be part of a path"),
        ({"name": ""}, "cannot be part of a path"),
        ({}, "cannot be part of a path"),
        ({"name": "x", "colour": "red"}, "x: colour"),
        ({"name": "x", "mutable": "yes"}, "x: mutable is 'yes'"),
        ({"name": "x", "command": ["{nothing}"]}, "{nothing}"),
        ({"name": "x", "class": "no.such.module"}, "no.such.module"),
        ({"name": "x", "help_link": "javascript:alert(1)"}, "no web page"),
    ],
)
def test_a_wrong_type_is_refused_at_start_by_name(
    setting: dict[str, Any], part: str
) -> None:
    with pytest.raises(SettingError) as caught:
        parse_types([setting])
    assert part in str(caught.value)


@pytest.mark.parametrize(
    ("setting", "part"),
    [
        ({"name": "a b"}, "'a b'"),
        ({"name": "../x"}, "'../x'"),
        ({"name": "x", "hostname": "-oProxyCommand=x"}, "no host name"),
        ({"name": "x", "hostname": 5}, "hostname"),
        ({"name": "x", "host": "y"}, "'host'"),
    ],
)
def test_a_wrong_system_is_refused_at_start_by_name(
    setting: dict[str, Any], part: str
) -> None:
    with pytest.raises(SettingError) as caught:
        parse_systems([setting])
    assert part in str(caught.value)


def test_a_system_has_no_host_one_or_several() -> None:
    systems = parse_systems(
        [
            {"name": "a", "display_name": "A", "hostname": ""},
            {"name": "b", "hostname": "b.example.org"},
            {"name": "c", "hostname": ["c1", "c2"]},
        ]
    )
    hostnames = [system.hostnames for system in systems.values()]
    assert hostnames == [(), ("b.example.org",), ("c1", "c2")]


@pytest.mark.parametrize(
    ("written", "registry", "repository"),
    [
        ("ubuntu", "", "ubuntu"),
        ("jupyter/lab:1", "", "jupyter/lab"),
        ("localhost:5000/a/b:1", "localhost:5000", "a/b"),
        ("quay.io/a/b@sha256:" + "0" * 64, "quay.io", "a/b"),
    ],
)
def test_an_images_name_is_read_as_docker_reads_it(
    written: str, registry: str, repository: str
) -> None:
    image = parse_reference(written)
    assert (image.registry, image.repository) == (registry, repository)
    assert str(image) == written


def test_an_image_service_cannot_bring_in_an_option_of_shifter() -> None:
    answer = {"images": ["--volume=/:/x", "ok/image:1", 5, {"name": "other"}, None]}
    assert [option.value for option in read_images(answer)] == ["ok/image:1", "other"]
