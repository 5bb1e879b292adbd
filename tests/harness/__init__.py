"""Real parts for tests: started in an instant, ended whatever happens.

Read on in this order:

guardian    holds one child process, and ends all that came of it when tests end
processes   a child process with a log, and waiting for what it does
ports       free ports
parts       which real components tests need, and who installs them
etcd, redis, postgresql, traefik, sshd, prometheus, nginx, docker
            one real component each: start, kill, stop, restart
proxy       the smallest proxy that a real Hub can run behind, over Traefik
hub         a real JupyterHub on free ports, as an administrator or a user sees it
browser     pages in headless Chromium, and what went wrong on them
fixtures    all of these, as fixtures
"""
