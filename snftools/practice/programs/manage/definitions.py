"""The API services of the three components, as 0.14 exports and imports them."""

import json

COMPONENTS = ("astakos", "cyclades", "pithos")
PENDING = {
    "pending_app": {
        "service_type": "account",
        "service_origin": "astakos_account",
        "allow_in_projects": False,
        "name": "astakos.pending_app",
        "desc": "Number of pending project applications",
    }
}
DISKSPACE = {
    "diskspace": {
        "service_type": "object-store",
        "service_origin": "pithos_object-store",
        "name": "pithos.diskspace",
        "unit": "bytes",
        "desc": "Pithos account diskspace",
    }
}
# component: (service, type, prefix, version, resources); a service without resources has None
TABLE = {
    "astakos": (
        ("astakos_weblogin", "astakos_weblogin", "weblogin", "", None),
        ("astakos_account", "account", "account", "v1.0", PENDING),
        ("astakos_identity", "identity", "identity", "v2.0", {}),
    ),
    "cyclades": (
        ("cyclades_compute", "compute", "compute", "v2.0", "compute"),
        ("cyclades_vmapi", "vmapi", "vmapi", "v1.0", {}),
        ("cyclades_admin", "admin", "admin", "", {}),
        ("cyclades_plankton", "image", "image", "v1.0", {}),
    ),
    "pithos": (("pithos_object-store", "object-store", "object-store", "v1", DISKSPACE),),
}
COMPUTE = (
    ("network-private", "cyclades.network.private", None, "Number of private networks"),
    ("disk", "cyclades.disk", "bytes", "Virtual machine disk size"),
    ("ram", "cyclades.ram", "bytes", "Virtual machine memory size"),
    ("cpu", "cyclades.cpu", None, "Number of virtual machine processors"),
    ("vm", "cyclades.vm", None, "Number of virtual machines"),
)


def of_node(component, base_url):
    """Return what `snf-manage service-export-<component>` prints, as a dict."""
    return {row[0]: _service(component, base_url, *row) for row in TABLE[component]}


def of_script(component, base_url):
    """Return what snf-service-export prints: before 0.14.6 it differs for cyclades (SOURCE 3.2)."""
    services = of_node(component, base_url)
    if component == "cyclades":
        del services["cyclades_admin"]
        services["cyclades_vmapi"]["type"] = "cyclades_vmapi"
    return services


def export_text(services):
    """Return exported services as the text that the programs print."""
    return json.dumps(services, indent=4)


def _service(component, base_url, name, kind, prefix, version, resources):
    parts = [base_url.rstrip("/"), prefix] + ([version] if version else [])
    service = {
        "component": component,
        "prefix": prefix,
        "endpoints": [{"versionId": version, "publicURL": "/".join(parts) + "/"}],
        "type": kind,
        "public": True,
    }
    if resources is not None:
        service["resources"] = _compute() if resources == "compute" else dict(resources)
    return service


def _compute():
    resources = {}
    for key, name, unit, text in COMPUTE:
        resource = {"service_type": "compute", "service_origin": "cyclades_compute", "name": name}
        if unit:
            resource["unit"] = unit
        resource["desc"] = text
        resources[key] = resource
    return resources
