"""The upgrade made on a copy of the site's own data and settings, before the window."""
