"""Stops what is idle, fairly and visibly: a drop-in for jupyterhub-idle-culler.

Read on in this order:

server      servers and people, as the Hub tells of them
rules       which timeouts apply to whom: the site's rules, first match wins
policy      what is to be done with a server, when and why (pure)
brakes      whether a sweep looks sane enough to be carried out (pure)
leases      how long somebody may keep a server (pure)
survey      look at the whole Hub once, and decide on everything in it
sweep       carry it out: check again, stop, verify, record
busy        asks servers what they are busy with
notices     tells people that their server will stop
retention   what happens to the data of removed users
scopes      what the service must be allowed to do, by its settings
model       the tables; store: the queries on them
handlers    the pages; api: the endpoints; schemas: what they take and give
app         settings, routes, life
"""
