"""User names that proxies have stumbled over, and what may stand for them in a URL."""

from __future__ import annotations

from urllib.parse import quote

from jupyterhub.utils import url_escape_path

# What it is -> a name of that kind.
AWKWARD = {
    "a space": "alice b",
    "a percent sign": "100%",
    "looks encoded": "a%20b",
    "looks twice encoded": "a%2520b",
    "an address": "alice@example.com",
    "an apostrophe": "o'brien",
    "quotes": 'say "hi"',
    "a backtick": "a`b",
    "a plus": "a+b",
    "parentheses": "(x)",
    "brackets": "[x]",
    "braces": "{x}",
    "angle brackets": "<x>",
    "a template": "{{",
    "a template that runs": '{{ printf "%s" "x" }}',
    "a template that ends": "}}",
    "umlauts": "jürgen",
    "decomposed umlauts": "ju\u0308rgen",
    "another script": "用户",
    "an emoji": "🦊",
    "a semicolon": "a;b",
    "a comma": "a,b",
    "an ampersand": "a&b",
    "or": "a||b",
    "an equals sign": "a=b",
    "a question mark": "who?",
    "a hash": "a#b",
    "a dollar": "$HOME",
    "a backslash": "a\\b",
    "a colon": "a:b",
    "an exclamation mark": "!x",
    "a star": "*",
    "an expression": ".*",
    "another expression": "^(a|b)+$",
    "a tilde": "~x",
    "a dash": "-x",
    "dots": "a.b.c",
    "underscores": "__x__",
    "only digits": "007",
    "capitals": "Alice",
    "a long one": "x" * 200,
}

# Each would widen or break the rule into which it is pasted.
INJECTIONS = {
    "every host": "x`) || HostRegexp(`.*`) || PathPrefix(`y",
    "every path": "x`) || PathPrefix(`/",
    "a priority": "x`)\npriority: 99999\nrule: PathPrefix(`/",
    "a pattern": "x/{rest:.*}",
    "a template": "{{ range (list 1 2 3) }}{{ . }}{{ end }}",
    "an environment": '{{ env "HOME" }}',
}

# A proxy may refuse these, but never misdirect them.
DOUBTFUL = {
    "a slash": "a/b",
    "a new line": "a\nb",
    "a null": "a\0b",
    "a control character": "a\x1bb",
    "one dot": ".",
    "two dots": "..",
    "climbing": "../alice",
    "a very long one": "y" * 3000,
}


def routespec(name: str, server: str = "") -> str:
    """The route that JupyterHub adds for a server of the user `name`."""
    tail = f"{url_escape_path(server)}/" if server else ""
    return f"/user/{url_escape_path(name)}/{tail}"


def spellings(name: str) -> list[str]:
    """Paths by which a browser may mean the user `name`; all say the same."""
    as_the_hub_does = quote(name, safe="@~")
    as_a_browser_does = quote(name, safe="!$&'()*+,;=:@~")
    with_nothing_spared = quote(name, safe="")
    candidates = [as_the_hub_does, as_a_browser_does, with_nothing_spared]
    if name == name.lower():
        candidates.append(as_the_hub_does.lower())
    return [f"/user/{each}/tree" for each in dict.fromkeys(candidates)]
