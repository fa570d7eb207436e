"""The stand-in of Synnefo's Django project, shared by its programs on a practice node."""
