"""A service's settings: what they are, and where their values come from.

In rising order: the trait's default, the environment that the Hub gives to a
service, JUPYTERHUB_SUITE_SETTINGS (what `configure` passes on), the
configuration file, the command line.
"""

from __future__ import annotations

import inspect
import json
import logging
import os
import traceback
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from jupyterhub.utils import url_path_join
from traitlets import (
    Bool,
    Dict,
    Float,
    HasTraits,
    Integer,
    List,
    Set,
    TraitError,
    TraitType,
    Unicode,
    default,
    validate,
)
from traitlets.config import Application, Config
from traitlets.config.loader import PyFileConfigLoader

from .errors import SettingError
from .registration import SETTINGS_VARIABLE


class ServiceSettings(Application):
    """What every service can be told."""

    name = "service"
    # Short names on the command line, besides --Class.setting=value.
    aliases: dict[Any, Any] = {
        ("f", "config"): "Service.config_file",
        "log-level": "Service.log_level",
        "url": "Service.bind_url",
    }
    flags: dict[Any, Any] = {
        "generate-config": (
            {"Service": {"generate_config": True}},
            "Print a configuration file with every setting and its help, and exit.",
        ),
    }
    # Further classes whose settings a configuration file may hold.
    classes: list[type] = []

    config_file = Unicode(
        help="""The configuration file to read.

        By default NAME_config.py in the folder where the service starts, if there
        is one."""
    ).tag(config=True)
    generate_config = Bool(False, help="Print a configuration file and exit.").tag(
        config=True
    )
    bind_url = Unicode(
        help="""Where to listen: http://HOST:PORT, https://HOST:PORT or
        http+unix://%2Fpath%2Fof%2Fa%2Fsocket. The Hub sets it for a service that
        it manages."""
    ).tag(config=True, env="JUPYTERHUB_SERVICE_URL")
    service_name = Unicode(help="The name under which the Hub knows this service.").tag(
        config=True, env="JUPYTERHUB_SERVICE_NAME"
    )
    prefix = Unicode(
        help="The path under which the service lives, /services/NAME/ by default."
    ).tag(config=True, env="JUPYTERHUB_SERVICE_PREFIX")
    display_name = Unicode(help="What the service is called on its pages.").tag(
        config=True
    )
    api_url = Unicode(
        help="The Hub's REST API, such as http://127.0.0.1:8081/hub/api."
    ).tag(config=True, env="JUPYTERHUB_API_URL")
    api_token = Unicode(
        help="""The service's token for the Hub, the same as in the Hub's own
        configuration. Best given as JUPYTERHUB_API_TOKEN."""
    ).tag(config=True, env="JUPYTERHUB_API_TOKEN")
    base_url = Unicode(
        "/", help="The path under which the whole deployment lives."
    ).tag(config=True, env="JUPYTERHUB_BASE_URL")
    hub_host = Unicode(
        help="""The Hub's public address (https://hub.example.org) where the service
        has a domain of its own."""
    ).tag(config=True, env="JUPYTERHUB_HOST")
    oauth_client_id = Unicode(
        help="The OAuth client that logs people in, service-NAME by default."
    ).tag(config=True, env="JUPYTERHUB_CLIENT_ID")
    oauth_callback_url = Unicode(
        help="Where the Hub sends people back to, PREFIX/oauth_callback by default."
    ).tag(config=True, env="JUPYTERHUB_OAUTH_CALLBACK_URL")
    access_scopes = Set(
        Unicode(),
        help="""Holders of any of these scopes may use the service; by default
        access:services!service=NAME.""",
    ).tag(config=True, env="JUPYTERHUB_OAUTH_ACCESS_SCOPES")
    keyfile = Unicode(
        help="The key to serve and to call the Hub with, for TLS (a PEM file)."
    ).tag(config=True, env="JUPYTERHUB_SSL_KEYFILE")
    certfile = Unicode(help="The certificate that belongs to keyfile (PEM).").tag(
        config=True, env="JUPYTERHUB_SSL_CERTFILE"
    )
    client_ca = Unicode(
        help="""The CA (PEM) whose certificates both the Hub and everybody who
        connects must hold. Set by the Hub when it runs with internal_ssl."""
    ).tag(config=True, env="JUPYTERHUB_SSL_CLIENT_CA")
    template_paths = List(
        Unicode(), help="Folders whose templates come before ours and the Hub's."
    ).tag(config=True)
    menu = List(
        Dict(),
        help="""What the page's Services menu lists: [{"name": …, "href": …}].""",
    ).tag(config=True)
    max_body_size = Integer(
        1024 * 1024, min=1, help="The largest request body taken, in bytes."
    ).tag(config=True)
    hub_concurrency = Integer(
        10, min=1, help="How many calls to the Hub may be under way at once."
    ).tag(config=True)
    grace_time = Float(
        8.0,
        min=0,
        help="Seconds that requests in flight have to finish when the service ends.",
    ).tag(config=True)
    authenticate_prometheus = Bool(
        True, help="Show /metrics only to holders of the scope read:metrics."
    ).tag(config=True)

    def get_default_logging_config(self) -> dict[str, Any]:
        """One log for the service, its modules and the requests that tornado sees."""
        config = super().get_default_logging_config()
        own = config["loggers"][type(self).__name__]
        config["loggers"].update({"tornado": own, "jupyterhub_suite": own})
        return config

    @default("description")
    def _default_description(self) -> str:
        return inspect.getdoc(type(self)) or ""

    @default("service_name")
    def _default_service_name(self) -> str:
        return self.name

    @default("display_name")
    def _default_display_name(self) -> str:
        return self.service_name.capitalize()

    @default("prefix")
    def _default_prefix(self) -> str:
        return url_path_join(self.base_url, "services", self.service_name, "/")

    @default("oauth_client_id")
    def _default_oauth_client_id(self) -> str:
        return f"service-{self.service_name}"

    @default("oauth_callback_url")
    def _default_oauth_callback_url(self) -> str:
        return url_path_join(self.prefix, "oauth_callback")

    @default("access_scopes")
    def _default_access_scopes(self) -> set[str]:
        return {f"access:services!service={self.service_name}"}

    @default("log_level")
    def _default_log_level(self) -> int:
        return logging.INFO

    @default("log_format")
    def _default_log_format(self) -> str:
        # As the Hub writes them, for they often land in the Hub's own log.
        return "[%(levelname)1.1s %(asctime)s.%(msecs).03d %(name)s] %(message)s"

    @validate("prefix", "base_url")
    def _slashes(self, proposal: Any) -> str:
        path = proposal.value.strip("/")
        return f"/{path}/" if path else "/"

    def initialize(self, argv: list[str] | None = None) -> None:
        read_environment(self)
        self.update_config(passed_on_settings(type(self).__name__))
        self.parse_command_line(argv)
        command_line = Config(self.cli_config)
        self._load_configuration()
        self.update_config(command_line)
        refuse_unknown(self, self.config)

    def _load_configuration(self) -> None:
        path = Path(self.config_file or f"{self.name}_config.py").resolve()
        if not path.is_file():
            if self.config_file:
                raise SettingError(
                    f"config_file is {str(path)!r}: there is no such file"
                )
            return
        try:
            self.update_config(
                PyFileConfigLoader(path.name, str(path.parent)).load_config()
            )
        except Exception as error:  # noqa: BLE001 - the operator's own program
            # Whatever it raises is a wrong setting.
            raise SettingError(f"{path}: {describe(error, str(path))}") from None


def describe(error: Exception, path: str) -> str:
    """What went wrong in a configuration file, and in which of its lines."""
    lines = [
        frame.lineno
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename == path
    ]
    line = getattr(error, "lineno", None) or (lines[-1] if lines else None)
    reason = getattr(error, "msg", None) or str(error)
    return f"{f'line {line}: ' if line else ''}{type(error).__name__}: {reason}"


def read_environment(settings: HasTraits) -> None:
    """Take each trait that names an environment variable from it, if it is set."""
    for name, trait in settings.traits(env=lambda env: env is not None).items():
        variable = trait.metadata["env"]
        text = os.environ.get(variable)
        if text:
            try:
                setattr(settings, name, parse(trait, text))
            except (TraitError, ValueError) as error:
                raise SettingError(
                    f"{name} cannot be read from ${variable}: {error}"
                ) from None


def parse(trait: TraitType, text: str) -> Any:
    """The Hub writes lists as JSON and all else as it is."""
    return json.loads(text) if text.startswith(("[", "{")) else trait.from_string(text)


def passed_on_settings(section: str) -> Config:
    """What `configure` passes on: settings of one class, as a JSON object."""
    text = os.environ.get(SETTINGS_VARIABLE, "{}")
    try:
        return Config({section: dict(json.loads(text))})
    except (ValueError, TypeError):
        raise SettingError(f"${SETTINGS_VARIABLE} is not a JSON object") from None


def refuse_unknown(app: Application, config: Config) -> None:
    """Refuse a section or a setting that no class of this program has."""
    known = {
        cls.__name__: set(cls.class_trait_names(config=True))
        for cls in app._classes_inc_parents()
    }
    for section, values in config.items():
        if section not in known:
            raise unknown(f"c.{section}", section, known)
        for setting in values:
            if setting not in known[section]:
                raise unknown(f"c.{section}.{setting}", setting, known[section])


def unknown(written: str, name: str, known: Iterable[str]) -> SettingError:
    close = get_close_matches(name, list(known), n=1)
    advice = f" Did you mean {close[0]}?" if close else " --help-all lists them all."
    return SettingError(f"{written}: there is no such setting.{advice}")
