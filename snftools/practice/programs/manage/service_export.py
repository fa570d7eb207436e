"""service-export-astakos, -cyclades, -pithos: from the node's settings, without a database."""

from . import defaults, definitions, options

SETTING = {
    "astakos": "ASTAKOS_BASE_URL",
    "cyclades": "CYCLADES_BASE_URL",
    "pithos": "PITHOS_BASE_URL",
}


def exporter(component):
    """Return the command that prints a component's services; a base URL not set is the default."""

    def export(context, words):
        options.parser("service-export-" + component).parse_args(words)
        base_url = defaults.effective(context, component, SETTING[component])
        print(definitions.export_text(definitions.of_node(component, base_url)))

    return export


COMMANDS = {"service-export-" + name: exporter(name) for name in definitions.COMPONENTS}
