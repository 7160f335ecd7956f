"""routing: which order buys the lead, at which price, and who follows it up."""
