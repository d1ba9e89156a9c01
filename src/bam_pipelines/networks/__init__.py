"""Every torch module, how it is trained, and how it is kept."""
