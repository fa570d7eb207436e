"""The site's databases: which there are, how to reach them, what is in them."""
