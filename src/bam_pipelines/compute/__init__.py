"""Where and how numbers are computed and kept: seeds, device, precision, shards, checked settings, durable writes."""
