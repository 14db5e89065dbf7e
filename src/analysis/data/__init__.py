"""In: the store, the as-of view, the engine's aggregates, adapters, the simulator."""
