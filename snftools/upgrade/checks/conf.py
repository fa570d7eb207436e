"""site.conf says all that the steps will ask for."""

from __future__ import annotations

from typing import Any, List
from urllib.parse import urlsplit

from snftools.report import Finding
from snftools.site import COMPONENTS
from snftools.upgrade.checks import SITE, Check, Look


def base_urls(look: Look, node: Any) -> List[Finding]:
    """Each component that a node serves has its base URL."""
    site = look.up.site
    served = {role for entry in site.nodes for role in entry.roles}
    return [Finding("base-url", "error", "the base URL of %s is not in site.conf" % name,
                    where=site.path, code=3, remedy="[components] [[%s]] base_url = "
                    "https://HOST/%s" % (name, name))
            for name in COMPONENTS if name in served
            and not (name in site.components and site.components[name].base_url)]


def email(look: Look, node: Any) -> List[Finding]:
    """Without [email] feedback and project mail get lost silently (SOURCE 2)."""
    site = look.up.site
    if site.email:
        return []
    return [Finding("email", "warning", "site.conf has no [email]: the email settings of the "
                    "new release stay as they are", where=site.path,
                    why="helpdesk and managers get what contact and admins got before",
                    remedy="[email] contact, helpdesk, managers, admins in site.conf")]


def limit(look: Look, node: Any) -> List[Finding]:
    """The limit on pending applications must be decided by somebody."""
    site = look.up.site
    if site.pending_app_limit is not None:
        return []
    return [Finding("pending-app-limit", "error", "site.conf does not say how many project "
                    "applications of a user may be pending", where=site.path, code=3,
                    why="the new release begins with 0: nobody could apply",
                    remedy="pending_app_limit = 2 in site.conf")]


def clashes(look: Look, node: Any) -> List[Finding]:
    """Two components of one host need paths of their own: else one hides the other."""
    known = [one for one in look.up.site.components.values() if one.base_url]
    found = []
    for number, one in enumerate(known):
        for other in known[number + 1:]:
            first, second = urlsplit(one.base_url), urlsplit(other.base_url)
            if first.netloc != second.netloc:
                continue
            paths = sorted(part.path.strip("/") for part in (first, second))
            if paths[0] == paths[1] or not paths[0]:
                found.append(Finding(
                    "url-clash", "error", "%s and %s share %s" % (
                        one.name, other.name, one.base_url if paths[0] == paths[1] else
                        "a host, and one of them has no path"), where=look.up.site.path, code=3,
                    why="addresses of one would lead to the other",
                    remedy="base_url = %s://%s/%s" % (second.scheme, second.netloc, other.name)))
    return found


CHECKS = [Check("base-url", "settings", SITE, base_urls),
          Check("url-clash", "settings", SITE, clashes),
          Check("email", "settings", SITE, email),
          Check("pending-app-limit", "quota", SITE, limit)]
