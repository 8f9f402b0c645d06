"""What can be told to manage.py."""
