"""What runs beside the Hub, each service one small class over one base.

Read on in this order:

service     a service: settings, life, where it listens
handlers    what all pages and endpoints share: who asks, and may they
hub         the Hub's REST API, as a client
errors      everything that can go wrong, as one tree
"""
