"""The face detector: how it is built, taught, measured and exported."""
