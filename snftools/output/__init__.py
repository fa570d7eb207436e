"""How a report reaches people and programs: text, JSON, progress, secrets masked."""
