"""The proxies: how a request reaches the Hub or a user's server."""
