"""JupyterHub's own proxy, with one fault each that real proxies have had.

FAULTS says by which promise the suite has to notice it.
"""

from __future__ import annotations

import asyncio
from typing import Any

from jupyterhub.proxy import ConfigurableHTTPProxy


class ReturnsTooEarly(ConfigurableHTTPProxy):
    async def add_route(self, routespec: str, target: str, data: dict) -> None:
        add = super().add_route(routespec, target, data)
        self._later = asyncio.get_running_loop().call_later(
            0.2, asyncio.ensure_future, add
        )


class DeletesLater(ConfigurableHTTPProxy):
    async def delete_route(self, routespec: str) -> None:
        delete = super().delete_route(routespec)
        self._later = asyncio.get_running_loop().call_later(
            0.2, asyncio.ensure_future, delete
        )


class ForgetsLongLists(ConfigurableHTTPProxy):
    async def add_route(self, routespec: str, target: str, data: dict) -> None:
        short = {k: v[:10] if isinstance(v, list) else v for k, v in data.items()}
        await super().add_route(routespec, target, short)


class FoldsCase(ConfigurableHTTPProxy):
    def _routespec_to_chp_path(self, routespec: str) -> str:
        return super()._routespec_to_chp_path(routespec).lower()


class DecodesNames(ConfigurableHTTPProxy):
    def _routespec_to_chp_path(self, routespec: str) -> str:
        return super()._routespec_to_chp_path(routespec).replace("%25", "%")


class LosesOneOfAThousand(ConfigurableHTTPProxy):
    added = 0

    async def add_route(self, routespec: str, target: str, data: dict) -> None:
        self.added += 1
        if self.added != 500:
            await super().add_route(routespec, target, data)


class DeletesWhatIsBelow(ConfigurableHTTPProxy):
    async def delete_route(self, routespec: str) -> None:
        for spec in await self.get_all_routes():
            if spec.startswith(routespec):
                await super().delete_route(spec)


class RestartsForEachChange(ConfigurableHTTPProxy):
    async def delete_route(self, routespec: str) -> None:
        routes: dict[str, Any] = await self.get_all_routes()
        self.stop()
        self.proxy_process.wait()
        await self.start()
        for spec, route in routes.items():
            if spec != routespec:
                await super().add_route(spec, route["target"], route["data"])


class KeepsStaleRoutes(ConfigurableHTTPProxy):
    async def check_routes(self, users: Any, services: Any, routes: Any = None) -> None:
        """Every route is right."""
        if not await self.get_all_routes():
            await super().check_routes(users, services, routes)


FAULTS = {
    "ReturnsTooEarly": "test_an_added_route_works_at_once",
    "DeletesLater": "test_a_deleted_route_is_gone_at_once",
    "ForgetsLongLists": "test_data_comes_back_as_it_was_given[a long list]",
    "FoldsCase": "test_names_that_differ_only_in_case_are_two_users",
    "DecodesNames": "test_an_encoded_name_is_not_the_name_it_looks_like",
    "LosesOneOfAThousand": "test_a_thousand_routes_added_at_once_all_work",
    "DeletesWhatIsBelow": "test_deleting_a_prefix_leaves_the_longer_ones",
    "RestartsForEachChange": "test_no_websocket_closes",
    "KeepsStaleRoutes": "test_a_check_deletes_what_nobody_runs_any_more",
}
