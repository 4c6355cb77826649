"""What stands on each page, rendered as text; the server adds status, headers and routes."""
