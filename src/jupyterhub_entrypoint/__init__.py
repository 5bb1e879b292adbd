"""The name under which sites know the entrypoint service.

`python -m jupyterhub_entrypoint` runs it, and `jupyterhub_entrypoint.api` has what
site's own validators and handlers build on. New code imports from
jupyterhub_suite.services.entrypoint.
"""
