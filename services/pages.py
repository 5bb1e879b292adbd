"""The pages' environment: our templates on top of the Hub's own.

A page of ours extends the Hub's `page.html`, so it follows the Hub's look, its
dark mode, and what an operator changed through `template_paths`. The Hub's
`page.html` carries an inline script; a strict Content-Security-Policy lets it
run only with a nonce, which is put in where the template's source is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, PrefixLoader
from jupyterhub._data import DATA_FILES_PATH

TEMPLATES = Path(__file__).resolve().parent.parent / "templates"
STATIC = Path(__file__).resolve().parent.parent / "static"
HUB_TEMPLATES = Path(DATA_FILES_PATH) / "templates"

INLINE_SCRIPT = re.compile(r"<script\b(?![^>]*\b(?:src|nonce)=)", re.IGNORECASE)


def add_nonce(source: str) -> str:
    """Give every inline script of a template the nonce of the page it lands in."""
    return INLINE_SCRIPT.sub('<script nonce="{{ csp_nonce }}"', source)


class NonceLoader(FileSystemLoader):
    """Loads templates of the Hub or its operator, whose inline scripts may run."""

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        source, filename, uptodate = super().get_source(environment, template)
        return add_nonce(source), filename, uptodate


def page_environment(
    template_paths: Sequence[str] = (), own: Sequence[Path] = ()
) -> Environment:
    """Look a template up with the operator first, then us, then the Hub.

    `own` are further folders of ours: a service that brings its own templates.
    """
    hub = NonceLoader(HUB_TEMPLATES)
    return Environment(
        loader=ChoiceLoader(
            [
                PrefixLoader({"templates": hub}),
                NonceLoader(list(template_paths)),
                FileSystemLoader([*own, TEMPLATES]),
                hub,
            ]
        ),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def content_security_policy(nonce: str, hub_origin: str = "") -> str:
    """No inline script but those with the nonce, nothing from elsewhere.

    `hub_origin` is where the Hub's own style and scripts come from when services
    live on a domain of their own.
    """
    origins = f"'self' {hub_origin}".strip()
    return "; ".join(
        [
            "default-src 'none'",
            f"script-src {origins} 'nonce-{nonce}'",
            f"style-src {origins}",
            f"img-src {origins} data:",
            f"font-src {origins} data:",
            "connect-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ]
    )
