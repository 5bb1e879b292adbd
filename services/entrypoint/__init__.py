"""Users choose the environment that their server starts in.

Read on in this order:

systems     a site's systems
types       what an entrypoint can be, and what each becomes
launch      what starts a server, as settings of each kind of spawner (pure)
validators  does it work? Locally, over ssh, or by a site's own class
model       the records        store       the queries
policy      who may do what (pure)
checking    when checks run, and what is remembered of them
registry    what can be done with entrypoints: the rules on top of the store
handlers    endpoints for users and admins
hub_api     endpoints for the Hub, on the way to a server's start
pages       pages for people
app         settings, routes, background work
"""
