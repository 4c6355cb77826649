"""What stands behind the routes of plans: reading what is asked for, bounds, and drafting in turn."""
