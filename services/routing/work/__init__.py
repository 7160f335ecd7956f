"""Work for sales: the queue of calls to be made, who makes them, and what became of them."""
