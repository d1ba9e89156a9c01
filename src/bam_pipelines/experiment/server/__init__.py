"""A small server for one study on one machine: gives out lists, stores each block at once, shows how far people are."""
