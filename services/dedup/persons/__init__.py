"""Whether two persons who are not told alike are one: candidates, comparison, score."""
