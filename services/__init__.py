"""What runs beside the Hub, each service one small class over one base.

Read on in this order:

service       a service: what a subclass gives, and its life from start to end
settings      what it can be told, and where the values come from
listener      where it listens: TCP or a unix socket, plain or TLS
application   what happens to every request: limit, log, count
handlers      what all pages and endpoints share: who asks, and may they
login         logging in through the Hub, also where replicas share the work
bodies        request bodies: JSON that fits its schema, or an error that says where
pages         our templates on top of the Hub's own, under a strict policy
hub           the Hub's REST API, as a client
database      for services that keep records: SQLite or PostgreSQL, migrations
metrics       what every service counts
registration  what a service needs from the Hub
errors        everything that can go wrong, as one tree
"""
