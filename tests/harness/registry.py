"""Docker's own registry of images, which only opens to a login."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import httpx

from jupyterhub_suite.ports import free_port
from tests.harness.daemon import Daemon
from tests.harness.parts import need

USER, PASSWORD = "reader", "a-password"
# bcrypt of the password: nothing else is taken from an htpasswd file.
HTPASSWD = "reader:$2b$05$abcdefghijklmnopqrstuubsRD.Ffj/ka0r3BpAjv57rF8oK.y5YW\n"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"


class Registry(Daemon):
    name = "registry"

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.address = f"127.0.0.1:{free_port()}"
        self.url = f"http://{self.address}"

    def argv(self) -> Sequence[str | Path]:
        return [need("registry"), "serve", self.folder / "registry.json"]

    async def prepare(self) -> None:
        (self.folder / "htpasswd").write_text(HTPASSWD)
        login = {"realm": "images", "path": str(self.folder / "htpasswd")}
        settings = {
            "version": 0.1,
            "storage": {"filesystem": {"rootdirectory": str(self.folder / "images")}},
            "http": {"addr": self.address},
            "auth": {"htpasswd": login},
        }
        # YAML, of which this is a part.
        (self.folder / "registry.json").write_text(json.dumps(settings))

    async def ready(self) -> None:
        await self.process.listens(int(self.address.rpartition(":")[2]))

    async def push(self, repository: str, tag: str) -> str:
        """Put an empty image there; its digest."""
        config = (
            b'{"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers"}}'
        )
        stored = {"mediaType": CONFIG, "digest": digest(config), "size": len(config)}
        image = {"schemaVersion": 2, "mediaType": MANIFEST, "config": stored}
        manifest = json.dumps({**image, "layers": []}).encode()
        async with httpx.AsyncClient(
            base_url=f"{self.url}/v2/{repository}/", auth=(USER, PASSWORD)
        ) as http:
            begun = (await http.post("blobs/uploads/")).raise_for_status()
            place = httpx.URL(begun.headers["Location"])
            place = place.copy_merge_params({"digest": digest(config)})
            (await http.put(place, content=config)).raise_for_status()
            put = await http.put(
                f"manifests/{tag}",
                content=manifest,
                headers={"Content-Type": MANIFEST},
            )
            put.raise_for_status()
        return digest(manifest)


def digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
