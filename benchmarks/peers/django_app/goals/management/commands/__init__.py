"""What can be told to manage.py, one a file."""
