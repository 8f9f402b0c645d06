"""The settings, the URLs and the way in for gunicorn."""
