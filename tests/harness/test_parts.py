from __future__ import annotations

from pathlib import Path

import anyio
import httpx
import pytest

from tests.harness.docker import Docker
from tests.harness.fixtures import Start, one_engine
from tests.harness.parts import need
from tests.harness.postgresql import PostgreSQL, program
from tests.harness.processes import ProcessError, wait_for
from tests.harness.redis import Redis
from tests.harness.sshd import Sshd


async def put(endpoint: str, value: str) -> str:
    """Write a key through etcd's own client; what it says."""
    answer = await anyio.run_process(
        [str(need("etcdctl")), f"--endpoints={endpoint}", "put", "key", value],
        env={"ETCDCTL_API": "3"},
        check=False,
    )
    return (answer.stdout + answer.stderr).decode().strip()


async def test_a_cluster_of_three_etcds_does_without_one(start_etcd: Start) -> None:
    etcd = await start_etcd(members=3)
    first, second, _ = etcd.members

    await first.kill()

    async def written() -> bool:
        return await put(second.endpoint, "still") == "OK"

    await wait_for(written, what="etcd with two members")
    await first.start()
    assert await put(first.endpoint, "again") == "OK"


async def test_a_sentinel_names_the_replica_once_redis_is_gone(
    start_redis: Start, start_sentinel: Start
) -> None:
    master = await start_redis(password="secret")
    replica = await start_redis(password="secret", replica_of=master)
    sentinel = await start_sentinel(master)

    async def followed() -> bool:
        roles = await sentinel.command("SENTINEL", "REPLICAS", "master")
        return roles == "*1"

    await wait_for(followed, what="sentinel knowing the replica", deadline=30)
    await master.kill()

    async def leads() -> bool:
        return await replica.command("SET", "key", "value") == "+OK"

    await wait_for(leads, what="the replica leading", deadline=30)


async def test_redis_comes_back_empty_on_the_same_port(start_redis: Start) -> None:
    redis = await start_redis()
    assert await redis.command("SET", "key", "value") == "+OK"

    await redis.restart()

    assert await redis.command("GET", "key") == "$-1"


async def test_redis_is_shared(redis: Redis) -> None:
    assert await redis.command("PING") == "+PONG"


async def test_postgresql_keeps_data_over_a_crash(
    start_postgresql: Start,
) -> None:
    postgresql = await start_postgresql()
    database = await postgresql.new_database()
    await query(database, "CREATE TABLE t (x int); INSERT INTO t VALUES (42)")

    await postgresql.kill()
    await postgresql.start()

    assert await query(database, "SELECT x FROM t") == "42"


async def query(database: str, sql: str) -> str:
    psql = program("psql")
    answer = await anyio.run_process([str(psql), database, "-qAtc", sql])
    return answer.stdout.decode().strip()


async def test_each_test_has_a_database_of_its_own(postgresql: PostgreSQL) -> None:
    first, second = [await postgresql.new_database() for _ in range(2)]
    await query(first, "CREATE TABLE t ()")

    assert await query(second, "SELECT count(*) FROM pg_class WHERE relname='t'") == "0"


async def test_sshd_lets_the_key_in_and_nobody_else(sshd: Sshd, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(sshd.known_hosts)

    async def ssh(*options: str) -> str:
        answer = await anyio.run_process(
            [
                *("ssh", "-F", "none", "-p", str(sshd.port), *options),
                *("-o", f"UserKnownHostsFile={known}", "-o", "BatchMode=yes"),
                *("-o", "IdentitiesOnly=yes", f"{sshd.user}@127.0.0.1", "echo in"),
            ],
            check=False,
        )
        return answer.stdout.decode().strip()

    assert await ssh("-i", str(sshd.user_key)) == "in"
    assert await ssh("-i", str(sshd.host_key)) == ""


async def test_one_prometheus_scrapes_another(start_prometheus: Start) -> None:
    watched = await start_prometheus({})
    scrape = {
        "job_name": "watched",
        "scrape_interval": "100ms",
        "scrape_timeout": "100ms",
        "static_configs": [{"targets": [f"127.0.0.1:{watched.port}"]}],
    }
    prometheus = await start_prometheus({"scrape_configs": [scrape]})

    async def up() -> bool:
        values = [sample["value"][1] for sample in await prometheus.query("up")]
        return values == ["1"]

    await wait_for(up, what="a first scrape")


async def test_nginx_and_traefik_serve_what_they_are_told(
    start_nginx: Start, start_traefik: Start
) -> None:
    nginx = await start_nginx("location / { return 200 'from nginx'; }")
    traefik = await start_traefik({"log": {"level": "DEBUG"}})
    async with httpx.AsyncClient() as client:
        assert (await client.get(nginx.url)).text == "from nginx"
        version = (await client.get(f"{traefik.api_url}/version")).json()["Version"]
        assert version.startswith("3.")
        await traefik.kill()
        with pytest.raises(httpx.TransportError):
            await client.get(traefik.url)


async def test_a_part_that_cannot_start_shows_why(start_nginx: Start) -> None:
    with pytest.raises(ProcessError, match='unknown directive "nonsense"'):
        await start_nginx("nonsense on;")


@one_engine
async def test_docker_runs_a_container(docker: Docker) -> None:
    image = await docker.base_image()

    said = await docker.run("run", "--rm", "--network=none", image, "echo", "hello")

    assert said == "hello\n"
