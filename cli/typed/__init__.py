"""The functions that the command line is made of, by topic. They say what can be given, and hand it on."""
