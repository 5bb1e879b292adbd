"""Commands for operators: `traefik-config` and `routes`.

Both read the Hub's own configuration file, so that nothing has to be said twice.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import httpx
from prometheus_client import CollectorRegistry
from traitlets import TraitError, import_item
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from . import session, traefik
from .comparison import Views, compare, hub_view, store_view, traefik_view
from .errors import ProxyError, TraefikError, without_secrets
from .formats import dump
from .metrics import ProxyMetrics
from .proxy import TraefikProxy
from .routes import Address
from .table import Naming

PROVIDERS = ("file", "etcd", "redis", "consul", "http")


def traefik_config(arguments: list[str]) -> int:
    """Print the static configuration that an external Traefik needs."""
    parser = _parser("traefik-config", traefik_config.__doc__ or "")
    parser.add_argument("--public-url", help="where users come in")
    parser.add_argument("--format", choices=("yaml", "toml", "json"), default="yaml")
    parser.add_argument(
        "--traefik-version", default="3.7.15", help="the release that will read it"
    )
    options = parser.parse_args(arguments)
    try:
        proxy = load_proxy(options.config, options.provider, options.public_url)
        release = traefik.release(options.traefik_version)
        providers = proxy.make_store().static()
        settings = session.static(proxy, providers, release)
    except (ProxyError, TraitError, OSError) as e:
        return _fail(e)
    sys.stdout.write(dump(settings, f".{options.format}"))
    return 0


def routes(arguments: list[str]) -> int:
    """Show the routes as Hub, store and each Traefik have them, and what differs."""
    parser = _parser("routes", routes.__doc__ or "")
    parser.add_argument(
        "--hub-url",
        default="http://127.0.0.1:8081/hub/api",
        help="the Hub's API; its token is taken from JUPYTERHUB_API_TOKEN",
    )
    parser.add_argument(
        "--differing", action="store_true", help="only what is not the same everywhere"
    )
    options = parser.parse_args(arguments)
    try:
        proxy = load_proxy(options.config, options.provider)
        views = asyncio.run(look(proxy, options.hub_url))
    except (ProxyError, TraitError, OSError) as e:
        return _fail(e)
    comparison = compare(views, only_differing=options.differing)
    sys.stdout.write(comparison.text)
    return 1 if comparison.differing else 0


def load_proxy(
    config_file: str, provider: str | None = None, public_url: str | None = None
) -> TraefikProxy:
    """The proxy that a Hub with this configuration would have, for a look only."""
    config = Config()
    path = Path(config_file).absolute()
    if path.exists():
        config = PyFileConfigLoader(path.name, str(path.parent)).load_config()
    kind = proxy_class(provider, config)
    hub = config.JupyterHub
    proxy = kind(
        config=config,
        log=logging.getLogger("jupyterhub-suite"),
        public_url=public_url or hub.get("bind_url", "http://:8000"),
        ssl_cert=hub.get("ssl_cert", ""),
        ssl_key=hub.get("ssl_key", ""),
    )
    proxy.should_start = False
    return proxy


def proxy_class(provider: str | None, config: Config) -> type[TraefikProxy]:
    wanted: Any = config.JupyterHub.get("proxy_class", "traefik_file")
    if provider:
        wanted = f"traefik_{provider}"
    if not isinstance(wanted, str):
        return wanted
    if "." in wanted:
        return import_item(wanted)
    for entry in entry_points(group="jupyterhub.proxies", name=wanted):
        found: type[TraefikProxy] = entry.load()
        return found
    raise TraitError(f"c.JupyterHub.proxy_class = {wanted!r} is no proxy of ours")


async def look(proxy: TraefikProxy, hub_url: str) -> Views:
    """Ask everybody; whoever does not answer is shown as not answering."""
    naming = Naming(proxy.hub_id)
    store = proxy.make_store()
    current = session.Session(proxy, store, ProxyMetrics(CollectorRegistry()))
    views: Views = {}
    try:
        views["Hub"] = await _hub(hub_url)
        views["store"] = stored = store_view(await store.load(), naming)
        known = [*stored, *(() if isinstance(views["Hub"], str) else views["Hub"])]
        for replica in current.replicas.replicas:
            try:
                rawdata = await replica.json("/api/rawdata")
            except TraefikError as e:
                views[replica.url] = str(e)
            else:
                views[replica.url] = traefik_view(rawdata, naming, known)
    finally:
        await current.close()
    return views


async def _hub(url: str) -> dict[Address, str] | str:
    token = os.environ.get("JUPYTERHUB_API_TOKEN", "")
    if not token:
        return "not asked: set JUPYTERHUB_API_TOKEN to a token with the scope `proxy`"
    headers = {"Authorization": f"token {token}"}
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            response = await client.get(f"{url.rstrip('/')}/proxy", headers=headers)
    except httpx.HTTPError as e:
        return f"{without_secrets(url)} does not answer: {e}"
    if response.status_code != 200:
        return f"{without_secrets(url)} answers {response.status_code}"
    return hub_view(response.json())


def _parser(name: str, description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        f"jupyterhub-suite {name}", description=description
    )
    parser.add_argument("--config", "-f", default="jupyterhub_config.py")
    parser.add_argument("--provider", choices=PROVIDERS, help="instead of proxy_class")
    return parser


def _fail(error: Exception) -> int:
    sys.stderr.write(f"{error}\n")
    return 1
