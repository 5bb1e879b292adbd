"""What JupyterHub may expect of any proxy, as tests that anybody can run:

    pytest --pyargs jupyterhub_suite.proxy.testing \\
        --proxy-class=my.Proxy --proxy-config=conf.py

The class is given as in `c.JupyterHub.proxy_class`: an import path (also of a
module in the current folder) or the name of an entry point. The configuration is
an ordinary `jupyterhub_config.py`; its section `c.Conformance` says how the class
is known to differ, and why. Every test holds one promise. A proxy is started by a
real JupyterHub application, and real HTTP and WebSocket traffic goes through it to
servers that say who they are.

Read on in this order:

plugin      the two options; all that other pytest runs ever load of this
settings    what the configuration may say to the suite: `c.Conformance`
servers     the servers behind the proxy
browser     the one in front of it
hub         a JupyterHub whose proxy is under test
names       user names that proxies have stumbled over
conftest    who is who in the tests
test_*      the promises
"""
