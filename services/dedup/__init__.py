"""dedup: was this person bought before?"""
