"""Training with everything on the device: rows, augmentation and network, so that a graphics card waits for no processor."""
