"""Synnefo's settings files: read, evaluated and edited without executing them."""
