"""What users notice when parts of a large site die: nothing.

Everything is a real process: the Hub, two Traefik replicas, etcd or Redis. A TCP
balancer of our own stands before the replicas, because it has to tell which
connections a dying replica takes with it. Read on in this order:

spawner     a server that is there at once, so that routes change fast
balancer    which connection goes to which replica
load        users who keep working, and what they notice
changes     users who come and go
site        all of it together, and the question whether every route is right
"""
