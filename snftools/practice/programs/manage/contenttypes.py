"""What Django does for new tables: content types, permissions, and the stale question."""

QUESTION = """The following content types are stale and need to be deleted:

%s

Any objects related to these content types by a foreign key will also
be deleted. Are you sure you want to delete these content types?
If you're unsure, answer 'no'.

    Type 'yes' to continue, or 'no' to cancel: """

# The models of 0.14 in the order in which their content types are made.
MODELS = {
    "im": (
        "component service endpoint endpointdata resource astakosuser"
        " astakosuserauthprovider astakosuserquota approvalterms invitation emailchange"
        " additionalmail pendingthirdpartyuser sessioncatalog usersetting chain"
        " projectapplication projectresourcegrant project projectmembership serial"
        " projectmembershiphistory authproviderpolicyprofile"
    ).split(),
    "quotaholder_app": ["holding", "commission", "provision", "provisionlog"],
    "db": (
        "flavor backend quotaholderserial virtualmachine virtualmachinemetadata network"
        " backendnetwork networkinterface bridgepooltable macprefixpooltable ippooltable"
        " virtualmachinediagnostic"
    ).split(),
    "userdata": ["publickeypair"],
}
# Names that differ from the model's own.
NAMES = {
    "endpointdata": "endpoint data",
    "authproviderpolicyprofile": "auth provider policy profile",
    "provisionlog": "provision log",
}


def update(connection, app, interactive):
    """Make the missing content types of `app`, ask for the stale ones, make permissions.

    The question comes between the two: who ends it (EOFError, KeyboardInterrupt) has the
    content types but never their permissions (OBSERVED B.1).
    """
    made = _make_types(connection, app)
    connection.commit()
    stale = _stale(connection, app)
    if stale and interactive and _confirmed(app, stale):
        _delete(connection, [number for number, _model in stale])
    _make_permissions(connection, made)
    connection.commit()


def _make_types(connection, app):
    cursor = connection.cursor()
    made = []
    for model in MODELS.get(app, ()):
        cursor.execute(
            "INSERT INTO django_content_type (name, app_label, model) SELECT %s, %s, %s"
            " WHERE NOT EXISTS (SELECT 1 FROM django_content_type"
            " WHERE app_label = %s AND model = %s) RETURNING id",
            (NAMES.get(model, model), app, model, app, model),
        )
        made += [(number, NAMES.get(model, model), model) for (number,) in cursor.fetchall()]
    return made


def _stale(connection, app):
    cursor = connection.cursor()
    cursor.execute(
        "SELECT id, model FROM django_content_type WHERE app_label = %s"
        " AND NOT model = ANY (%s) ORDER BY id",
        (app, list(MODELS.get(app, ()))),
    )
    return cursor.fetchall()


def _confirmed(app, stale):
    listed = "\n".join("    %s | %s" % (app, model) for _number, model in stale)
    return input(QUESTION % listed) == "yes"


def _delete(connection, numbers):
    cursor = connection.cursor()
    if _has_permissions(cursor):
        cursor.execute("DELETE FROM auth_permission WHERE content_type_id = ANY (%s)", (numbers,))
    cursor.execute("DELETE FROM django_content_type WHERE id = ANY (%s)", (numbers,))


def _make_permissions(connection, made):
    cursor = connection.cursor()
    if not _has_permissions(cursor):
        return
    for number, name, model in made:
        for verb in ("add", "change", "delete"):
            cursor.execute(
                "INSERT INTO auth_permission (name, content_type_id, codename)"
                " VALUES (%s, %s, %s)",
                ("Can %s %s" % (verb, name), number, "%s_%s" % (verb, model)),
            )


def _has_permissions(cursor):
    cursor.execute("SELECT to_regclass('auth_permission') IS NOT NULL")
    return cursor.fetchone()[0]
