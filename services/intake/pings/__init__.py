"""Ping-post: bids on leads that are not told yet, and the posts that take them up."""
