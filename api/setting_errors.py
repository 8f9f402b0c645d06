"""What every reading of settings raises."""


class SettingsError(Exception):
    """A setting that cannot be; the text is a sentence for the operator."""
