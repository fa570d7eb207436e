"""ConfigObj files with their specs: site.conf and the parts of a release are read by this alone.

ConfigObj's traps are closed here: no interpolation, UTF-8 only, and an unknown key is an
error (a spec alone accepts a misspelt one).
"""

from __future__ import annotations

import io
from typing import Any, Dict, List

from snftools.errors import Invalid


def read(text: bytes, spec: str, path: str) -> Dict[str, Any]:
    """The validated content as nested dictionaries; Invalid (78) names path, line and key."""
    from configobj import ConfigObj, ConfigObjError, flatten_errors, get_extra_values
    from validate import Validator

    schema = ConfigObj(spec.splitlines(), list_values=False, interpolation=False,
                       _inspec=True)
    try:
        config = ConfigObj(io.BytesIO(text), configspec=schema, interpolation=False,
                           encoding="utf-8", raise_errors=True)
    except UnicodeDecodeError as error:
        raise Invalid("%s: not UTF-8 at byte %d" % (path, error.start))
    except ConfigObjError as error:
        raise Invalid("%s: %s" % (path, error))
    problems = _problems(config, config.validate(Validator(), preserve_errors=True),
                         flatten_errors)
    problems += ["unknown %s %s" % ("section" if section else "key", name) for section, name in
                 [(_is_section(config, extra), ".".join([*extra[0], extra[1]]))
                  for extra in get_extra_values(config)]]
    if problems:
        raise Invalid("%s: %s" % (path, "; ".join(problems)))
    return dict(config.dict())


def _problems(config: Any, outcome: Any, flatten: Any) -> List[str]:
    """What the spec did not like, in words."""
    found: List[str] = []
    if outcome is True:
        return found
    for sections, key, error in flatten(config, outcome):
        name = ".".join([*sections, key] if key else sections)
        if error is False:
            found.append("%s is missing" % name)
        else:
            found.append("%s: %s" % (name, error))
    return found


def _is_section(config: Any, extra: Any) -> bool:
    """Whether an unknown name is a section."""
    place = config
    for name in extra[0]:
        place = place[name]
    return isinstance(place[extra[1]], dict)
