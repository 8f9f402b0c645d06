"""Redacting a free text of an event: the text and its salt go, the commitment in the event stays."""
