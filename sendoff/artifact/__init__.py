"""Content-addressed artifacts: the manifest, reading a built tree, packing it."""
