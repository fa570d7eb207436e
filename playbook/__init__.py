"""Ansible's playbook of the upgrade, made from what `snf-upgrade plan --json` answers."""
