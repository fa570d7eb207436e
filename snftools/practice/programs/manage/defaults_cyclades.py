"""The defaults that cyclades and the tools on Ganeti nodes put among the settings (SOURCE 1.2-1.6).

A *.conf file may refer to any of them; those that 0.14 dropped make such a file fail.
"""

IMAGE_OS = "snf-image+default"


def of_release(new):
    """Return the defaults of snf-cyclades-app 0.14 (`new`) or 0.13."""
    settings = dict(_common())
    settings.update(_added() if new else _dropped())
    hvparams = {"serial_console": False}
    if new:
        hvparams = {"kvm": dict(hvparams), "xen-pvm": {}, "xen-hvm": {}}
    settings["GANETI_CREATEINSTANCE_KWARGS"] = {
        "os": IMAGE_OS,
        "hvparams": hvparams,
        "wait_for_sync": False,
    }
    return settings


def of_ganeti():
    """Return the defaults of snf-cyclades-gtools, the same in both releases."""
    return {
        "AMQP_HOSTS": ["amqp://guest:guest@localhost:5672"],
        "BACKEND_PREFIX_ID": "snf-",
        "EXCHANGE_GANETI": "ganeti",
    }


def _added():
    return {
        "ASTAKOS_BASE_URL": "https://accounts.example.synnefo.org/",
        "CYCLADES_BASE_URL": "https://compute.example.synnefo.org/compute/",
        "CYCLADES_SERVICE_TOKEN": "",
        "CYCLADES_ASTAKOSCLIENT_POOLSIZE": 50,
        "CYCLADES_CUSTOMIZE_SERVICES": (),
        "CYCLADES_CUSTOMIZE_ASTAKOS_SERVICES": (),
    }


def _dropped():
    install_url = "https://host:port"
    return {
        "APP_INSTALL_URL": install_url,
        "API_ROOT_URL": install_url + "/api",
        "ASTAKOS_URL": "https://astakos.okeanos.grnet.gr/im/authenticate",
        "CYCLADES_ASTAKOS_SERVICE_TOKEN": "",
        "CYCLADES_USER_CATALOG_URL": "https://astakos.okeanos.grnet.gr/user_catalogs",
        "CYCLADES_USER_FEEDBACK_URL": "https://astakos.okeanos.grnet.gr/feedback",
        "CYCLADES_USE_QUOTAHOLDER": False,
        "CYCLADES_QUOTAHOLDER_URL": "http://127.0.0.1:8008/api/quotaholder/v",
        "CYCLADES_QUOTAHOLDER_TOKEN": "",
        "CYCLADES_QUOTAHOLDER_POOLSIZE": 200,
        "MAX_VMS_PER_USER": 3,
        "VMS_USER_QUOTA": {},
        "MAX_NETWORKS_PER_USER": 5,
        "NETWORKS_USER_QUOTA": {},
        "GANETI_DISK_TEMPLATES": ("blockdev", "diskless", "drbd", "file", "plain", "rbd"),
        "DEFAULT_GANETI_DISK_TEMPLATE": "drbd",
        "TRANSLATE_UUIDS": False,
        "VMAPI_BASE_URL": "https://host:port",
        "COMPUTE_API_URL": "/api/v1.1",
        "UI_GLANCE_API_URL": "/plankton",
        "UI_LOGIN_URL": "/im/login",
        "UI_LOGOUT_URL": "/im/logout",
        "FEEDBACK_CONTACTS": (),
        "FEEDBACK_EMAIL_FROM": "~okeanos <no-reply@grnet.gr>",
        "CLOUDBAR_ACTIVE_SERVICE": "cloud",
        "APPEND_SLASH": False,
    }


def _common():
    settings = {
        "CYCLADES_PROXY_USER_SERVICES": True,
        "SECRET_ENCRYPTION_KEY": "Password Encryption Key",
        "BACKEND_DB_CONNECTION": "sqlite:////usr/share/synnefo/pithos/backend.db",
        "BACKEND_BLOCK_PATH": "/usr/share/synnefo/pithos/data/",
        "BACKEND_PREFIX_ID": "snf-",
        "BACKEND_PER_USER": {},
        "BACKEND_REFRESH_MIN": 15,
        "BACKEND_ALLOCATOR_MODULE": "synnefo.logic.allocators.default_allocator",
        "ARCHIPELAGO_BACKENDS": [],
        "AMQP_HOSTS": ["amqp://username:password@host:port"],
        "AMQP_BACKEND": "puka",
        "EXCHANGE_GANETI": "ganeti",
        "POLL_LIMIT": 3600,
        "MAX_CIDR_BLOCK": 22,
        "DEFAULT_MAC_PREFIX": "aa:00:0",
        "DEFAULT_MAC_FILTERED_BRIDGE": "br0",
        "DEFAULT_BRIDGE": "br0",
        "PUBLIC_USE_POOL": True,
        "API_ENABLED_NETWORK_FLAVORS": ["MAC_FILTERED"],
        "DEFAULT_ROUTING_TABLE": "snf_public",
        "DEFAULT_FIREWALL_PROFILE": "DISABLED",
        "GANETI_USE_HOTPLUG": False,
        "MAX_PERSONALITY": 5,
        "MAX_PERSONALITY_SIZE": 10240,
        "STATS_REFRESH_PERIOD": 60,
        "HELPDESK_ENABLED": True,
        "HELPDESK_PERMITTED_GROUPS": ["helpdesk"],
        "DEFAULT_PLANKTON_CONTAINER": "images",
        "SYSTEM_IMAGES_OWNER": "okeanos",
    }
    settings.update(_interface())
    return settings


def _interface():
    cookie = "_pithos2_a"
    return {
        "CLOUDBAR_ACTIVE": True,
        "CLOUDBAR_LOCATION": "https://accounts.okeanos.grnet.gr/static/im/cloudbar/",
        "CLOUDBAR_COOKIE_NAME": cookie,
        "CLOUDBAR_SERVICES_URL": "https://accounts.okeanos.grnet.gr/im/get_services",
        "CLOUDBAR_MENU_URL": "https://accounts.okeanos.grnet.gr/im/get_menu",
        "UI_AUTH_COOKIE_NAME": cookie,
        "HELPDESK_AUTH_COOKIE_NAME": cookie,
        "UI_MEDIA_URL": "/static/ui/static/snf/",
        "UI_UPDATE_INTERVAL": 5000,
        "UI_QUOTAS_UPDATE_INTERVAL": 10000,
        "UI_SYSTEM_IMAGES_OWNERS": {},
        "UI_ENABLE_GLANCE": True,
        "TIMEOUT": 10000,
        "USERDATA_MAX_SSH_KEYS_PER_USER": 10,
        "USERDATA_SSH_KEY_LENGTH": 2048,
        "USERDATA_SSH_KEY_EXPONENT": 65537,
        "VMAPI_CACHE_BACKEND": "",
        "VMAPI_CACHE_KEY_PREFIX": "vmapi",
        "VMAPI_RESET_PARAMS": True,
    }
