"""What made the difference between two ends: events by their factors, and scores with only some of them."""
