"""The proxies: how a request reaches the Hub or a user's server.

Read on in this order:

routes       a route: what JupyterHub says, what Traefik is told
sharding     many routes -> a shallow tree of routers
entries      the pieces that a configuration consists of
table        the routes that the Hub wants, as entries
traefik      the rest of Traefik's configuration
stores/      where Traefik reads it from
writer       many changes -> one write -> one confirmation
generation   the number by which a write is recognised
api          what Traefik has loaded
supervisor   a Traefik that is kept running
activity     when each server was last used
patrol       whether everything is still as it was left
session      all of these, put together
proxy        JupyterHub's Proxy interface on top
classes      one short class for each kind of store
"""

from __future__ import annotations
