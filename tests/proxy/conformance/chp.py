"""How JupyterHub's own proxy, the control, is run and where it differs.

It is the configuration that `--proxy-config` gets; docs/conformance.md says the
same as its list of known differences, in prose.
"""

# mypy: ignore-errors
from __future__ import annotations

import os
import shutil
from pathlib import Path

from jupyterhub_suite.ports import free_port

c = get_config()  # noqa: F821

INSTALLED = Path(__file__).parents[3] / ".cache/chp/node_modules/.bin"

c.JupyterHub.proxy_class = "configurable-http-proxy"
c.ConfigurableHTTPProxy.api_url = f"http://127.0.0.1:{free_port()}"
c.ConfigurableHTTPProxy.log_level = "warn"
c.ConfigurableHTTPProxy.command = shutil.which(
    "configurable-http-proxy", path=f"{INSTALLED}:{os.environ['PATH']}"
) or ["configurable-http-proxy"]

c.Conformance.known_differences = {
    "test_a_bad_target_*": "it takes any text for a target; requests then fail",
    "test_a_bad_routespec_is_refused[a query]": "what follows ? is dropped unnoticed",
    "test_a_bad_routespec_is_refused[a fragment]": "what follows # is dropped unnoticed",
    "test_an_unencoded_routespec_harms_nobody[two lines]": (
        "a line break in a routespec is dropped unnoticed: the route is another's"
    ),
    "test_the_case_of_a_host_makes_no_difference": "hosts are compared letter by letter",
    "test_a_route_is_listed_under_the_name_it_was_added_by[every path]": (
        "an encoded slash comes back as a slash"
    ),
    "test_a_route_is_listed_under_the_name_it_was_added_by[a priority]": (
        "an encoded slash comes back as a slash"
    ),
    "test_a_route_is_listed_under_the_name_it_was_added_by[a pattern]": (
        "an encoded slash comes back as a slash"
    ),
    "test_a_path_that_merely_resembles_the_prefix_does_not[/user/alice%2Flab]": (
        "an encoded slash is a slash"
    ),
    "test_a_name_that_cannot_be_served_is_refused_and_harms_nobody[two dots]": (
        "the name '..' takes every request to the Hub"
    ),
    "test_encoded_characters_arrive_as_they_were_sent[no character at all]": (
        "a path that is not UTF-8 is answered with an error"
    ),
    "test_the_callers_data_is_left_alone": (
        "add_route writes the target into the caller's data"
    ),
}
