"""Pure methods: tidy frames in, tidy frames out; one folder a chapter."""
