"""Backup sets: taken, listed, proven, pruned, put back, demanded as the way back."""
