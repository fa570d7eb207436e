"""What a run was, for those who read it later: gathered once, told as text, JSON or a page."""
