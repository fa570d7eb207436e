"""What Astakos knows of the site: components, API services, endpoints, resources, quota."""
